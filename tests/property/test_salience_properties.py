"""Salience for any frames and any curve that rises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.model.salience import SalienceCurve, pair_salience
from emo_core.types import FeatureSequence

UNIT = st.floats(0, 1, width=32)
CURVES = st.builds(SalienceCurve, st.floats(-2, 2), st.floats(0, 3), st.floats(0, 3))


@given(CURVES, arrays(np.float64, 20, elements=st.floats(-20, 20)))
def test_a_curve_rises(curve, log_ratios):
    shares = curve.share(np.sort(log_ratios), np.zeros(20))
    assert (np.diff(shares) >= 0).all()
    assert ((shares >= 0) & (shares <= 1)).all()


@given(arrays(np.float32, (5, 8), elements=UNIT), arrays(np.float32, 5, elements=UNIT), arrays(np.bool_, 5), CURVES)
def test_salience_is_a_share_and_masked_frames_do_not_matter(emotions, quality, mask, curve):
    emotions[~mask] = np.nan
    features = FeatureSequence(np.zeros((5, 1), np.float32), emotions, mask)
    for pair in PAPER_CLASSES[:2]:
        shares = pair_salience(pair, features, quality, curve)
        assert list(shares) == list(pair.components)
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) >= 0
        first, second = (EMOTIONS.index(emotion) for emotion in pair.components.values())
        if mask.any() and (emotions[mask, first] >= emotions[mask, second]).all():
            assert curve.bias < 0 or shares[next(iter(pair.components))] >= 0.5 - 1e-6
