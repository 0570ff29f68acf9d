"""Heatmaps and frame importance: evidence is found where it was planted, and not with another network."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr

from emo_core.config import PipelineConfig
from emo_core.explain import attribution, importance
from emo_core.explain.numpy_lstm import LstmHead, load_lstm, randomized
from emo_core.inference.windows import clip_scores, judge_windows
from emo_core.model.normalization import FeatureNormalizer
from emo_core.types import QUALITY_COMPONENTS, FeatureSequence, NormalizedClip

SIDE, GRID, STEPS = 8, 2, 8
AMUSED = 0


@pytest.fixture(scope="module")
def head(hybrid):
    return load_lstm(hybrid)


@pytest.fixture(scope="module")
def laughing(laughter_analysis):
    return laughter_analysis


@pytest.fixture(scope="module")
def world(hybrid):
    """A bundle and a head that take a bright picture for class 0: evidence can be planted where one likes."""
    ones = np.ones(1)
    normalizer = FeatureNormalizer(
        np.zeros(0), ones, ones.astype(int), False, np.zeros((1, 2), "f"), np.ones((1, 2), "f")
    )
    bundle = replace(hybrid, features=normalizer, config=PipelineConfig(window_steps=STEPS, hop_steps=4))
    kernel = np.zeros((2 + 1, 4), np.float32)
    kernel[0, 2] = 4  # the candidate reads the brightness
    reader = LstmHead(
        np.zeros((STEPS, 1), "f"), kernel, np.zeros((1, 4), "f"), np.full(4, 2, "f"), np.array([[3.0, -1, -1]], "f"),
        np.zeros(3, "f"), False,
    )  # fmt: skip
    return bundle, reader


class Quadrants:
    """In the place of the frame CNN: a map of the mean brightness of each quadrant, and one of nothing."""

    def feature_maps(self, faces):
        mean = faces.reshape(len(faces), GRID, SIDE // GRID, GRID, SIDE // GRID).mean(axis=(2, 4))
        return np.stack([mean, np.full_like(mean, 0.3)], axis=-1).astype(np.float32)


def clip_of(faces, cnn, quality=0.8):
    """What heatmaps ask of the analysis of faces (T, S, S), ten a second, that all count."""
    count = np.ones(len(faces), bool)
    level = np.full(len(faces), quality, np.float32)
    features = cnn.feature_maps(faces).mean(axis=(1, 2))
    emotions = np.full((len(faces), 8), 1 / 8, np.float32)
    return SimpleNamespace(
        features=FeatureSequence(features, emotions, count),
        normalized=NormalizedClip(faces, level, dict.fromkeys(QUALITY_COMPONENTS, level), count),
        timestamps_s=np.arange(len(faces)) / 10,
    )


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("num_frames", [5, STEPS, 19])
def test_planted_evidence_is_found_where_it_lies(world, row, column, num_frames):
    bundle, head = world
    faces = np.full((num_frames, SIDE, SIDE), 0.5, np.float32)
    half = SIDE // 2
    faces[:, row * half : (row + 1) * half, column * half : (column + 1) * half] = 1
    cnn = Quadrants()
    maps = attribution.heatmaps(bundle, head, cnn, clip_of(faces, cnn), np.arange(num_frames))
    assert maps.shape == (3, num_frames, GRID, GRID)
    assert np.all(maps[AMUSED, :, row, column] == 1)
    np.testing.assert_allclose(maps[AMUSED].sum(axis=(1, 2)), 1, atol=1e-3)
    assert not maps[1:, :, row, column].any()  # the same evidence speaks against the others


def test_the_shipped_networks_find_a_laugh_in_the_half_that_shows_it(hybrid, head, laughing):
    cnn = hybrid.frame_network()
    faces = laughing.normalized.faces[:32].copy()
    assert laughing.normalized.mask[:32].all()
    faces[:, :24] = 0.5
    clip = clip_of(faces, cnn)
    windows, _ = judge_windows(hybrid, hybrid.head_network(), clip.features, clip.normalized, clip.timestamps_s)
    assert windows[0].probabilities.argmax() == AMUSED
    maps = attribution.heatmaps(hybrid, head, cnn, clip, np.arange(32))[AMUSED]
    assert maps[:, 3:].sum() / maps.sum() > 0.6


def test_heatmaps_are_shares_and_nothing_where_a_frame_is_masked(hybrid, head, laughing):
    mask = laughing.normalized.mask.copy()
    mask[7] = False
    normalized = replace(laughing.normalized, mask=mask)
    masked = SimpleNamespace(features=laughing.features, normalized=normalized, timestamps_s=laughing.timestamps_s)
    maps = attribution.heatmaps(hybrid, head, hybrid.frame_network(), masked, np.array([3, 7, 30]))
    assert maps.shape == (3, 3, 6, 6)
    assert maps.min() >= 0
    assert set(maps.max(axis=(2, 3)).ravel().tolist()) <= {0.0, 1.0}
    assert not maps[:, 1].any()
    assert maps[AMUSED, [0, 2]].max(axis=(1, 2)).tolist() == [1, 1]


def test_a_frame_has_the_same_heatmap_whatever_else_is_asked_for(hybrid, head, laughing):
    given = hybrid, head, hybrid.frame_network(), laughing
    alone, together = (attribution.heatmaps(*given, np.array(frames)) for frames in ([5], [5, 20, 39]))
    np.testing.assert_allclose(alone[:, 0], together[:, 0], atol=1e-4)


def test_another_network_draws_another_map(hybrid, head, laughing):
    """Weights shuffled: a map that stays as it was would show the picture, not what the network makes of it."""
    frames = np.arange(0, 40, 4)

    def draw(reader):
        maps = attribution.heatmaps(hybrid, reader, hybrid.frame_network(), laughing, frames)
        return maps[AMUSED].reshape(len(frames), -1)

    own = draw(head)
    alike = [
        spearmanr(ours, theirs).statistic
        for seed in range(3)
        for ours, theirs in zip(own, draw(randomized(head, np.random.default_rng(seed))), strict=True)
        if theirs.any()
    ]
    assert np.mean(alike) < 0.5
    again = draw(load_lstm(hybrid))
    assert np.mean([spearmanr(ours, theirs).statistic for ours, theirs in zip(own, again, strict=True)]) > 0.99


def test_the_path_adds_up_to_the_difference_of_the_scores(head):
    rng = np.random.default_rng(0)
    windows, baseline = rng.normal(0, 0.5, (2, 2, len(head.table), head.num_features)).astype(np.float32)
    weights = np.ones(windows.shape[:2], np.float32)
    gained = (attribution.path_gradients(head, windows, baseline, weights) * (windows - baseline)).sum(axis=(2, 3))
    ends = [attribution.log_odds(head.run(features, weights).logits[:, -1]) for features in (windows, baseline)]
    np.testing.assert_allclose(gained.T, ends[0] - ends[1], rtol=0.1, atol=0.15)


@pytest.mark.parametrize("frame", [0, 11, 39])
def test_importance_is_what_the_judge_says_without_the_frame(hybrid, head, laughing, frame):
    reader, times_s = hybrid.head_network(), laughing.timestamps_s

    def margin(mask):
        normalized = replace(laughing.normalized, mask=mask)
        windows, _ = judge_windows(hybrid, reader, laughing.features, normalized, times_s)
        held = [item for item in windows if item.start_s <= times_s[frame] < item.end_s - 1e-6]
        evidence = np.array([item.quality * item.num_valid_frames for item in held], np.float32)
        quality = np.array([item.quality for item in held], np.float32)
        levels = np.log(
            clip_scores(np.stack([item.probabilities for item in held]), quality, evidence, hybrid.scores)[0]
        )
        return levels[AMUSED] - max(levels[1], levels[2])

    without = laughing.normalized.mask.copy()
    without[frame] = False
    expected = margin(laughing.normalized.mask) - margin(without)
    found = importance.frame_importance(hybrid, head, laughing, hybrid.info.labels[AMUSED])
    assert found[frame] == pytest.approx(expected, abs=2e-3)
    assert np.abs(found).max() > 2e-3  # there is something to agree on


def test_masked_frames_have_no_importance_and_the_last_one_left_has_all(world, laughing):
    bundle, head = world
    faces = np.full((6, SIDE, SIDE), 0.9, np.float32)
    clip = clip_of(faces, Quadrants())
    alone = np.arange(6) == 2
    analysis = replace(
        laughing, timestamps_s=clip.timestamps_s, source_frames=None,
        features=clip.features, normalized=replace(clip.normalized, mask=alone),
        track=replace(laughing.track, **{name: getattr(laughing.track, name)[:6] for name in laughing.track.__slots__}),
        prediction=replace(laughing.prediction, step_probabilities=laughing.prediction.step_probabilities[:6]),
    )  # fmt: skip
    found = importance.frame_importance(bundle, head, analysis)
    assert not found[~alone].any()
    assert found[2] > 0.1


def test_the_state_is_that_of_the_window_around_the_frame(hybrid, head, laughing):
    for frame, start in ((0, 0), (21, 8), (39, 8)):
        found, trace = attribution.trace_at(hybrid, head, laughing, frame)
        assert found.tolist() == list(range(start, start + hybrid.config.window_steps))
        assert trace.hidden.shape == (1, hybrid.config.window_steps, len(head.recurrent))
