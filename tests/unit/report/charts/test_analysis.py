"""Charts: right values, same x range, bounded size, gaps where no face was found."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emo_core.emotions import EMOTION_COLOURS, EMOTIONS, UNSURE, class_colour, display_name
from emo_core.report.charts import analysis as figures
from emo_core.report.charts.words import describe
from tests.factories import LABELS, make_analysis, make_prediction

TIME_FIGURES = (figures.timeline_figure, figures.emotions_figure, figures.quality_figure)


def test_a_chart_in_words_holds_its_values():
    analysis = make_analysis()
    told = describe(figures.probabilities_figure(analysis.prediction))
    for label, value in zip(analysis.prediction.labels, analysis.prediction.probabilities, strict=True):
        assert f"{display_name(label)} {100 * value:.0f}%" in told
    assert describe(figures.confusion_figure(["joy", "fear"], [[3, 1], [0, 4]])) == (
        "Joy as Joy 75%, Joy as Fear 25%, Fear as Joy 0%, Fear as Fear 100%."
    )
    over_time = describe(figures.quality_figure(analysis))
    assert over_time.startswith("Overall: from ")
    assert "Frontalness: from " in over_time


@pytest.mark.parametrize("draw", TIME_FIGURES)
def test_every_time_chart_spans_the_whole_clip(draw):
    analysis = make_analysis(num_frames=73)
    assert tuple(draw(analysis).layout.xaxis.range) == (0, analysis.video.duration_s)


@pytest.mark.parametrize("draw", TIME_FIGURES)
@pytest.mark.parametrize("num_frames", [1, 5, 7_001])
def test_traces_stay_bounded_and_serializable(draw, num_frames):
    figure = draw(make_analysis(num_frames=num_frames, missing=slice(0, 0)))
    assert max(len(trace.x) for trace in figure.data) <= figures.MAX_POINTS
    json.loads(figure.to_json())


@pytest.mark.parametrize("draw", TIME_FIGURES)
def test_background_is_transparent_and_axes_have_units(draw):
    layout = draw(make_analysis()).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert "(s)" in layout.xaxis.title.text
    assert layout.yaxis.title.text


@pytest.mark.parametrize("draw", TIME_FIGURES)
def test_frames_without_a_face_are_shaded(draw):
    spans = [(shape.x0, shape.x1) for shape in draw(make_analysis(missing=slice(20, 26))).layout.shapes]
    assert (2.0, 2.6) in spans


def test_timeline_holds_the_windows_probabilities():
    analysis = make_analysis()
    figure = figures.timeline_figure(analysis)
    for column, label in enumerate(LABELS):
        trace = figure.data[column]
        assert trace.line.color == class_colour(label)
        expected = [window.probabilities[column] for window in analysis.prediction.windows]
        np.testing.assert_allclose(trace.y[1:-1], expected)


def test_timeline_band_shows_every_segment():
    analysis = make_analysis(missing=slice(0, 0))
    shapes = figures.timeline_figure(analysis).layout.shapes
    assert [(shape.x0, shape.x1) for shape in shapes] == [(0.0, 3.0), (3.0, 6.0)]


def test_timeline_names_the_verdict_at_every_point():
    verdict = figures.timeline_figure(make_analysis()).data[-1]
    assert len(verdict.x) == len(figures.timeline_figure(make_analysis()).data[0].x)
    assert verdict.customdata[0] == "Other, 0.0–3.0 s"
    assert verdict.customdata[-1] == "Amusement + surprise, a blend: 62% : 38%, 3.0–6.0 s"


def test_timeline_of_a_clip_without_windows_is_flat():
    analysis = make_analysis(num_frames=8, missing=slice(0, 0))
    analysis = replace(analysis, prediction=replace(analysis.prediction, windows=()))
    figure = figures.timeline_figure(analysis)
    assert list(figure.data[0].x) == [0.0, 0.8]


def test_emotions_are_stacked_in_order_with_their_colours():
    figure = figures.emotions_figure(make_analysis(missing=slice(0, 0)))
    assert [trace.name.lower() for trace in figure.data] == list(EMOTIONS)
    assert [trace.line.color for trace in figure.data] == [EMOTION_COLOURS[name] for name in EMOTIONS]
    total = np.sum([trace.y for trace in figure.data], axis=0)
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_emotions_without_a_face_are_never_invented():
    figure = figures.emotions_figure(make_analysis(missing=slice(20, 26)))
    assert not np.any([trace.y[20:26] for trace in figure.data])


def test_quality_shows_overall_and_components_and_breaks_at_masked_frames():
    figure = figures.quality_figure(make_analysis(missing=slice(20, 26)))
    assert [trace.name for trace in figure.data] == [
        "Overall", "Sharpness", "Exposure", "Face size", "Frontalness", "Confidence",
    ]  # fmt: skip
    assert np.isnan(figure.data[0].y[20:26]).all()
    assert np.isfinite(figure.data[0].y[:20]).all()


def test_probabilities_put_the_most_probable_class_on_top():
    bars = figures.probabilities_figure(make_prediction("sadness_fear")).data[0]
    assert bars.y[-1] == "Sadness + fear"
    assert bars.text[-1] == "80%"


def test_probabilities_of_an_unsure_verdict_show_every_class():
    assert len(figures.probabilities_figure(make_prediction(UNSURE)).data[0].x) == len(LABELS)


def test_confusion_shows_counts_and_row_shares():
    figure = figures.confusion_figure(("a_b", "other"), [[3, 1], [0, 0]])
    np.testing.assert_allclose(figure.data[0].z, [[0.75, 0.25], [0, 0]])
    assert [item.text for item in figure.layout.annotations][:2] == ["<b>75%</b><br>3", "<b>25%</b><br>1"]


def test_confusion_refuses_a_table_of_another_size():
    with pytest.raises(ValueError, match=r"expected \(2, 2\)"):
        figures.confusion_figure(("a", "b"), [[1, 2, 3]])


def test_history_draws_one_curve_per_part():
    figure = figures.history_figure([1, 2], {"Training": [0.5, 0.6], "Validation": [0.4, float("nan")]}, "Accuracy")
    assert figure.layout.yaxis.tickformat == ".0%"
    flat = figures.history_figure([1, 2], {"Training": [0.858, 0.853], "Validation": [0.851, 0.849]}, "Accuracy")
    assert flat.layout.yaxis.tickformat == ".1%", "ticks of 86, 86, 85, 85% tell nothing"
    assert [trace.name for trace in figure.data] == ["Training", "Validation"]
    assert figure.layout.yaxis.tickformat == ".0%"


def test_thinning_averages_and_ignores_nan():
    rows = np.ones((figures.MAX_POINTS * 2, 1))
    rows[::2] = np.nan
    rows[:2] = np.nan
    times, means = figures.thin(np.arange(len(rows), dtype=float), rows)
    assert len(times) == figures.MAX_POINTS
    assert np.isnan(means[0, 0])
    assert (means[1:] == 1).all()


def test_masked_spans_reach_to_the_end_of_the_clip():
    times = np.array([0.0, 0.1, 0.2])
    assert figures.masked_spans(times, np.array([True, True, False]), 0.3) == [(0.2, 0.3)]
    assert figures.masked_spans(times, np.ones(3, bool), 0.3) == []
    assert figures.masked_spans(times[:0], np.ones(0, bool), 0.0) == []
