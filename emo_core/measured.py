"""What ``metrics.json`` of a model holds, section by section; msgspec reads and writes it.

What the records of earlier versions lack has a default; entries that nobody here knows are left alone.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from emo_core.method_records import Ablation, HeatmapChecks, Normalization, PresenceRow, SalienceRow, SeedRow
from emo_core.records import ClassRow, ClipMetrics, Counts, Interval, Portraits, Protocols, Score

Stories: TypeAlias = dict[str, tuple[float, int]]
"""Story → share judged rightly and number of clips."""


class PairAuc(Struct, frozen=True):
    """How well a pair of emotions is told from all other pictures, under a rule of what counts as both."""

    pair: str
    rule: str
    num_positive: int
    auc: float | None


class Stills(Struct, frozen=True, omit_defaults=True):
    """The frame CNN on pictures with votes; of all of them also those that are no copies, and the second half."""

    num_images: int
    accuracy: float
    macro_f1: float
    num_left_out: int | None = None
    accuracy_interval: Interval = None
    calibration_error: float | None = None
    per_class: tuple[ClassRow, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: Counts = ()
    hybrid_auc: tuple[PairAuc, ...] = ()
    share_aligned: float | None = None
    without_copies: "Stills | None" = None
    second_half: "Stills | None" = None


class Part(Struct, frozen=True):
    """Some of the clips, forced to a choice; None where there are none."""

    num_clips: int
    accuracy: float | None
    macro_f1: float | None


class JudgedClips(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Verdicts of a head on clips, and its gain over the mean of their frame emotions.

    `accuracy`, `macro_f1`, `per_class`, `confusion` force a choice (most probable class); `coverage`,
    `accuracy_when_decided` and `verdicts` (last column unsure) let the model abstain. Rows are true classes.
    """

    num_clips: int
    accuracy: float
    labels: tuple[str, ...] = ()
    macro_f1: float | None = None
    calibration_error: float | None = None
    per_class: tuple[ClassRow, ...] = ()
    confusion: Counts = ()
    coverage: float | None = None
    accuracy_when_decided: float | None = None
    verdict_columns: tuple[str, ...] = ()
    verdicts: Counts = ()
    mean_of_frame_emotions_accuracy: float | None = None
    gain_over_mean: float | None = None
    gain_interval: Interval = None
    by_story: Stories = {}


class ComposedSet(JudgedClips, frozen=True, omit_defaults=True, kw_only=True):
    """Clips composed from stills; intervals over pictures."""

    accuracy_interval: Interval = None
    macro_f1_interval: Interval = None
    without_look_alikes: Part | None = None


class RenderedClips(JudgedClips, frozen=True, omit_defaults=True, kw_only=True):
    """Rendered clips of people that it never saw; intervals over people."""

    num_people: int
    accuracy_interval_over_people: Interval = None
    undamaged: Part | None = None


class NeutralSet(Struct, frozen=True, omit_defaults=True):
    """Composed clips of faces that show nothing: the share that is called a pair of emotions."""

    num_clips: int
    called_hybrid: float
    by_story: Stories = {}


class ComposedClips(Struct, frozen=True, omit_defaults=True):
    """Clips composed from stills: as they are, with damaged stretches, and such of faces that show nothing."""

    clean: ComposedSet | None = None
    degraded: ComposedSet | None = None
    neutral: NeutralSet | None = None
    neutral_degraded: NeutralSet | None = None


class RealClass(Struct, frozen=True):
    """Verdicts on real clips of a class; unsure is right for *other*."""

    label: str
    right: int
    unsure: int
    num: int


class RealVerdicts(Struct, frozen=True):
    """Mean recall over the classes of real clips, with its interval over people, and counts by class."""

    macro_recall: float
    interval: Interval
    by_class: tuple[RealClass, ...]


class RealPart(Struct, frozen=True):
    """Real clips of one kind, judged in three ways."""

    clips: str
    num_clips: int
    cross_validated: RealVerdicts
    as_shipped: RealVerdicts
    mean_of_frame_emotions: RealVerdicts


class Compared(Struct, frozen=True):
    """Macro recall on real clips, cross-validated: of the LSTM alone, and with the frame emotions counted in."""

    lstm_alone: float
    frames_beside: float


class RealClips(Struct, frozen=True, omit_defaults=True):
    """Real clips that helped to choose how to decide; no clip is named. The first part is all of them."""

    num_clips: int
    num_people: int
    num_left_out: int
    labels: tuple[str, ...]
    parts: tuple[RealPart, ...]
    gain_over_mean: Score
    compared: Compared | None = None


class VerdictRow(Struct, frozen=True):
    """Verdicts on clips of one true class."""

    label: str
    verdicts: tuple[int, ...]


class VerdictPart(Struct, frozen=True):
    """Clips of one source: verdicts by true class, and the shares that are right."""

    clips: str
    num_clips: int
    rows: tuple[VerdictRow, ...]
    of_its_classes: Score
    of_all: Score


class VerdictCounts(Struct, frozen=True):
    """Verdicts on clips that are not of the data set's test part; no clip is named. The first part is all of them."""

    data: str
    num_clips: int
    num_people: int
    num_left_out: int
    verdict_columns: tuple[str, ...]
    parts: tuple[VerdictPart, ...]


class TaughtClips(ClipMetrics, frozen=True, omit_defaults=True, kw_only=True):
    """The test part of the data set that a model was taught from, and how; empty words where that is not known.

    Curves are in a file of their own.
    """

    recipe: str = ""
    protocol: str = ""


class TaughtPart(Struct, frozen=True):
    """Clips that train, choose or are only measured on: how many, whose, of which classes."""

    num_clips: int
    people: tuple[str, ...]
    by_class: dict[str, int]
    clips: tuple[str, ...] = ()


class BaseStills(Struct, frozen=True, omit_defaults=True):
    """How good the frame CNN of the base is on pictures with votes; empty where that is not known."""

    num_images: int = 0
    accuracy: float | None = None
    macro_f1: float | None = None


class TaughtRecord(Struct, frozen=True):
    """What ``bundle.json`` of a taught model says of its training.

    Attributes:
        data: name of the data set.
        recipe, protocol: how it was taught, and how the clips were parted.
        base, base_stills: whose frame CNN it is, and how good that is.
        tuned: whether its last stage was tuned to the data set.
        num_clips: those that can be judged.
        left_out: names of the others.
        parts: train, validation and test.
        seen: content keys of the clips that trained or chose.
        unknown_people: clips that name nobody.
        sources: of the clips.
    """

    data: str
    protocol: str
    base: str
    base_stills: BaseStills
    tuned: bool
    num_clips: int
    left_out: tuple[str, ...]
    parts: dict[str, TaughtPart]
    seen: tuple[str, ...]
    unknown_people: int
    sources: tuple[str, ...]
    recipe: str = "studio"


class Measured(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that was measured on a model; None where it was not."""

    real_stills: Stills | None = None
    composed_clips: ComposedClips | None = None
    rendered_clips: RenderedClips | None = None
    salience: tuple[SalienceRow, ...] = ()
    normalization: Normalization | None = None
    seeds: tuple[SeedRow, ...] = ()
    real_clips: RealClips | None = None
    portraits: Portraits | None = None
    presence: tuple[PresenceRow, ...] = ()
    ablation: Ablation | None = None
    protocols: Protocols | None = None
    heatmap_checks: HeatmapChecks | None = None
    taught_clips: TaughtClips | None = None
    forced_clips: VerdictCounts | None = None
    untouched_real_clips: VerdictCounts | None = None


def read_measured(record: Mapping[str, Any]) -> Measured:
    """The content of ``metrics.json`` as types.

    Raises:
        msgspec.ValidationError: it is not what this version, or one before it, writes; a ValueError.
    """
    return msgspec.convert(record, Measured)
