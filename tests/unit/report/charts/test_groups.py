"""Charts of a study's groups say what was measured, and no interval where there is none."""

import pytest

from emo_core.comparisons import PairedDifference
from emo_core.report.charts.groups import differences_figure

LABELS = ("amusement_surprise", "sadness_fear", "other")


@pytest.mark.parametrize(
    ("interval", "told"), [((-0.05, 0.25), "95% interval -5.0 – +25.0<"), (None, "95% interval none<")]
)
def test_a_difference_is_told_in_points(interval, told):
    row = PairedDifference("other", "calm", "loud", 0.1, interval, 0.5, 1.0, 3, 4)
    trace = differences_figure([row], LABELS).data[0]
    assert trace.x == (10.0,)
    assert "+10.0 points" in trace.hovertemplate
    assert told in trace.hovertemplate
    assert (trace.error_x.array[0], trace.error_x.arrayminus[0]) == pytest.approx((15, 15) if interval else (0, 0))
