"""Charts and the report of an evaluation say what its figures say."""

import re

import msgspec
import pytest

from emo_core.evaluation.clip_metrics import summarize
from emo_core.evaluation.html_report import to_html
from emo_core.records import Protocols, ProtocolScores, Score
from emo_core.report.charts import evaluation as charts
from emo_core.report.charts.words import describe
from tests.evaluations import LABELS, make_evaluation


@pytest.fixture(scope="module")
def evaluation():
    return make_evaluation(data="<b>made up</b>")


@pytest.fixture(scope="module")
def figures(evaluation):
    return summarize(evaluation)


def test_every_cell_with_clips_can_be_clicked_and_no_other(figures):
    counts = [list(row) for row in figures.confusion]
    counts[0][1] = 0
    squares = charts.clickable_confusion_figure(LABELS, counts).data[-1]
    assert {(row, column): count for row, column, count in squares.customdata} == {
        (row, column): counts[row][column] for row in range(3) for column in range(3) if counts[row][column]
    }
    assert len(squares.x) == len(squares.customdata)


def test_bars_and_whiskers_stand_where_the_figures_say(figures):
    chart = charts.scores_figure(figures.scores, figures.per_class)
    overall = chart.data[0]
    for name, value, up, down in zip(
        overall.x, overall.y, overall.error_y.array, overall.error_y.arrayminus, strict=True
    ):
        score = getattr(figures.scores, name.lower())
        assert value == score.value
        assert (value - down, value + up) == pytest.approx(score.interval)
    assert [trace.name for trace in chart.data[1:]] == ["Amusement + surprise", "Sadness + fear", "Other"]


def test_curves_pass_through_the_corners_and_name_their_areas(figures):
    roc = charts.roc_figure(figures.curves)
    for trace, row in zip(roc.data[1:], figures.curves, strict=True):
        assert (trace.x[0], trace.y[0], trace.x[-1], trace.y[-1]) == (0, 0, 1, 1)
        assert f"{row.roc_auc.value:.3f}" in trace.name
    assert len(charts.precision_recall_figure(figures.curves).data) == 3


def test_the_app_stands_on_its_own_curve(figures):
    line, app = charts.coverage_figure(figures).data
    assert (app.x[0], app.y[0]) == pytest.approx((figures.coverage.value, figures.accuracy_when_decided.value))
    assert app.x[0] in [pytest.approx(x) for x in line.x]
    silent = msgspec.structs.replace(figures, accuracy_when_decided=Score(None, None))
    assert len(charts.coverage_figure(silent).data) == 1


def test_every_chart_can_be_told_in_words(figures):
    clickable = charts.clickable_confusion_figure(figures.labels, figures.confusion)
    assert describe(clickable).count(" as ") == len(figures.labels) ** 2
    drawn = [
        charts.scores_figure(figures.scores, figures.per_class), charts.roc_figure(figures.curves),
        charts.precision_recall_figure(figures.curves), charts.calibration_figure(figures.calibration),
        charts.coverage_figure(figures), charts.slices_figure(figures.slices[:2]),
    ]  # fmt: skip
    for figure in drawn:
        assert re.search(r"\d", describe(figure))


def test_calibration_and_slices_hold_every_clip(evaluation, figures):
    bins = charts.calibration_figure(figures.calibration).data[1]
    assert sum(bins.customdata) == len(evaluation.clips)
    rows = [row for row in figures.slices if row.slice == "length"]
    told = charts.slices_figure(rows).data[0].y
    assert sum(int(re.search(r"n = (\d+)", name)[1]) for name in told) == len(evaluation.clips)


def test_protocols_stand_side_by_side():
    random, subject = (ProtocolScores(accuracy, 0.8, (0.6, 0.95)) for accuracy in (0.9, 0.7))
    chart = charts.protocols_figure(Protocols(random, subject), {"random": "R", "subject": "S"})
    assert [trace.y[0] for trace in chart.data] == [0.9, 0.7]


def test_the_report_holds_every_figure_and_clip_and_fetches_nothing(evaluation, figures):
    html = to_html(evaluation, figures)
    wanted = (f"{figures.scores.accuracy.value:.4f}", "No face was found.", evaluation.command)
    known = (f"version {evaluation.version}", evaluation.made_at, "cannot be read from a face")
    for words in (*wanted, *known):
        assert words in html
    for clip in evaluation.clips:
        assert clip.path in html
    assert "<b>made up" not in html
    assert "&lt;b&gt;made up" in html
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']?http""", html)
    assert html.count('class="plotly-graph-div"') == 6


def test_a_report_on_clips_of_one_class(evaluation):
    only = evaluation.where(lambda clip: clip.label == LABELS[0])
    assert "Each class against the rest" in to_html(only, summarize(only))
