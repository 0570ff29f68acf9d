"""Studies for tests: clips of people under conditions, judged by a stand-in, so that a page has something to show."""

from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from emo_core.studies import works
from emo_core.studies.clips import find_clips
from emo_core.studies.judged import Judged, rows_of, tables_of
from emo_core.studies.run import run_study
from tests.factories import make_analysis

PEOPLE, CONDITIONS = ("anna", "ben", "cleo"), ("calm", "loud")
ROWS = [(f"{person}_{condition}.mp4", person, condition) for person in PEOPLE for condition in CONDITIONS]
BROKEN = "broken.mp4"


def judged_study(folder, bundle, contents: Mapping[str, bytes] | None = None) -> Path:
    """A study of three people under two conditions, and a clip that failed.

    Args:
        folder: of the study; made.
        bundle: that is said to have judged.
        contents: of the clips by name; without it they are no videos and have no picture.
    """
    clips = folder / "clips"
    clips.mkdir(parents=True)
    lines = ["path,participant,condition", f"{BROKEN},anna,calm"]
    (clips / BROKEN).write_text("broken")
    for name, participant, condition in ROWS:
        (clips / name).write_bytes(contents[name] if contents else name.encode())
        lines.append(f"{name},{participant},{condition}")
    (clips / "manifest.csv").write_text("\n".join(lines))
    answers = {"calm": make_analysis(60, "sadness_fear"), "loud": make_analysis(40)}

    def judge(work, path, bundle):
        del path, bundle
        if work.name == BROKEN:
            return Judged(work.name, error=f"“{BROKEN}” is not a video.")
        found = answers[Path(work.name).stem.partition("_")[2]]
        return Judged(work.name, rows_of(found, 10.0), tables=tables_of(found))

    with patch.object(works, "judge_clip", judge):
        run_study(find_clips([clips]), bundle, folder / "results", None, command="x", tell=lambda pace: None)
    return folder
