"""Blendshapes of the real face in the bundled clip."""

import numpy as np
import pytest

from emo_core.config import NUM_BLENDSHAPES
from emo_core.errors import BundleError
from emo_core.faces.blendshapes import BLENDSHAPES, BlendshapeModel


def test_names_are_unique():
    assert len(set(BLENDSHAPES)) == len(BLENDSHAPES) == 31


def test_laughter_smiles_more_than_distress(sample_analysis):
    analysis = sample_analysis
    scores = BlendshapeModel()(analysis.track.landmarks, analysis.track.detected)
    assert scores.shape == (len(analysis.timestamps_s), len(BLENDSHAPES))
    assert ((scores >= 0) & (scores <= 1)).all()
    smile = scores[:, BLENDSHAPES.index("mouthSmile")]
    laughing, distressed = (analysis.timestamps_s > 12) & (analysis.timestamps_s < 18), analysis.timestamps_s < 8
    assert smile[laughing].mean() > smile[distressed].mean() + 0.3


def test_there_are_as_many_as_the_settings_say():
    assert len(BLENDSHAPES) == NUM_BLENDSHAPES


def test_frames_without_a_face_are_zero():
    landmarks = np.full((2, 478, 3), np.nan, np.float32)
    assert not BlendshapeModel()(landmarks, np.zeros(2, bool)).any()


def test_a_missing_model_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("emo_core.faces.landmarks.TASK_PATH", tmp_path / "gone.task")
    with pytest.raises(BundleError, match="missing or damaged"):
        BlendshapeModel()
