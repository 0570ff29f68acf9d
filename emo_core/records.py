"""Records of what an evaluation measures, each figure with its 95% interval; msgspec writes and reads them as JSON."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from msgspec import Struct

Interval: TypeAlias = tuple[float, float] | None
"""Lower and upper end; None where too little stands behind a figure to tell them."""

Counts: TypeAlias = tuple[tuple[int, ...], ...]
"""A table, rows true classes."""


def span(interval: Sequence[float] | None, form: str = ".1%") -> str:
    """Both ends of an interval in words; empty where there is none.

    Example:
        >>> span((0.7, 0.85)), span((-0.1, 0.2), "+.2f"), span(None)
        ('70.0% – 85.0%', '-0.10 – +0.20', '')
    """
    return f"{interval[0]:{form}} – {interval[1]:{form}}" if interval else ""


def points_span(interval: Interval) -> str:
    """Both ends of an interval of a difference of shares, in percentage points; empty where there is none.

    Example:
        >>> points_span((-0.1, 0.25)), points_span(None)
        ('-10.0 – +25.0', '')
    """
    return span(interval and tuple(100 * end for end in interval), "+.1f")


def bracketed(interval: Sequence[float] | None, form: str = ".1%", of: str = "") -> str:
    """Both ends in brackets after a blank, to follow a figure; `of` says what of; empty where there is none.

    Example:
        >>> bracketed((0.7, 0.85), ".4f", "95% over people")
        ' (95% over people 0.7000 – 0.8500)'
    """
    return f" ({of}{' ' if of else ''}{span(interval, form)})" if interval else ""


class Score(Struct, frozen=True):
    """A figure, None where nothing was there to measure, and its interval."""

    value: float | None
    interval: Interval

    def text(self, form: str = ".1%") -> str:
        """The figure with its interval in brackets.

        Example:
            >>> Score(0.75, (0.7, 0.8)).text(), Score(None, None).text()
            ('75.0% (70.0% – 80.0%)', 'none')
        """
        return "none" if self.value is None else f"{self.value:{form}}{bracketed(self.interval, form)}"


class MeanScores(Struct, frozen=True):
    """Accuracy, and the means over classes of precision, recall and F1."""

    accuracy: Score
    precision: Score
    recall: Score
    f1: Score


class ClassRow(Struct, frozen=True):
    """Figures of one class; `support` counts its samples."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class ClassScores(ClassRow, frozen=True):
    """The same with intervals."""

    precision_interval: Interval
    recall_interval: Interval
    f1_interval: Interval

    @property
    def scores(self) -> dict[str, Score]:
        """Precision, recall and F1 by name."""
        names = ("precision", "recall", "f1")
        return {name: Score(getattr(self, name), getattr(self, f"{name}_interval")) for name in names}


class RocCurve(Struct, frozen=True):
    """Points of a ROC curve."""

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]


class PrecisionRecallCurve(Struct, frozen=True):
    """Points of a precision-recall curve."""

    recall: tuple[float, ...]
    precision: tuple[float, ...]


class ClassCurves(Struct, frozen=True):
    """Curves of a class against the rest; all but the count None where one side is empty."""

    label: str
    num_positive: int
    roc_auc: Score | None = None
    average_precision: float | None = None
    roc: RocCurve | None = None
    precision_recall: PrecisionRecallCurve | None = None


class CalibrationBin(Struct, frozen=True):
    """Samples whose confidence lies in one bin: mean confidence, share that is right, how many."""

    bin: int
    confidence: float
    accuracy: float
    num_samples: int


class Calibration(Struct, frozen=True):
    """Expected calibration error, and the bins behind it."""

    error: Score
    bins: tuple[CalibrationBin, ...]


class CoveragePoint(Struct, frozen=True):
    """Share of clips with a verdict, and of these that are right, at a threshold of the best normalized score."""

    threshold: float
    coverage: float
    accuracy: float


class SliceScore(Struct, frozen=True):
    """One part of a slice: how many clips and people, accuracy, share of clips with a verdict."""

    slice: str
    value: str
    num_clips: int
    num_people: int
    accuracy: Score
    coverage: float


class ClipMetrics(Struct, frozen=True):
    """All figures of a model on a data set of clips, with intervals over people.

    `scores`, `per_class` and `confusion` force a choice, the most probable class; `coverage`, `accuracy_when_decided`
    and `verdicts` (last column unsure) let the model abstain as the app does. Rows of both tables are true classes.
    """

    num_clips: int
    num_people: int
    num_left_out: int
    labels: tuple[str, ...]
    scores: MeanScores
    per_class: tuple[ClassScores, ...]
    confusion: Counts
    coverage: Score
    accuracy_when_decided: Score
    verdict_columns: tuple[str, ...]
    verdicts: Counts
    calibration: Calibration
    slices: tuple[SliceScore, ...]
    curves: tuple[ClassCurves, ...] = ()
    coverage_curve: tuple[CoveragePoint, ...] = ()

    @property
    def headline(self) -> dict[str, Score]:
        """The figures that tell most, by their names for people, the honest ones first."""
        return {
            "Accuracy": self.scores.accuracy, "Macro-F1": self.scores.f1, "Gives a verdict": self.coverage,
            "Right when it does": self.accuracy_when_decided,
        }  # fmt: skip


class PortraitScores(Struct, frozen=True):
    """Figures over all portraits; means over classes count emotions that occur."""

    accuracy: Score
    macro_f1: Score
    calibration_error: Score


class PortraitClass(ClassRow, frozen=True):
    """Figures of one emotion, the recall with its interval."""

    recall_interval: Interval


class PortraitPair(Struct, frozen=True):
    """How well a pair is told from all other portraits by p_a + p_b; `recall_at_false_alarms` is above `threshold`."""

    pair: str
    num_positive: int
    auc: Score
    recall_at_false_alarms: Score
    threshold: float | None


class Portraits(Struct, frozen=True, omit_defaults=True):
    """The frame CNN on pictures of known people, one label each; intervals over people. Rows are true classes.

    `part` names the people if these are not all of the pictures, `command` what measured them.
    """

    num_pictures: int
    num_without_face: int
    num_people: int
    scores: PortraitScores
    labels: tuple[str, ...]
    per_class: tuple[PortraitClass, ...]
    confusion: Counts
    pairs: tuple[PortraitPair, ...]
    part: str = ""
    command: str = ""


class ProtocolScores(Struct, frozen=True):
    """One recipe, cross-validated on clips that are split in one way."""

    accuracy: float
    macro_f1: float
    interval_over_people: Interval
    macro_f1_interval_over_people: Interval = None


class Protocols(Struct, frozen=True, omit_defaults=True):
    """One recipe under each way to split the same clips that was tried, and how it was measured.

    `joined` splits by person with people whose clips show the same frames taken for one; `leakage` is accuracy at
    random minus that of the honest split.
    """

    random: ProtocolScores | None = None
    subject: ProtocolScores | None = None
    joined: ProtocolScores | None = None
    leakage: float | None = None
    leakage_interval: Interval = None
    num_windows: int = 0
    num_people: int = 0
    num_folds: int = 0
    num_clips: int = 0
    data: str = ""
    sources: tuple[str, ...] = ()
    same_people: tuple[str, ...] = ()
    recipe: dict[str, Any] = {}
    command: str = ""
    made_at: str = ""

    @property
    def splits(self) -> dict[str, ProtocolScores]:
        """Those that were tried, by name."""
        found = {name: getattr(self, name) for name in ("random", "subject", "joined")}
        return {name: scores for name, scores in found.items() if scores}
