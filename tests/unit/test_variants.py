"""The same seconds in many kinds of file get the same verdict, the same segments and their own time."""

import numpy as np
import pytest

from emo_core.inference.pipeline import analyze
from tests.variants import VARIANTS, cut_sample


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    return cut_sample(tmp_path_factory.mktemp("cut"))


@pytest.fixture(scope="module")
def plain(cut, hybrid):
    analysis = analyze(cut.plain, hybrid)
    assert [segment.label for segment in analysis.prediction.segments if segment.label != "unsure"] == [
        "sadness_fear",
        "amusement_surprise",
    ]
    assert (analysis.video.start_s, analysis.video.gaps, analysis.warnings) == (0.0, (), ())
    return analysis


def borders(analysis):
    """When each verdict begins and ends, those of *unsure* between two left to their neighbours."""
    return [(item.start_s, item.end_s, item.label) for item in analysis.prediction.segments if item.label != "unsure"]


def expected(plain, variant):
    """The borders of the plain clip on the clock of a variant."""
    found = []
    for start_s, end_s, label in borders(plain):
        if variant.gap and start_s < variant.gap[0] < end_s:
            at_s, length_s = variant.gap
            found += [(start_s, at_s, label), (at_s + length_s, end_s + length_s, label)]
        else:
            found.append((start_s, end_s, label))
    return [(start_s + variant.start_s, end_s + variant.start_s, label) for start_s, end_s, label in found]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_what_the_plain_clip_is(name, cut, plain, hybrid, tmp_path):
    variant = VARIANTS[name]
    analysis = analyze(variant.make(tmp_path, cut), hybrid)
    video, length_s = analysis.video, plain.video.duration_s
    assert analysis.prediction.label == plain.prediction.label
    right = expected(plain, variant)
    assert [label for *_, label in borders(analysis)] == [label for *_, label in right]
    for found, wanted in zip(borders(analysis), right, strict=True):
        assert found[:2] == pytest.approx(wanted[:2], abs=variant.slack_s)
    assert video.start_s == pytest.approx(variant.start_s, abs=0.03)
    assert video.duration_s == pytest.approx(length_s, abs=0.25)
    assert video.end_s == pytest.approx(variant.start_s + length_s + (variant.gap[1] if variant.gap else 0), abs=0.25)
    assert len(video.gaps) == bool(variant.gap)
    assert analysis.timestamps_s[0] == pytest.approx(video.start_s)
    assert np.all(np.diff(analysis.timestamps_s) > 0)
    assert bool(analysis.warnings) == bool(variant.warning), analysis.warnings
    assert variant.warning in " ".join(analysis.warnings)
