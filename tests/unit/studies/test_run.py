"""A study from end to end, its clips judged by a stand-in: what is kept, told, and not done again."""

import msgspec
import numpy as np
import pandas
import pytest

from emo_core import load_study
from emo_core.analysis import Analysis
from emo_core.cli.main import main
from emo_core.errors import StudyError
from emo_core.studies import works
from emo_core.studies.clips import find_clips
from emo_core.studies.judged import Judged, rows_of, tables_of
from emo_core.studies.many import analyze_many
from emo_core.studies.run import run_study
from tests.factories import make_analysis


class Stand:
    """In the place of the judge: which clips it was asked for, and what it answers to each content."""

    def __init__(self):
        self.asked = []
        self.analysis: Analysis = make_analysis(60)
        self.stop_after = None

    def __call__(self, work, path, bundle):
        del bundle
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(work.name)
        content = path.read_bytes()
        if b"bad" in content:
            return Judged(work.name, error=f"“{work.name}” is not a video.")
        if b"again" in content:
            return Judged(work.name, error="Something went wrong.", is_final=False)
        return Judged(work.name, rows_of(self.analysis, 10.0), tables=tables_of(self.analysis))


@pytest.fixture
def stand(monkeypatch):
    made = Stand()
    monkeypatch.setattr(works, "judge_clip", made)
    return made


@pytest.fixture
def clips(tmp_path):
    """Four clips: two good ones, one that fails for good, one that may be tried again."""
    place = tmp_path / "clips"
    place.mkdir()
    for name, content in (("a.mp4", "one"), ("b.mp4", "two"), ("c.mp4", "bad"), ("d.mp4", "again")):
        (place / name).write_text(content)
    return place


def run(place, out, bundle, **options):
    told = []
    found = find_clips([place], leave_out=out)
    record = run_study(found, bundle, out, None, command="again", tell=told.append, **options)
    return record, told


def test_a_row_for_each_clip_and_person_and_a_sentence_for_each_failure(clips, tmp_path, stand, hybrid):
    record, told = run(clips, tmp_path / "out", hybrid)
    assert (record.state, record.num_done, record.num_failed) == ("done", 4, 2)
    assert (told[-1].done, told[-1].failed, told[-1].judged) == (4, 2, 4)
    assert "4 of 4 clips, 2 failed" in told[-1].words()
    study = load_study(tmp_path / "out")
    rows = study.clips().set_index("clip")
    assert list(rows.index) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    assert rows.loc["c.mp4", "error"] == "“c.mp4” is not a video."
    assert rows.loc["a.mp4", ["verdict", "error"]].tolist() == ["amusement_surprise", ""]
    shares = [name for name in rows if name.startswith("time_share_")]
    assert rows.loc["a.mp4", shares].sum() == pytest.approx(1)
    assert rows.loc["a.mp4", "time_share_other"] == pytest.approx(0.5)
    assert rows.loc["a.mp4", "judged_s"] == pytest.approx(5.4), "54 of 60 frames show a face, ten a second"
    written = pandas.read_csv(tmp_path / "out" / "clips.csv").set_index("clip")
    assert list(written.columns) == list(rows.columns)
    np.testing.assert_allclose(written["quality"], rows["quality"])


def test_frames_windows_and_segments_are_those_of_each_clip(clips, tmp_path, stand, hybrid):
    run(clips, tmp_path / "out", hybrid)
    study = load_study(tmp_path / "out")
    for table, own in (
        (study.frames(), stand.analysis.frames()),
        (study.windows(), stand.analysis.windows()),
        (study.segments(), stand.analysis.segments()),
    ):
        assert list(dict.fromkeys(table["clip"])) == ["a.mp4", "b.mp4"]
        told = table[table["clip"] == "b.mp4"].drop(columns=["clip", "participant", "condition", "session"])
        pandas.testing.assert_frame_equal(
            told.reset_index(drop=True).astype(object), own.astype(object), check_dtype=False, rtol=1e-5, atol=1e-6
        )


def test_nothing_is_done_twice_and_what_may_go_well_is_tried_again(clips, tmp_path, stand, hybrid):
    run(clips, tmp_path / "out", hybrid)
    before = load_study(tmp_path / "out").clips()
    stand.asked.clear()
    record, _ = run(clips, tmp_path / "out", hybrid)
    assert stand.asked == ["d.mp4"]
    assert (record.num_done, record.num_failed) == (4, 2)
    pandas.testing.assert_frame_equal(load_study(tmp_path / "out").clips(), before)


def test_a_run_that_is_ended_keeps_what_is_done_and_goes_on(clips, tmp_path, stand, hybrid):
    stand.stop_after = 1
    with pytest.raises(KeyboardInterrupt):
        run(clips, tmp_path / "out", hybrid)
    study = load_study(tmp_path / "out")
    assert (study.record.state, study.record.num_done) == ("stopped", 1)
    assert list(study.clips()["clip"]) == ["a.mp4"]
    stand.stop_after = None
    run(clips, tmp_path / "out", hybrid)
    assert stand.asked == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]


def test_another_content_is_judged_again_and_a_copy_is_not(clips, tmp_path, stand, hybrid):
    run(clips, tmp_path / "out", hybrid)
    stand.asked.clear()
    (clips / "a.mp4").write_text("changed")
    (clips / "e.mp4").write_text("bad")
    run(clips, tmp_path / "out", hybrid)
    assert stand.asked == ["a.mp4", "d.mp4"]
    rows = load_study(tmp_path / "out").clips().set_index("clip")
    assert rows.loc["e.mp4", "error"] == "“e.mp4” is not a video.", "the sentence names the copy"


def test_a_damaged_result_is_made_anew(clips, tmp_path, stand, hybrid):
    run(clips, tmp_path / "out", hybrid)
    stand.asked.clear()
    for part in (tmp_path / "out" / "parts").glob("*/*.judged"):
        part.write_bytes(part.read_bytes()[:20])
    record, _ = run(clips, tmp_path / "out", hybrid)
    assert stand.asked == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    assert record.num_failed == 2


def test_a_clip_that_is_gone_is_a_row(clips, tmp_path, stand, hybrid):
    found = find_clips([clips])
    (clips / "b.mp4").unlink()
    run_study(found, hybrid, tmp_path / "out", None, command="", tell=lambda pace: None)
    rows = load_study(tmp_path / "out").clips().set_index("clip")
    assert rows.loc["b.mp4", "error"] == "“b.mp4” was not found; check its name and folder."


def test_a_study_of_failures_alone_has_every_table(clips, tmp_path, stand, hybrid):
    for name in ("a.mp4", "b.mp4", "d.mp4"):
        (clips / name).unlink()
    run(clips, tmp_path / "out", hybrid)
    study = load_study(tmp_path / "out")
    assert len(study.clips()) == 1
    assert [len(table) for table in (study.frames(), study.windows(), study.segments())] == [0, 0, 0]


def test_names_stay_text_and_run_no_formula(tmp_path, stand, hybrid):
    (tmp_path / "1.mp4").write_text("one")
    (tmp_path / "manifest.csv").write_text("path,participant,condition\n1.mp4,007,=NA()\n")
    run(tmp_path, tmp_path / "out", hybrid)
    study = load_study(tmp_path / "out")
    for table in (study.clips(), study.frames(), study.segments()):
        assert set(zip(table["participant"], table["condition"], strict=True)) == {("007", "=NA()")}
    assert "'=NA()" in (tmp_path / "out" / "clips.csv").read_text("utf-8")


def refusal(*words, **options):
    with pytest.raises(StudyError) as caught:
        run(*words, **options)
    return str(caught.value)


def test_two_studies_do_not_share_a_folder(clips, tmp_path, stand, hybrid):
    from emo_core.studies.store import opened
    from emo_core.studies.works import model_record

    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    (other / "z.mp4").write_text("one")
    found = find_clips([clips])
    with opened(out, model_record(hybrid), found):
        assert "Another run is writing into out" in refusal(clips, out, hybrid)
    run(clips, out, hybrid)
    assert "holds a study of other clips" in refusal(other, out, hybrid)
    (out / "study.json").write_bytes((out / "study.json").read_bytes().replace(hybrid.digest.encode(), b"0" * 16))
    assert "another model" in refusal(clips, out, hybrid)
    (out / "study.json").write_text("{")
    assert "cannot be read" in refusal(clips, out, hybrid)
    (out / "study.json").unlink()
    assert "holds a clips.parquet that is of no study" in refusal(clips, out, hybrid)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal(clips, tmp_path / "file", hybrid)


def test_python_gets_results_as_they_come_copies_as_well(clips, stand, hybrid):
    (clips / "e.mp4").write_text("one")
    results = {result.clip.name: result for result in analyze_many([clips], hybrid)}
    assert len(results) == 5
    assert results["c.mp4"].error == "“c.mp4” is not a video."
    assert results["c.mp4"].frames().empty
    assert len(results["e.mp4"].frames()) == 60
    assert results["a.mp4"].people()["verdict"].tolist() == ["amusement_surprise"]


def test_an_analysis_as_data_frames():
    analysis = make_analysis(60)
    frames, windows, segments = analysis.frames(), analysis.windows(), analysis.segments()
    assert (len(frames), len(windows), len(segments)) == (60, len(analysis.prediction.windows), 2)
    assert frames["time_s"].tolist() == analysis.timestamps_s.tolist()
    assert frames["face"].sum() == 54
    assert frames["source_frame"].isna().all()
    assert frames.loc[22, ["emotion_fear", "yaw_deg"]].isna().all()
    assert segments.loc[1, "verdict"] == "amusement_surprise"


@pytest.mark.parametrize("words", [[], ["--json", "-", "--out", "x"], ["--person", "2", "--out", "x"]])
def test_words_that_are_for_one_clip(words, capsys, tmp_path):
    assert main(["analyze", str(tmp_path), *words]) == 2
    assert "Usage: python -m emo_core analyze" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--reports"], ["--workers", "2"], ["--scheduler", "tcp://localhost:1"]])
def test_words_that_are_for_a_study(words, capsys, tmp_path):
    assert main(["analyze", str(tmp_path / "a.mp4"), *words]) == 2
    assert "for a study of many clips" in capsys.readouterr().err


def test_parts_are_plain_data(clips, tmp_path, stand, hybrid):
    run(clips, tmp_path / "out", hybrid)
    parts = sorted((tmp_path / "out" / "parts").glob("*/*.judged"))
    assert len(parts) == 3, "what may go well another time is not kept"
    assert {msgspec.msgpack.decode(part.read_bytes())["name"] for part in parts} == {"a.mp4", "b.mp4", "c.mp4"}
