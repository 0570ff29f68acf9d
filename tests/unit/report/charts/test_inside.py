"""Pictures and charts of what goes on inside."""

import base64

import cv2
import numpy as np
import pytest

from emo_core.report.charts import inside, pictures
from emo_core.report.charts.analysis import MAX_POINTS, add_cursor, timeline_figure
from tests.factories import make_analysis


def decoded(url):
    """(H, W, 3) RGB of a picture that holds itself."""
    content = np.frombuffer(base64.b64decode(url.split(",")[1]), np.uint8)
    return cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_an_overlay_leaves_the_face_where_there_is_no_evidence_and_glows_where_there_is():
    face = np.full((48, 48), 0.5, np.float32)
    heatmap = np.zeros((6, 6), np.float32)
    heatmap[4:, :] = 1
    picture = pictures.overlay(face, heatmap).astype(int)
    np.testing.assert_array_equal(picture[:60], np.full((60, 144, 3), 127))
    low = picture[-20:].reshape(-1, 3)
    assert np.all(low[:, 0] > low[:, 1] + 50)


def test_a_picture_comes_back_from_its_address():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(decoded(pictures.data_url(picture)), picture)


@pytest.mark.parametrize("scale", [pictures.FROM_NOTHING, pictures.AROUND_ZERO])
def test_colours_run_from_end_to_end(scale):
    found = pictures.coloured(np.array([-9.0, -1.0, 1.0, 9.0]), -1, 1, scale)
    assert found.tolist() == [list(scale[0]), list(scale[0]), list(scale[-1]), list(scale[-1])]


@pytest.mark.parametrize("num_frames", [40, 6000])
def test_values_over_time_are_drawn_as_one_picture_of_bounded_size(num_frames):
    rows = np.zeros((num_frames, 3), np.float32)
    rows[num_frames // 2 :, 2] = 1
    mask = np.ones(num_frames, bool)
    mask[: num_frames // 4] = False
    figure = inside.picture_figure(rows, mask, (0.0, num_frames / 10), "Features", around_zero=False, cursor_s=1.0)
    image = decoded(figure.layout.images[0].source)
    assert image.shape[:2] == (3, image.shape[1])
    assert image.shape[1] <= inside.MAX_COLUMNS
    middle = image.shape[1] // 2
    assert image[0, middle + 2].tolist() == list(pictures.FROM_NOTHING[-1])  # the last row is on top
    assert image[2, middle + 2].tolist() == list(pictures.FROM_NOTHING[0])
    assert image[0, 2].tolist() == [138, 148, 166]  # masked
    assert figure.layout.shapes[0].x0 == 1.0
    assert list(figure.layout.xaxis.range) == [0.0, num_frames / 10]


def test_importance_of_a_long_clip_keeps_its_points_few_and_its_signs():
    values = np.repeat(np.array([0.5, -0.25], np.float32), 3000)
    figure = inside.importance_figure(np.arange(6000) / 10, values, "#F08A24", (0.0, 600.0))
    above, below = figure.data
    assert max(len(trace.x) for trace in figure.data) <= MAX_POINTS
    assert (above.y[0], below.y[0], above.y[-1], below.y[-1]) == (0.5, 0, 0, -0.25)


def test_columns_that_never_move_do_not_disturb_the_order():
    assert inside.similar_first(np.full((10, 4), 0.1, np.float32)).tolist() == [0, 1, 2, 3]


def test_the_cursor_stands_at_its_moment():
    figure = timeline_figure(make_analysis())
    add_cursor(figure, 2.5)
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "line"] == [(2.5, 2.5)]
