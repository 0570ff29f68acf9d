"""Charts as pictures: everything that the figures use is drawn, and what cannot be drawn is refused."""

import io
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import plotly.graph_objects as go
import pytest

from emo_core.comparisons import TimeShare
from emo_core.emotions import UNSURE
from emo_core.report.annotations import Annotations
from emo_core.report.charts import analysis, images
from emo_core.report.charts.catalog import charts_of
from emo_core.report.charts.groups import shares_figure
from emo_core.report.charts.images import to_png, to_svg
from emo_core.report.charts.words import describe
from tests.factories import make_analysis


def pixels(figure, title=""):
    picture = cv2.imdecode(np.frombuffer(to_png(figure, title), np.uint8), cv2.IMREAD_COLOR)
    return picture[..., ::-1]


def holds(picture, colour, least=200):
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return int((np.abs(picture.astype(int) - [red, green, blue]).max(axis=2) < 8).sum()) >= least


@pytest.mark.parametrize("label", ["amusement_surprise", UNSURE])
def test_every_chart_of_an_analysis_can_be_a_picture(label):
    charts = charts_of(make_analysis(label=label), Annotations().marked(2.0, "x"))
    assert [chart.name for chart in charts] == ["timeline", "emotions", "quality", "probabilities"]
    for chart in charts:
        picture = pixels(chart.figure, chart.title)
        assert picture.shape[1] == 1920
        assert holds(picture, "#FFFFFF", 100_000), "on white"
        assert len(np.unique(picture.astype(int) @ [1, 256, 65536])) > 50


def test_the_timeline_shows_classes_verdicts_gaps_and_marks():
    plain = make_analysis(label="sadness_fear")
    bare, marked = (charts_of(plain, said)[0].figure for said in (Annotations(), Annotations().marked(2.0, "x")))
    assert holds(pixels(bare), "#5468C4")
    assert not holds(pixels(bare), "#B7791F", 100)
    assert holds(pixels(marked), "#B7791F", 100)


def test_a_heatmap_and_a_history():
    figure = analysis.confusion_figure(("a", "b_c"), [[8, 2], [1, 9]])
    assert len(np.unique(pixels(figure)[..., 0])) > 3
    epochs = analysis.history_figure([1, 2], {"Training": [0.1, 0.2], "Validation": [0.1, 0.3]}, "Accuracy")
    assert holds(pixels(epochs), "#5468C4")


def test_svg_is_well_formed_stands_alone_and_is_the_same_again():
    figure = charts_of(make_analysis(), Annotations())[0].figure
    first = to_svg(figure)
    assert first == to_svg(figure)
    references = [
        value
        for element in ET.parse(io.BytesIO(first)).iter()
        for name, value in element.attrib.items()
        if name.endswith("href")
    ]
    assert all(value.startswith(("#", "data:")) for value in references)
    assert b"<script" not in first


def test_names_in_any_script_are_drawn_without_a_warning():
    figure = go.Figure(go.Bar(x=[1.0], y=["喜び 😀 $a_b"], orientation="h", text=["100%"]))
    assert to_png(figure, "喜び").startswith(b"\x89PNG")


@pytest.mark.parametrize("trace", [go.Pie(values=[1, 2]), go.Scatter3d(x=[1], y=[1], z=[1])])
def test_what_cannot_be_drawn_is_refused(trace):
    with pytest.raises(ValueError, match="cannot be drawn"):
        to_png(go.Figure(trace), "")


def test_a_shape_that_cannot_be_drawn_is_refused():
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1]))
    figure.add_shape(type="circle", x0=0, x1=1, y0=0, y1=1)
    with pytest.raises(ValueError, match="circle"):
        to_png(figure, "")


def test_names_of_others_are_no_markup_in_charts_pictures_and_words():
    name = '<a href="javascript:alert(1)">joy</a> & <b>fear</b>'
    figure = shares_figure([TimeShare(name, "other", 0.5, (0.4, 0.6), 3, 4, 9.0)], ("other",))
    assert "<" not in figure.data[0].x[0]
    assert name in describe(figure)
    assert images._words(figure.data[0].x[0]) == name
