"""What a head is trained, calibrated and measured on: composed clips and rendered ones, no picture and nobody twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.clips import read_manifest
from emo_core.datasets.pictures.ferplus import align, find_copies, read_votes
from emo_core.datasets.seen_by_model import HELD_OUT_SEED, PEOPLE_SHARES
from emo_core.datasets.splits import split_people
from emo_core.datasets.windows import WindowDataset, see_clips
from emo_core.errors import DatasetError
from emo_core.model import bundle as bundles
from emo_core.model.normalization import FeatureNormalizer
from emo_core.training.head import HeadTraining, fit_feature_normalizer
from emo_core.training.synthesis.composed_clips import STORIES, compose, neutral_clips, tellable
from emo_core.training.synthesis.feature_bank import Bank, build_banks
from emo_core.training.synthesis.portrait_bank import portrait_banks
from emo_core.types import Booleans

_BANK_SEED = 7
_NUM_VARIED = 3
_NUM_PORTRAITS = 2  # banks of portraits beside 1 + 3 of stills: a third of the composed clips


@dataclass(frozen=True, slots=True, eq=False)
class HeadData:
    """Stills and rendered clips, parted once and for all.

    Attributes:
        labels: classes in label order.
        config: of the pipeline.
        num_features: m, features of the frame CNN; blendshapes follow behind them.
        train: stills to compose training clips from, as they are and varied, and portraits.
        calibration, test: stills to compose other clips from; no copies of those.
        rendered: windows of rendered clips to train, calibrate and measure on, nobody in two of them.
        undamaged: numbers of the rendered clips, as the windows give them, whose pictures are as they were drawn.
    """

    labels: tuple[str, ...]
    config: PipelineConfig
    num_features: int
    train: tuple[Bank, ...]
    calibration: Bank
    test: Bank
    rendered: tuple[WindowDataset, WindowDataset, WindowDataset]
    undamaged: frozenset[int] = frozenset()

    def draw(self, recipe: HeadTraining, rng: np.random.Generator) -> WindowDataset:
        """Clips for one epoch: newly composed ones, each bank's part, and, some times over, the rendered ones."""
        count = recipe.clips_per_epoch // len(self.train)
        composed = [self._compose(bank, count, recipe.damaged_share, rng, recipe.mixed_share) for bank in self.train]
        return WindowDataset.joined([*composed, *[self.rendered[0]] * recipe.rendered_repeats])

    def held_out(self, recipe: HeadTraining) -> tuple[WindowDataset, WindowDataset]:
        """Clips that choose the epoch, the temperature and the thresholds, and such of faces that show nothing."""
        rng = np.random.default_rng(HELD_OUT_SEED + 2)
        composed = self._compose(self.calibration, recipe.num_held_out, recipe.damaged_share, rng)
        neutral = neutral_clips(
            self.calibration, self.labels, recipe.num_held_out // 3, self.config.window_steps,
            damaged_share=recipe.damaged_share, rng=rng,
        )  # fmt: skip
        return WindowDataset.joined([composed, self.rendered[1]]), neutral

    def composed_tests(self, recipe: HeadTraining) -> dict[str, WindowDataset]:
        """Clips composed from the stills that nothing was chosen on, clean and degraded; the same for every head."""
        return {
            name: self._compose(self.test, recipe.num_held_out, share, np.random.default_rng(HELD_OUT_SEED))
            for name, share in (("clean", 0.0), ("degraded", 1.0))
        }

    def neutral_tests(self, recipe: HeadTraining) -> dict[str, WindowDataset]:
        """Such clips of faces that show nothing."""
        count, steps = recipe.num_held_out // 3, self.config.window_steps
        return {
            name: neutral_clips(
                self.test, self.labels, count, steps, damaged_share=share, rng=np.random.default_rng(HELD_OUT_SEED + 1)
            )
            for name, share in (("neutral", 0.0), ("neutral_degraded", 1.0))
        }

    def learned_from(self) -> list[NDArray[Any]]:
        """All that decides how a training goes: what it learns from, and what chooses; of any shape, to hash."""
        stills = [part for bank in (*self.train, self.calibration) for part in (bank.features, bank.quality)]
        pools = [pool for bank in (*self.train, self.calibration) for pool in bank.pools.values()]
        rendered = [part for clips in self.rendered[:2] for part in (clips.features, clips.weights, clips.labels)]
        return [*stills, *pools, *rendered]

    def normalizer(self, recipe: HeadTraining) -> FeatureNormalizer:
        """Feature normalization fitted on the stills of training people."""
        features, quality = self.train[0].usable_views()
        count = features.shape[1] if recipe.blendshapes else self.num_features
        return fit_feature_normalizer(features[:, :count], quality, recipe)

    def _compose(
        self, bank: Bank, count: int, damaged_share: float, rng: np.random.Generator, mixed_share: float = 0.0
    ) -> WindowDataset:
        steps = self.config.window_steps
        return compose(bank, self.labels, count, steps, damaged_share=damaged_share, mixed_share=mixed_share, rng=rng)


def gather(
    data: Path, demo: Path, out: Path, labels: Sequence[str], cache: Path, say: Callable[[str], None],
    *, portraits: Path | None = None, only_held_out: bool = False,
) -> HeadData:  # fmt: skip
    """See all stills and rendered clips through the frame CNN of a bundle.

    Args:
        data: folder in FER+ layout.
        demo: ``manifest.csv`` of the rendered clips.
        out: bundle directory with the frame CNN.
        labels: classes in label order.
        cache: folder for what was seen.
        say: called with a line of text as the work goes on.
        portraits: folder or zip of labelled pictures to tell training stories with, too.
        only_held_out: leave out what heads learn from, which is most of the work.

    Raises:
        BundleError: `out` holds no frame CNN.
        DatasetError: pictures or clips cannot be read or are too few.
    """
    cnn, config = bundles.load_frame_network(out)
    listed = read_manifest(demo)
    say("Seeing the stills through the frame CNN")
    train = () if only_held_out else _banks(data / "train.npz", cnn, config, cache, _NUM_VARIED)
    if portraits and not only_held_out:
        train += portrait_banks(
            portraits, cnn, config.crop_side_px, seed=_BANK_SEED, num_varied=_NUM_PORTRAITS, cache=cache
        )
    (valid,) = _banks(data / "valid.npz", cnn, config, cache)
    first, second = halves(unseen(data))
    calibration, test = valid.subset(first), valid.subset(second)
    for name, bank in (
        *(("train.npz", bank) for bank in train[:1]),
        *(("Each half of valid.npz", half) for half in (calibration, test)),
    ):
        if poor := [label for label in labels if not tellable(bank, STORIES[label])]:
            raise DatasetError(f"{name} holds too few pictures to compose clips of {', '.join(poor)}: use more.")
    groups = split_people([clip.person for clip in listed], PEOPLE_SHARES, seed=HELD_OUT_SEED)
    if only_held_out:
        listed = [clip for clip in listed if clip.person not in groups[0]]
    seen = see_clips(listed, labels, cnn, config, cache, say)
    trained_on, calibrated_on, measured_on = (
        seen.chosen(np.array([person in group for person in seen.people])) for group in groups
    )
    undamaged = frozenset(index for index, clip in enumerate(listed) if clip.degradation == "none")
    return HeadData(
        tuple(labels), config, cnn.num_features, train, calibration, test, (trained_on, calibrated_on, measured_on),
        undamaged,
    )  # fmt: skip


def unseen(data: Path) -> Booleans:
    """Which pictures of ``valid.npz`` are no copies of pictures of ``train.npz``, (N,)."""
    return ~find_copies(read_votes(data / "valid.npz")[0], read_votes(data / "train.npz")[0])


def halves(unseen: Booleans) -> tuple[Booleans, Booleans]:
    """The unseen pictures (N,) of ``valid.npz`` in two fixed halves: one to choose on, one that is only measured on."""
    first = np.random.default_rng(HELD_OUT_SEED).permutation(len(unseen)) % 2 == 0
    return first & unseen, ~first & unseen


def _banks(
    path: Path, cnn: bundles.FrameNetwork, config: PipelineConfig, cache: Path, num_varied: int = 0
) -> tuple[Bank, ...]:
    images, votes = read_votes(path)
    stills = align(images, votes, config.crop_side_px, cache)
    return build_banks(images, stills, cnn, seed=_BANK_SEED, num_varied=num_varied, cache=cache)
