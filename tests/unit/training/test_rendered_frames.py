"""Frames of rendered clips with the emotions that were drawn into them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.model.bundle import load_frame_network
from emo_core.training import rendered_frames as module
from emo_core.training.rendered_frames import emotion_shares, rendered_frames

DEMO = Path("assets/demo/manifest.csv")
STRENGTHS = st.dictionaries(st.sampled_from(EMOTIONS[1:]), st.floats(0, 1), max_size=3)


class TestShares:
    @given(st.lists(STRENGTHS, min_size=1, max_size=5))
    def test_they_are_shares(self, strengths):
        keyframes = [(float(second), shown) for second, shown in enumerate(strengths)]
        shares = emotion_shares(keyframes, np.linspace(-1, len(strengths) + 1, 17))
        assert shares.shape == (17, 8)
        assert shares.min() >= 0
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)

    def test_an_expression_grows_out_of_rest(self):
        shares = emotion_shares([(0.0, {}), (1.0, {"fear": 0.9})], np.array([0.0, 0.25, 0.5, 1.0]))
        fear, neutral = (shares[:, EMOTIONS.index(name)] for name in ("fear", "neutral"))
        assert neutral[0] == 1
        assert np.all(np.diff(fear[:3]) > 0)
        assert fear[-1] == pytest.approx(1)


class TestFrames:
    @pytest.fixture
    def two_clips(self, tmp_path):
        """A manifest of two demo clips, of two people."""
        rows = list(csv.DictReader(DEMO.read_text("utf-8").splitlines()))
        first = next(row for row in rows if row["story"] == "happiness + surprise")
        second = next(row for row in rows if row["story"] == "neutral" and row["person"] != first["person"])
        rows = [first, second]
        folder = tmp_path
        for row in rows:
            row["path"] = str((DEMO.parent / row["path"]).resolve())
        with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return folder / "manifest.csv", [row["person"] for row in rows]

    def test_faces_come_with_what_was_drawn_and_are_kept(self, two_clips, tmp_path, monkeypatch):
        manifest, people = two_clips
        cnn, config = load_frame_network(Path("models/hybrid"))
        crops, shares = rendered_frames(manifest, None, cnn, config, tmp_path)
        assert crops.shape == (len(shares), config.crop_side_px, config.crop_side_px)
        assert len(crops) > 30
        happiness, surprise = (shares[:, EMOTIONS.index(name)] for name in ("happiness", "surprise"))
        assert min(happiness.max(), surprise.max()) > 0.3
        monkeypatch.setattr(module, "extract_clip_features", None)
        np.testing.assert_array_equal(rendered_frames(manifest, None, cnn, config, tmp_path)[0], crops)
        monkeypatch.undo()
        of_one = rendered_frames(manifest, people[1:], cnn, config, tmp_path)[1]
        assert 0 < len(of_one) < len(shares)
        np.testing.assert_allclose(of_one[:, EMOTIONS.index("neutral")], 1)

    def test_a_manifest_that_does_not_say_what_was_drawn_is_refused(self, tmp_path):
        (tmp_path / "manifest.csv").write_text("path,label,person\na.mp4,other,anna\n")
        cnn, config = load_frame_network(Path("models/hybrid"))
        with pytest.raises(DatasetError, match="lists no rendered clips with their components"):
            rendered_frames(tmp_path / "manifest.csv", None, cnn, config, tmp_path)
