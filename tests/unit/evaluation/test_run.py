"""A model against a data set: judged as in the app, on people it has not seen, stored and read back."""

import shutil
from dataclasses import replace

import pytest

from emo_core import SOFTWARE
from emo_core.cli.main import main
from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.seen_by_model import exposure
from emo_core.errors import DatasetError, NoFaceError
from emo_core.evaluation.model_comparison import compare
from emo_core.evaluation.results import from_json, load, store, to_json
from emo_core.evaluation.run import choose_clips, evaluate_dataset
from emo_core.inference.pipeline import analyze
from tests.conftest import MODEL
from tests.evaluations import DEMO, LABELS, few_demo_clips, make_evaluation
from tests.tiny import read_json


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return few_demo_clips(tmp_path_factory.mktemp("data") / "few", 3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def evaluation(data, hybrid, cache):
    choice = choose_clips(MODEL, read_dataset(data), hybrid.info.labels)
    return evaluate_dataset(hybrid, choice, data, cache, name="few")


def test_every_clip_is_judged_as_in_the_app(evaluation, data, hybrid):
    assert len(evaluation.clips) == 3
    for clip in evaluation.clips:
        analysis = analyze(data / clip.path, hybrid)
        assert clip.verdict == analysis.prediction.label
        assert clip.probabilities == pytest.approx(analysis.prediction.probabilities.tolist(), abs=1e-5)
        assert clip.duration_s == pytest.approx(analysis.video.duration_s, abs=0.1)
        assert clip.num_windows == len(analysis.prediction.windows)


def test_what_was_seen_is_not_seen_again(evaluation, data, hybrid, cache, monkeypatch):
    choice = choose_clips(MODEL, read_dataset(data), hybrid.info.labels)
    monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", None)
    assert evaluate_dataset(hybrid, choice, data, cache, name="few").clips == evaluation.clips


@pytest.mark.parametrize("without_face", [1, 3])
def test_clips_without_a_face_are_listed_apart_and_none_is_an_error(
    evaluation, data, hybrid, cache, monkeypatch, without_face
):
    missing = [clip.path for clip in evaluation.clips][:without_face]
    read = ClipReader.read

    def see(reader, path):
        if path.name in missing:
            raise NoFaceError(f"No face was found in {path.name}.")
        return read(reader, path)

    monkeypatch.setattr(ClipReader, "read", see)
    choice = choose_clips(MODEL, read_dataset(data), hybrid.info.labels)
    if without_face == 3:
        with pytest.raises(DatasetError, match=r"None of the clips shows a face .* No face was found in"):
            evaluate_dataset(hybrid, choice, data, cache, name="few")
        return
    found = evaluate_dataset(hybrid, choice, data, cache, name="few")
    assert [clip.path for clip in found.clips] == [clip.path for clip in evaluation.clips][1:]
    assert [(item.path, item.reason) for item in found.left_out] == [
        (missing[0], f"No face was found in {missing[0]}.")
    ]


class TestExposure:
    def test_of_the_demo_clips_a_quarter_of_the_people_measure(self, hybrid):
        clips = read_dataset(DEMO)
        choice = choose_clips(MODEL, clips, hybrid.info.labels)
        assert len({clip.person for clip in choice.clips}) == 16
        assert choice.num_seen_people == 50
        assert len(choice.clips) + choice.num_seen_clips == len(clips)
        assert "300 clips of 50 people are left out" in choice.exposure

    def test_people_are_known_by_their_clips_and_not_by_their_names(self, tmp_path):
        clips = read_dataset(DEMO)
        seen = next(clip for clip in clips if clip.person in exposure(MODEL, clips).people)
        copy = tmp_path / "other_name.mp4"
        shutil.copy(seen.path, copy)
        (tmp_path / "new.mp4").write_bytes(b"never seen")
        renamed = [DatasetClip(copy, "other", "zoe"), DatasetClip(tmp_path / "new.mp4", "other", seen.person)]
        assert exposure(MODEL, renamed).people == {"zoe"}

    def test_everyone_seen_is_an_error_and_everyone_can_be_asked_for(self):
        clips = read_dataset(DEMO)
        known = exposure(MODEL, clips).people
        seen = [clip for clip in clips if clip.person in known]
        with pytest.raises(DatasetError, match="has seen everyone in this data set"):
            choose_clips(MODEL, seen, LABELS)
        assert "flatters" in choose_clips(MODEL, clips, LABELS, everyone=True).exposure

    def test_other_classes_are_named(self, tmp_path):
        with pytest.raises(DatasetError, match=r"labeled joy; this model knows .* taught these classes"):
            choose_clips(MODEL, [DatasetClip(tmp_path / "a.mp4", "joy", "ann")], LABELS)


class TestStored:
    def test_round_trip(self, evaluation, tmp_path):
        made = make_evaluation()
        assert from_json(to_json(made)) == made
        store(evaluation, tmp_path / "deep" / "e.json")
        assert [clip.verdict for clip in load(tmp_path / "deep" / "e.json").clips] == [
            clip.verdict for clip in evaluation.clips
        ]
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["e.json"]

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 9}', '{"schema": 1, "clips": [{}], "left_out": []}'])
    def test_what_is_no_evaluation_is_refused(self, text, tmp_path):
        (tmp_path / "e.json").write_text(text)
        with pytest.raises(DatasetError, match="evaluate the data set again"):
            load(tmp_path / "e.json")

    def test_misfits_are_refused(self):
        clip = make_evaluation().clips[0]
        for change in ({"label": "joy"}, {"verdict": "joy"}, {"scores": (1.0,)}):
            with pytest.raises(ValueError, match=r"not in|probabilities"):
                make_evaluation(clips=(replace(clip, **change),))


class TestComparison:
    def test_paired_test_and_the_clips_on_which_they_differ(self):
        first, second = make_evaluation(skill=0.5), make_evaluation(skill=3.0)
        found = compare(first, second)
        right = [(e.forced == e.truth) for e in (first, second)]
        assert found.accuracies == pytest.approx([right[0].mean(), right[1].mean()])
        assert found.only_first == (right[0] & ~right[1]).sum()
        assert found.difference.value == pytest.approx(found.accuracies[1] - found.accuracies[0])
        low, high = found.difference.interval
        assert 0 < low < found.difference.value < high
        assert found.p_value < 0.01
        assert len(found.differing) == (first.forced != second.forced).sum()

    def test_a_model_does_not_differ_from_itself(self):
        found = compare(make_evaluation(), make_evaluation())
        assert (found.p_value, found.differing) == (1.0, ())

    def test_mcnemar_by_hand(self):
        """Ten clips that one alone has right, two that the other alone has: 2 · P(X ≤ 2 | 12, ½) = 0.0386."""
        base = make_evaluation(num_people=12, clips_each=1).clips
        sure = {label: tuple(0.8 if name == label else 0.1 for name in LABELS) for label in LABELS}
        wrong = dict(zip(LABELS, LABELS[1:] + LABELS[:1], strict=True))
        right = [replace(clip, probabilities=sure[clip.label]) for clip in base]
        false = [replace(clip, probabilities=sure[wrong[clip.label]]) for clip in base]
        first = make_evaluation(clips=tuple(right[:10] + false[10:]))
        second = make_evaluation(clips=tuple(false[:10] + right[10:]))
        assert compare(first, second).p_value == pytest.approx(0.0386, abs=1e-4)

    def test_nothing_in_common(self):
        made = make_evaluation()
        with pytest.raises(DatasetError, match="no clip in common"):
            compare(made, made.where(lambda clip: False))
        with pytest.raises(DatasetError, match="other classes"):
            compare(made, make_evaluation(labels=("a", "b"), clips=()))


class TestCommand:
    def test_it_measures_and_writes(self, evaluation, data, cache, tmp_path, capsys):
        words = ["evaluate", "--data", str(data), "--cache", str(cache)]
        assert main([*words, "--json", str(tmp_path / "e.json"), "--csv", str(tmp_path / "e.csv")]) == 0
        assert "3 clips of 3 people" in capsys.readouterr().out
        written = read_json(tmp_path / "e.json")
        assert written["figures"]["num_clips"] == 3
        table = (tmp_path / "e.csv").read_text("utf-8").splitlines()
        assert len(table) == 4
        assert all(SOFTWARE in line for line in table[1:])
        (tmp_path / "file").touch()
        words[-1] = str(tmp_path / "file" / "no_folder")  # the cache is optional
        assert main([*words, "--json", str(tmp_path / "again.json")]) == 0
        assert read_json(tmp_path / "again.json")["figures"] == written["figures"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--data", "nowhere"], "There is no data set nowhere"),
            (["--data", str(DEMO), "--model", "nowhere"], "There is no model in 'nowhere'"),
        ],
    )
    def test_bad_input_is_one_sentence(self, words, said, capsys):
        assert main(["evaluate", *words]) == 1
        assert said in capsys.readouterr().err
