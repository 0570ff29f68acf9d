"""What the checks of a data set find: each planted fault, with the clips it is about, and nothing else."""

import json
import shutil

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.datasets.checks import ClassSize, check_dataset
from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import SeenClip
from emo_core.errors import NoFaceError, VideoError
from tests.evaluations import DEMO
from tests.media import cut_without_index, grey_video


class Eyes:
    """In the place of the reader of clips: a clip shows what its file says; equal digits are equal frames."""

    def read(self, path):
        words = path.read_text().split()
        if words[0] == "broken":
            raise VideoError(f"“{path.name}” cannot be read.")
        if words[0] == "empty":
            raise NoFaceError(f"No face was found in {path.name}.")
        prints = np.random.default_rng(int(words[0])).integers(0, 1 << 63, (9, 4)).astype(np.uint64)
        nothing = np.zeros((9, 8), np.float32)
        return SeenClip(np.zeros((9, 3), np.float32), np.ones(9, np.float32), prints, np.arange(9) / 10, nothing)


def good_set(folder, people=4, each=2):
    """Clips that nothing can be said against."""
    clips, shown = [], 0
    for person in range(people):
        for label in ("calm", "joy_fear"):
            for number in range(each):
                shown += 1
                path = folder / label / f"p{person}__{number}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{shown}")
                clips.append(DatasetClip(path, label, f"p{person}"))
    return clips


def add(clips, folder, content, label="calm", person="p0", **fields):
    path = folder / label / f"{person}__x{len(clips)}.mp4"
    path.write_text(content)
    clips.append(DatasetClip(path, label, person, **fields))


def found(clips):
    return {item.kind: item for item in check_dataset(clips, Eyes()).findings}


def test_nothing_is_said_against_a_good_one(tmp_path):
    report = check_dataset(good_set(tmp_path), Eyes())
    assert report.findings == ()
    assert (report.num_clips, report.num_people) == (16, 4)
    assert report.by_class == {"calm": ClassSize(8, 4), "joy_fear": ClassSize(8, 4)}


def test_a_planted_leak_is_an_error_that_names_both(tmp_path):
    """One person under two names, with a copy of a clip that is another file."""
    clips = good_set(tmp_path)
    add(clips, tmp_path, "1 ", person="p9")
    leak = found(clips)["leakage"]
    assert leak.severity == "error"
    assert leak.clips == ("calm/p0__0.mp4 and calm/p9__x16.mp4: nearly the same frames, called p0 and p9",)
    assert "one name" in leak.remedy


def test_copies_and_two_labels(tmp_path):
    clips = good_set(tmp_path)
    add(clips, tmp_path, "1")
    assert {kind: item.clips for kind, item in found(clips).items()} == {
        "duplicates": ("calm/p0__0.mp4 and calm/p0__x16.mp4: the same file",)
    }
    add(clips, tmp_path, "2 ", label="joy_fear")
    assert found(clips)["two labels"].severity == "error"


def test_clips_of_no_use_are_listed_with_the_reason(tmp_path):
    clips = good_set(tmp_path)
    add(clips, tmp_path, "broken")
    add(clips, tmp_path, "empty")
    named = found(clips)
    assert set(named) == {"unreadable", "no face"}
    assert named["unreadable"].clips == ("calm/p0__x16.mp4: “p0__x16.mp4” cannot be read.",)
    assert "No face was found" in named["no face"].clips[0]


@pytest.mark.parametrize(
    ("kept", "kinds"),
    [
        (lambda clip: clip.label == "calm", {"one class"}),
        (lambda clip: clip.person == "p0", {"too few people", "too few clips"}),
        (lambda clip: clip.person in ("p0", "p1"), {"too few people"}),
        (lambda clip: clip.person == "p0" and clip.path.stem.endswith("0"), {"too few people", "too few clips"}),
        (lambda clip: clip.label == "calm" or clip.person in ("p0", "p1"), {"people per class"}),
        (lambda clip: False, {"one class"}),
    ],
)
def test_too_little_of_something(kept, kinds, tmp_path):
    assert set(found([clip for clip in good_set(tmp_path) if kept(clip)])) == kinds


def test_balance_people_sessions(tmp_path):
    clips = good_set(tmp_path)
    for number in range(100, 118):
        add(clips, tmp_path, f"{number}", session="monday")
    add(clips, tmp_path, "200", person="p1", session="monday")
    add(clips, tmp_path, "201", person="unknown 9", person_known=False)
    named = found(clips)
    assert set(named) == {"class balance", "one person dominates", "shared sessions", "unknown people"}
    assert named["shared sessions"].clips == ("session monday: p0, p1",)
    assert named["one person dominates"].clips == ("calm: p0 has 20 of 28",)
    assert named["class balance"].clips == ("calm: 28", "joy_fear: 8")
    assert all(item.severity == "warning" and item.remedy for item in named.values())


class TestCommand:
    def test_a_planted_leak_in_real_clips(self, tmp_path, capsys):
        """The same recording, smaller and cut, under another name."""
        from emo_core.video.reader import open_video
        from emo_core.video.writer import write_video

        listed = [clip for clip in read_dataset(DEMO) if clip.degradation == "none"][:2]
        for number, clip in enumerate(listed):
            (tmp_path / "set" / clip.label).mkdir(parents=True, exist_ok=True)
            shutil.copy(clip.path, tmp_path / "set" / clip.label / f"anna__{number}.mp4")
        with open_video(listed[0].path) as reader:
            frames = [frame[::2, ::2] for part in reader.clips(15.0) for frame in part.frames]
        write_video(tmp_path / "set" / listed[0].label / "bea__0.mp4", frames[3:-2], 15.0)
        cut_without_index(tmp_path / "set" / listed[0].label, "cleo__0.mp4")
        grey_video(tmp_path / "set" / listed[0].label, "dora__0.mp4", 12)
        words = ["dataset", "check", str(tmp_path / "set"), "--cache", str(tmp_path / "cache")]
        assert main([*words, "--json", str(tmp_path / "found.json")]) == 1
        printed = capsys.readouterr()
        assert "anna__0.mp4 and " in printed.out
        assert "nearly the same frames, called anna and bea" in printed.out
        assert printed.err.splitlines()[-1].startswith(
            "error: The data set is not ready: The same face under two names in 1 pair"
        )
        kinds = {row["kind"]: row for row in json.loads((tmp_path / "found.json").read_text())["findings"]}
        assert {"leakage", "unreadable", "no face", "too few clips"} <= set(kinds)
        assert "cleo__0.mp4" in kinds["unreadable"]["clips"][0]

    def test_one_that_is_none(self, tmp_path, capsys):
        assert main(["dataset", "check", str(tmp_path / "none")]) == 1
        assert capsys.readouterr().err.startswith("error: There is no data set none")
