"""The committed demo data set: its manifest, its clips and what was checked of them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.video.reader import open_video
from tools.render.check import CORRELATION_BAR, DETECTION_BAR, MOTIONS
from tools.render.expressions import PAIRED
from tools.render.people import make_person
from tools.render.performance import FPS, STORIES, perform
from tools.render.picture import DEGRADATIONS
from tools.render.plan import COLUMNS, manifest_row, plan_clip, read_manifest

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo"
ROWS = read_manifest(DEMO / "manifest.csv")
LABELS = {hybrid.name for hybrid in PAPER_CLASSES}


def keyframes(row):
    return json.loads(row["components"])


def test_the_manifest_has_its_columns_and_every_clip_exists_once():
    assert tuple(ROWS[0]) == COLUMNS
    paths = {row["path"] for row in ROWS}
    assert len(paths) == len(ROWS)
    assert paths == {path.relative_to(DEMO).as_posix() for path in DEMO.glob("clips/**/*.mp4")}


def test_there_are_sixty_people_who_all_play_every_class():
    played = Counter((row["person"], row["label"]) for row in ROWS)
    people = {row["person"] for row in ROWS}
    assert len(people) >= 60
    assert all(played[person, label] == 2 for person in people for label in LABELS)


def test_rows_say_what_they_may_say():
    for row in ROWS:
        assert row["label"] in LABELS
        assert STORIES[row["story"]] == row["label"]
        assert row["source"] == "rendered"
        assert row["degradation"] in DEGRADATIONS
        assert (int(row["level"]) == 0) == (row["degradation"] == "none")
        assert 0 <= int(row["level"]) <= 3


def test_about_three_of_five_clips_are_clean():
    for label in LABELS:
        clean = [row["degradation"] == "none" for row in ROWS if row["label"] == label]
        assert 0.55 < sum(clean) / len(clean) < 0.65


def test_components_are_strengths_over_time():
    for row in ROWS:
        times_s = [time_s for time_s, _ in keyframes(row)]
        assert times_s == sorted(times_s)
        assert times_s[0] == 0
        assert 2 <= times_s[-1] <= 4
        for _, strengths in keyframes(row):
            assert set(strengths) <= set(EMOTIONS) - {"neutral"}
            assert all(0 < value <= 1 for value in strengths.values())


def test_components_belong_to_the_class():
    pairs = {hybrid.name: set(hybrid.components.values()) for hybrid in PAPER_CLASSES}
    for row in ROWS:
        shown = {name for _, strengths in keyframes(row) for name in strengths}
        if pairs[row["label"]]:
            assert shown
            assert shown <= pairs[row["label"]]
        else:
            assert not shown & {name for pair in pairs.values() for name in pair}


@pytest.mark.parametrize("row", ROWS[:: len(ROWS) // 24], ids=lambda row: row["path"])
def test_a_seed_reproduces_its_row(row):
    plan = plan_clip(int(row["seed"]))
    performance = perform(make_person(plan.person, PAIRED), plan.story, plan.seed)
    assert manifest_row(plan, performance) == row


@pytest.mark.parametrize("row", ROWS[7 :: len(ROWS) // 16], ids=lambda row: row["path"])
def test_a_clip_decodes_with_its_length_and_rate(row):
    with open_video(DEMO / row["path"]) as reader:
        frames = sum(len(clip.frames) for clip in reader.clips(FPS))
        info = reader.info()
    length_s = keyframes(row)[-1][0]
    assert info.fps == pytest.approx(FPS, abs=0.01)
    assert info.duration_s == pytest.approx(length_s, abs=0.01)
    assert frames == round(length_s * FPS)
    assert (info.width, info.height) == (256, 256)


def test_the_data_set_is_small():
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= 15 * 2**20
    assert (DEMO / "contact_sheet.jpg").stat().st_size <= 400 * 1024


def test_a_face_model_saw_what_was_driven():
    checks = json.loads((DEMO / "checks.json").read_text(encoding="utf-8"))
    assert checks["num_clips"] == len(ROWS)
    assert checks["num_clean_clips"] == sum(row["degradation"] == "none" for row in ROWS)
    assert checks["detection_rate_clean"] >= DETECTION_BAR
    assert set(checks["correlation"]) == set(MOTIONS)
    assert min(checks["correlation"].values()) >= CORRELATION_BAR
    assert min(checks["correlation_within_clips"].values()) >= CORRELATION_BAR


def test_the_faces_are_credited_and_said_to_be_synthetic():
    credits_text = (DEMO / "CREDITS.md").read_text(encoding="utf-8")
    for words in ("USC Institute for Creative Technologies", "MIT License", "synthetic"):
        assert words in credits_text
