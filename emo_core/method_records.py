"""Records of what was measured of the method: ablation, normalization, presence, salience, seeds, heatmaps."""

from typing import Any, TypeAlias

from msgspec import Struct, field

from emo_core.records import Interval, bracketed

Spread: TypeAlias = tuple[float, float, float]
"""Mean over seeds or pairs of heads, and both ends of its 95% Student interval."""


def mean_text(found: Spread) -> str:
    """A mean with half its interval.

    Example:
        >>> mean_text((0.9, 0.8, 1.0))
        '0.900 ± 0.100'
    """
    return f"{found[0]:.3f} ± {found[2] - found[0]:.3f}"


def change_text(found: Spread, form: str = "+.3f") -> str:
    """A mean difference with its interval.

    Example:
        >>> change_text((0.1, -0.2, 0.4))
        '+0.100 (-0.200 – +0.400)'
    """
    return f"{found[0]:{form}}{bracketed(found[1:], form)}"


class SalienceRow(Struct, frozen=True, omit_defaults=True):
    """Shares within a pair against the votes, on some pictures: mean absolute error, that of always answering one half.

    Where `difference_interval` is below 0, the curve is better.
    """

    pair: str = field(name="class")
    pictures: str
    rule: str
    num_images: int
    mean_absolute_error: float | None = None
    of_one_half: float | None = None
    difference_interval: Interval = None


class FeatureBin(Struct, frozen=True):
    """Frames of one neighbourhood of quality: shift of their mean, and their deviation, in those of all frames."""

    quality: str
    count: int
    mean_shift: float
    deviation: float


class ScoreBin(Struct, frozen=True):
    """Clips of one neighbourhood of quality, and the threshold of each class."""

    quality: str
    count: int
    thresholds: tuple[float, ...]


class Normalization(Struct, frozen=True):
    """Both Q-based normalizations as shipped."""

    labels: tuple[str, ...]
    features: tuple[FeatureBin, ...]
    scores: tuple[ScoreBin, ...]


class SeedRow(Struct, frozen=True):
    """One of the heads that were trained."""

    seed: int
    shipped: bool
    held_out_loss: float
    held_out_accuracy: float
    clean_macro_f1: float | None
    degraded_macro_f1: float | None
    rendered_macro_f1: float | None
    neutral_called_hybrid: float | None


class Counted(Struct, frozen=True):
    """A share of so many, with its exact interval; None of none."""

    value: float | None
    interval: Interval
    num: int


class Presence(Struct, frozen=True):
    """How well blends of a pair are told from single emotions."""

    false_blends: Counted
    recall: Counted
    auc: float | None


class PresenceRow(Presence, frozen=True, kw_only=True):
    """The same with what it was measured on, and the threshold; `chose` where that helped to choose it."""

    pair: str = field(name="class")
    on: str
    threshold: float
    chose: bool = False

    @property
    def where(self) -> str:
        """What it was measured on, in words; said where that chose, and so flatters."""
        return f"{self.on} (chose)" if self.chose else self.on


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of head: its reader, and the parts of the method that it has."""

    reader: str
    mean_input: bool
    q_features: bool
    blendshapes: bool


class HeadRow(Kind, frozen=True, kw_only=True):
    """One head of an ablation: figures on held-out clips, on clean and degraded composed ones, and on rendered ones."""

    seed: int
    epochs: int
    held_out_loss: float
    held_out_accuracy: float
    clean_macro_f1: float
    clean_half_total_error: float
    clean_half_total_error_flat: float
    degraded_macro_f1: float
    degraded_half_total_error: float
    degraded_half_total_error_flat: float
    rendered_macro_f1: float


class Variant(Kind, frozen=True, omit_defaults=True, kw_only=True):
    """Heads of one kind over all seeds."""

    num_seeds: int
    held_out_loss: Spread
    clean_macro_f1: Spread
    degraded_macro_f1: Spread
    rendered_macro_f1: Spread
    held_out_accuracy: Spread | None = None
    clean_half_total_error: Spread | None = None
    clean_half_total_error_flat: Spread | None = None
    degraded_half_total_error: Spread | None = None
    degraded_half_total_error_flat: Spread | None = None


class Effect(Struct, frozen=True, omit_defaults=True):
    """What switching one part of the LSTM on changes in a figure, other things equal."""

    part: str
    figure: str
    num_pairs: int
    clean: Spread | None = None
    degraded: Spread | None = None
    rendered: Spread | None = None


class Ablation(Struct, frozen=True, omit_defaults=True):
    """What each part of the method is worth."""

    variants: tuple[Variant, ...] = ()
    effects: tuple[Effect, ...] = ()
    command: str = ""
    recipe: dict[str, Any] = {}
    minutes: float = 0
    of_former_frame_cnn: bool = False


class ClassDifference(Struct, frozen=True):
    """Difference in the fall of a class score; None where no picture shows the class."""

    label: str
    num_images: int
    difference: float | None


class Deletion(Struct, frozen=True):
    """How far the class score (log-odds) falls without the brightest cells of the heatmap, and without random ones."""

    num_images: int
    num_cells_deleted: int
    num_cells: int
    num_random_draws: int
    fall_top: float
    fall_random: float
    fall_map_of_another_picture: float
    difference: float
    difference_interval: Interval
    share_more_than_random: float
    share_interval: Interval
    per_class: tuple[ClassDifference, ...]


class Planted(Struct, frozen=True, omit_defaults=True):
    """Share of the heatmap in the half of a face that is left."""

    num_halves: int
    num_images: int
    mass_in_visible_half: float | None = None
    interval: Interval = None


class Randomized(Struct, frozen=True):
    """Rank correlation of heatmaps with those of shuffled weights."""

    num_images: int
    num_heads: int
    rank_correlation: float | None
    num_pairs: int


class HeatmapChecks(Struct, frozen=True, omit_defaults=True):
    """Whether the heatmaps can be believed."""

    deletion: Deletion
    planted: Planted
    randomized: Randomized
    seed: int
    command: str = ""
    version: str = ""
