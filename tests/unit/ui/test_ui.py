"""What the pages share, where no page is needed to see it work."""

import base64
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emo_core.analysis import Segment
from emo_core.config import PipelineConfig
from emo_core.datasets.clips import read_dataset
from emo_core.emotions import PAPER_CLASSES, UNSURE
from emo_core.errors import BundleError
from emo_core.files import folders
from emo_core.model.limits import trust_line
from emo_core.model.presence import headline
from tests.evaluations import DEMO
from tests.factories import make_analysis
from ui.analyze import tab_charts, verdict
from ui.shell import errors
from ui.state import models, samples, sources

BUNDLE = SimpleNamespace(
    classes=PAPER_CLASSES, config=PipelineConfig(), metrics={},
    info=SimpleNamespace(labels=tuple(item.name for item in PAPER_CLASSES)),
)  # fmt: skip


def test_strip_shows_at_most_24_evenly_spaced_frames():
    html = tab_charts.strip_html(make_analysis(num_frames=400, missing=slice(0, 0)))
    assert html.count('class="es-frame') == tab_charts.MAX_FRAMES
    assert "0.0 s</div>" in html
    assert "39.9 s</div>" in html


def test_strip_of_a_short_clip_shows_every_frame_once():
    assert tab_charts.strip_html(make_analysis(num_frames=7, missing=slice(0, 0))).count("<img") == 7


def test_strip_marks_frames_without_a_face_and_shows_no_picture_for_them():
    html = tab_charts.strip_html(make_analysis(num_frames=20, missing=slice(5, 8)))
    assert html.count("no face</div>") == 3
    assert html.count("es-out") == 3
    assert html.count("<img") == 17


def test_strip_shows_the_very_pixels(tmp_path):
    from PIL import Image

    analysis = make_analysis(num_frames=3, missing=slice(0, 0))
    first = tab_charts.strip_html(analysis).split("base64,")[1].split('"')[0]
    (tmp_path / "face.png").write_bytes(base64.b64decode(first))
    with Image.open(tmp_path / "face.png") as picture:
        np.testing.assert_allclose(np.asarray(picture) / 255, analysis.normalized.faces[0], atol=1 / 255)


def test_card_escapes_names_from_outside():
    analysis = make_analysis(warnings=("<script>x</script>",))
    assert "<script>" not in verdict.card_html(analysis, BUNDLE)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.62, "Amusement + surprise, a blend: 62% : 38%"),
        (0.9, "Amusement (of the pair amusement + surprise)"),
        (0.1, "Surprise (of the pair amusement + surprise)"),
    ],
)
def test_the_headline_says_what_of_a_pair_is_there(share, words):
    assert f">{words}</div>" in verdict.card_html(make_analysis(amusement=share), BUNDLE)


def test_unsure_has_no_mix_of_the_whole():
    analysis = make_analysis(label=UNSURE)
    assert "es-meter" not in verdict.card_html(analysis, BUNDLE)
    assert headline(analysis.prediction) == "Unsure"


def test_a_clip_that_changes_has_its_parts_and_their_mixes_for_a_verdict():
    analysis = make_analysis(label=UNSURE)
    segments = (
        Segment(0, 3, "sadness_fear", 0.97, {"sadness": 0.7, "fear": 0.3}, is_blend=True),
        Segment(3, 6, "amusement_surprise", 0.99, {"amusement": 0.9, "surprise": 0.1}, emotions={"happiness": 0.9}),
    )
    analysis = replace(analysis, prediction=replace(analysis.prediction, segments=segments))
    html = verdict.card_html(analysis, BUNDLE)
    assert headline(analysis.prediction) == "Sadness + fear, then amusement"
    first = html.index("Sadness + fear, a blend: 70% : 30%</b>, probability 97%")
    assert first < html.index("Amusement (of the pair amusement + surprise)</b>, probability 99%")
    assert html.count("es-meter") == 1, "a bar shows a mix only where there is one"
    assert "Average frame: happiness 90%" in html


def test_the_card_shows_the_longest_part_of_each_class_and_folds_the_rest():
    """Five long parts of one class must not hide a shorter one of another."""
    labels = ("other", "other", "sadness_fear", "other", "other", "other", "amusement_surprise")
    spans = ((0, 9), (10, 18), (20, 21), (30, 38), (40, 48), (50, 58), (60, 62))
    segments = tuple(Segment(*span, label, 0.9) for span, label in zip(spans, labels, strict=True))
    analysis = make_analysis(label=UNSURE)
    analysis = replace(analysis, prediction=replace(analysis.prediction, segments=segments))
    shown, folded = verdict.card_html(analysis, BUNDLE).split("<details")
    for words in ("0–9 s", "20–21 s", "60–62 s"):
        assert words in shown
        assert words not in folded
    assert "4 shorter parts" in folded
    assert all(words in folded for words in ("10–18 s", "30–38 s", "40–48 s", "50–58 s"))


def test_mix_percents_add_up():
    html = verdict.card_html(make_analysis(amusement=0.625), BUNDLE).split("es-band")[0]
    shares = [int(part.split("%")[0]) for part in html.split("width:")[1:]]
    assert sum(shares) == 100


def test_errors_show_nothing_of_an_unexpected_one(caplog):
    with caplog.at_level(logging.ERROR), errors.shown():
        raise ValueError("inner detail")
    assert "inner detail" in caplog.text
    assert "inner detail" not in errors.UNEXPECTED


def test_errors_let_a_stop_through():
    with pytest.raises(KeyboardInterrupt), errors.shown():
        raise KeyboardInterrupt


def test_samples_exist_and_name_their_author():
    found = samples.load()
    assert found
    assert all(item.file.is_file() and item.poster.is_file() and item.credit and item.licence for item in found)
    assert [item.is_real for item in found] == [True] + [False] * 5
    labelled = {clip.path.resolve(): clip for clip in read_dataset(DEMO)}
    shown = {item.title: labelled[item.file.resolve()] for item in found if not item.is_real}
    assert (shown["A blend"].story, shown["A single emotion"].story) == ("happiness + surprise", "fear")
    assert shown["Other"].label == shown["Hard to call"].label == "other"
    assert shown["Low quality"].degradation == "dark"


@pytest.mark.parametrize(
    ("name", "mime"),
    [("a.MOV", "video/mp4"), ("a.webm", "video/webm"), ("a.avi", "video/x-msvideo"), ("a", "video/mp4")],
)
def test_media_type_follows_the_name(name, mime):
    assert sources.Source(name, Path(name)).mime == mime


def test_trust_line_names_its_data_and_count():
    assert "No accuracy has been measured" in trust_line({})
    clean = {"accuracy": 0.9, "num_clips": 2000}
    line = trust_line({"composed_clips": {"clean": clean}})
    assert "90% of 2,000 clips composed from photos kept out of training" in line


@pytest.mark.parametrize("taught", [3, [], {"scores": 3}, {"scores": {"accuracy": {"value": "x"}}}], ids=str)
def test_figures_that_nobody_wrote_so_are_no_reason_to_show_nothing(taught):
    assert "cannot be read" in trust_line({"taught_clips": taught})


def test_missing_model_says_how_to_make_one(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "MODEL_DIR", tmp_path / "none")
    with pytest.raises(BundleError, match="make model"):
        models.bundle()


def test_damaged_metrics_are_an_error_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "MODEL_DIR", tmp_path)
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(BundleError, match="run the evaluation again"):
        models.metrics()


def test_preloading_works_in_a_fresh_process_and_brings_no_tensorflow():
    """What it brings is looked through by no garbage collection, of which Streamlit makes one after every run."""
    code = (
        "import gc, sys; from ui.shell.preload import wait; wait();"
        "print(*(x in sys.modules for x in ('plotly', 'tensorflow')), gc.get_freeze_count() > 50_000)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folders.ROOT)
    assert ended.stdout.split() == ["True", "False", "True"]
    assert "could not preload" not in ended.stderr


def test_progress_looks_for_a_stop_when_there_is_no_news(monkeypatch):
    """Streamlit ends a run only inside one of its calls: a stage that stands still must make some."""
    from unittest.mock import MagicMock

    from ui.widgets import progress

    now_s = iter([0.1, 0.2, 0.3, 0.45, 0.6, 0.8])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(now_s)))  # other threads have theirs
    screen = MagicMock()
    screen.columns.return_value = MagicMock(), MagicMock()
    monkeypatch.setattr(progress, "st", screen)
    with progress.shown("a clip") as report:
        for _ in range(6):
            report("Reading frames and following the face: 0 s", 0.0)
    assert screen.progress.return_value.progress.call_count == 3
