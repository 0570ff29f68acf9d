"""A real cluster: a scheduler and two workers with folders of their own, one of them killed; and one process alone."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pandas
import pytest

from emo_core import load_study
from emo_core.cli.main import main
from emo_core.errors import StudyError
from emo_core.studies import engine
from emo_core.studies.many import analyze_many
from tests.conftest import MODEL

ROOT = Path(__file__).resolve().parents[3]
PERSON = ROOT / "assets" / "demo" / "clips" / "person_01"


@contextmanager
def process(folder, *words):
    """A program of Dask in a folder of its own; yields it."""
    folder.mkdir()
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "dask", *words]
    started = subprocess.Popen(
        command, cwd=folder, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        started.terminate()
        started.communicate(timeout=60)


def read_on(stream):
    """What a process says is read to its end, so that it never waits for a reader."""
    threading.Thread(target=stream.read, daemon=True).start()


@contextmanager
def cluster(folder):
    """Address of a scheduler, its process number, and those of its two workers."""
    with process(folder / "scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as first:
        address = next(found[0] for line in first.stderr if (found := re.search(r"tcp://127[\d.:]+", line)))
        read_on(first.stderr)
        words = ("worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        with process(folder / "one", *words, "--no-nanny") as one, process(folder / "two", *words, "--no-nanny") as two:
            read_on(one.stderr)
            read_on(two.stderr)
            yield address, first.pid, (one.pid, two.pid)


def rows(results):
    """What was found in each clip, by name, without how long it took."""
    return {
        result.clip.name: [
            result.error, *(table.to_json() for table in (result.people(), result.frames(), result.segments()))
        ]
        for result in results
    }  # fmt: skip


def test_what_a_lost_worker_had_is_done_again_and_what_none_sees_is_sent(tmp_path, hybrid, laughter):
    clips = sorted(PERSON.glob("*.mp4"))[:3]
    (tmp_path / "broken.mp4").write_text("no video")
    own = os.open(laughter, os.O_RDONLY)  # a path that means nothing to another process
    places = [*clips, tmp_path / "broken.mp4", Path(f"/proc/self/fd/{own}")]
    alone = rows(analyze_many(places, hybrid))
    with cluster(tmp_path) as (address, scheduler, workers), engine.scheduler(address) as client:
        found = []
        for result in analyze_many(places, hybrid, client):
            if not found:
                os.kill(workers[0], signal.SIGKILL)
            found.append(result)
        assert len(client.nthreads()) == 1
        more = analyze_many(clips, hybrid, client)
        next(more)
        os.kill(scheduler, signal.SIGKILL)
        with pytest.raises(StudyError, match="The scheduler was lost: what was done is kept"):
            list(more)
        sent = [path for folder in ("one", "two") for path in (tmp_path / folder).rglob("clips/*")]
    os.close(own)
    assert rows(found) == alone
    assert sum(bool(result.error) for result in found) == 1
    assert sent == [], "what was sent is gone when it is judged"


def test_the_command_line_with_processes_of_its_own(tmp_path, capsys):
    place = tmp_path / "clips"
    place.mkdir()
    for clip in sorted(PERSON.glob("*.mp4"))[:2]:
        shutil.copy(clip, place)
    (place / "manifest.csv").write_text(
        "path,participant,condition,start_s,end_s\n"
        + "".join(f"{clip.name},anna,calm,0.5,2.5\n" for clip in sorted(place.glob("*.mp4")))
    )
    words = ["analyze", str(place), "--out", str(tmp_path / "out"), "--workers", "1", "--model", str(MODEL)]
    assert main(words) == 0
    assert capsys.readouterr().out == f"2 of 2 clips, 0 failed; tables in {tmp_path / 'out'}\n"
    study = load_study(tmp_path / "out")
    assert study.record.command == f"python -m emo_core analyze {place} --model {MODEL} --out {tmp_path / 'out'}"
    rows = study.clips()
    assert rows["participant"].tolist() == ["anna", "anna"]
    assert rows["duration_s"].between(1.9, 2.1).all(), "the part, not the file"
    frames = study.frames()
    assert frames["time_s"].between(0.5, 2.5).all()
    assert isinstance(frames, pandas.DataFrame)


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(engine, "_CONNECT_S", 1)
    with (
        pytest.raises(StudyError, match=r"No scheduler answers at tcp://127\.0\.0\.1:9"),
        engine.scheduler("tcp://127.0.0.1:9"),
    ):
        pass
