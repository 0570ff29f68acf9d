"""An analysis as JSON and as text."""

import dataclasses
import json
import math
import tracemalloc

import pytest

from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.report.serialization import SCHEMA, to_dict, to_json, to_text, write_json
from emo_core.types import QUALITY_COMPONENTS
from tests.factories import LABELS, make_analysis

KEYS = {
    "clip": {"duration_s", "fps", "width", "height", "num_frames_decoded", "num_frames_sampled"},
    "model": {"name", "version", "labels"},
    "verdict": {"label", "probability", "probabilities", "salience", "is_blend"},
    "segments": {"start_s", "end_s", "label", "probability"},
    "windows": {"start_s", "end_s", "label", "probabilities"},
    "frames": {"time_s", "face", "box_xyxy", "quality", "quality_components", "emotions"},
    "timing_ms": {"decode", "faces", "cnn", "head", "total"},
}
"""What other programs rely on; more keys may come, none may go."""


@pytest.fixture(scope="module")
def real(laughter_analysis):
    return laughter_analysis


@pytest.fixture(params=["real", "made", "unsure", "without warnings"])
def analysis(request):
    if request.param == "real":
        return request.getfixturevalue("real")
    label = UNSURE if request.param == "unsure" else "sadness_fear"
    return make_analysis(50, label, warnings=() if request.param == "without warnings" else ("Careful.",))


class TestJson:
    def test_the_schema(self, analysis):
        data = to_dict(analysis)
        assert data["schema"] == SCHEMA
        assert set(data) >= {*KEYS, "schema", "warnings"}
        for name, keys in KEYS.items():
            for item in data[name] if isinstance(data[name], list) else [data[name]]:
                assert set(item) >= keys, name
        for frame in data["frames"]:
            assert tuple(frame["quality_components"]) == QUALITY_COMPONENTS
            assert frame["emotions"] is None or tuple(frame["emotions"]) == EMOTIONS

    def test_it_is_strict_json_and_says_the_same(self, analysis):
        def refuse(constant):
            raise AssertionError(constant)

        assert json.loads(to_json(analysis), parse_constant=refuse) == to_dict(analysis)
        assert to_json(analysis) == json.dumps(to_dict(analysis), indent=1, ensure_ascii=False)

    def test_a_number_that_json_lacks_is_not_written(self):
        good = make_analysis(20)
        bad = dataclasses.replace(good, video=dataclasses.replace(good.video, fps=math.nan))
        with pytest.raises(ValueError, match="JSON compliant"):
            to_json(bad)

    def test_lengths_fit(self, analysis):
        data = to_dict(analysis)
        assert len(data["frames"]) == data["clip"]["num_frames_sampled"] == len(analysis.timestamps_s)
        assert len(data["windows"]) == len(analysis.prediction.windows)
        assert len(data["segments"]) == len(analysis.prediction.segments)

    def test_probabilities_sum_to_one(self, analysis):
        data = to_dict(analysis)
        groups = [data["verdict"]["probabilities"], *(window["probabilities"] for window in data["windows"])]
        for group in groups:
            assert tuple(group) == tuple(data["model"]["labels"]) == LABELS
        groups += [frame["emotions"] for frame in data["frames"] if frame["emotions"]]
        for group in groups:
            assert math.fsum(group.values()) == pytest.approx(1, abs=1e-5)
            assert all(0 <= value <= 1 for value in group.values())

    def test_frames_without_a_face_say_nothing_of_emotions(self):
        frames = to_dict(make_analysis(40, missing=slice(5, 9)))["frames"]
        assert [k for k, frame in enumerate(frames) if not frame["face"]] == [5, 6, 7, 8]
        for k, frame in enumerate(frames):
            assert (frame["emotions"] is None) == (frame["box_xyxy"] is None) == (5 <= k < 9)
            assert frame["quality"] >= 0

    def test_times_run_on(self, analysis):
        data = to_dict(analysis)
        times_s = [frame["time_s"] for frame in data["frames"]]
        assert times_s == sorted(times_s)
        assert all(item["start_s"] < item["end_s"] for item in data["segments"] + data["windows"])

    def test_warnings_are_told(self, analysis):
        assert to_dict(analysis)["warnings"] == list(analysis.warnings)

    def test_names_stay_readable(self):
        assert "é" in to_json(make_analysis(20, warnings=("Café.",)))


class TestText:
    def test_it_has_a_verdict_a_timeline_and_the_model(self, analysis):
        lines = to_text(analysis).splitlines()
        assert lines[0].startswith(analysis.video.name)
        assert any("█" in line for line in lines)
        rows = [line for line in lines if set(line) & {"█", "·"}]
        assert len(rows) == len(LABELS) + 1
        columns = list(zip(*(row[-60:] for row in rows), strict=True))
        assert all(column.count("█") == 1 for column in columns), "one label at each time"
        assert "Model hybrid" in lines[-1]
        assert not to_text(analysis).endswith("\n")

    def test_a_pair_says_its_mix(self):
        text = to_text(make_analysis(50, "amusement_surprise", amusement=0.62))
        assert "Amusement + surprise, a blend: 62% : 38%, 80%" in text

    def test_a_pair_of_which_one_is_there_says_which(self):
        text = to_text(make_analysis(50, "amusement_surprise", amusement=0.9))
        assert "Amusement (of the pair amusement + surprise), 80%" in text
        assert "blend" not in text

    def test_unsure_says_why(self):
        text = to_text(make_analysis(50, UNSURE))
        assert "  Unsure (" in text
        assert "No class stands out from the others." in text

    def test_warnings_are_told(self):
        assert "  Note: Careful." in to_text(make_analysis(50, warnings=("Careful.",)))


def test_a_long_clip_is_written_without_holding_all_of_it(tmp_path):
    """Two hours are 72,000 frames: as objects, and twice, they took 800 MB."""
    analysis = make_analysis(6000)
    tracemalloc.start()
    write_json(tmp_path / "a.json", analysis)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = (tmp_path / "a.json").stat().st_size
    assert size > 5e6
    assert peak < size / 2, "what grows is a row for each window, not for each frame"
    assert (tmp_path / "a.json").read_text("utf-8") == to_json(analysis) + "\n"
