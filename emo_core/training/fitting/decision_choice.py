"""Choose how the frames count beside the LSTM, and the thresholds, with real clips in the balance. Loads TensorFlow.

Real clips are few, so they choose between a few candidates only, together with composed and rendered clips; and what
is told of them is cross-validated by person: the verdicts on a person come from what the other people chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import WindowPrediction
from emo_core.datasets.clips import DatasetClip
from emo_core.datasets.windows import WindowDataset
from emo_core.emotions import OTHER, UNSURE
from emo_core.inference.windows import ABSTAIN, ClipDecision, aggregate_windows, decide
from emo_core.measured import Compared
from emo_core.model.bundle import Bundle
from emo_core.model.evidence import FrameEvidence
from emo_core.model.normalization import ScoreNormalizer
from emo_core.training.head_thresholds import fit_scores
from emo_core.types import Floats

WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9)
OFFSETS = (0.0, 0.5, 1.0)
NEUTRAL_HYBRIDS = (0.01, 0.02)
"""What is tried: weight of the frames, log offset of sadness and fear among them, neutral faces called a hybrid."""

MOST_PAID = 0.01
"""Accuracy on held-out composed and rendered clips that real clips may cost, below the best of all decisions."""

MOST_NEUTRAL = 0.02
"""Share of held-out clips of faces that show nothing that may be called a hybrid; thresholds cannot always keep what is
tried, and such a decision is out, whatever it gains on real clips."""

NUM_FOLDS = 10
_NEIGHBOURHOODS = 4
_LEAST = 1e-4  # probability, so that no single clip decides


@dataclass(frozen=True, slots=True, eq=False)
class RealClip:
    """A labelled part of a real video, judged by the LSTM and seen by the frames, window by window.

    Attributes:
        clip: what it is.
        label: index of its class.
        probabilities: (W, C) of the LSTM alone.
        emotions: (W, 8) mean frame emotions of each window.
        mean_emotions: (8,) of the whole part.
        quality: (W,).
        num_valid: (W,) frames that count.
    """

    clip: DatasetClip
    label: int
    probabilities: Floats
    emotions: Floats
    mean_emotions: Floats
    quality: Floats
    num_valid: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Composed and rendered clips of others: what the LSTM says (N, C), mean frame emotions (N, 8), the clips."""

    probabilities: Floats
    emotions: Floats
    clips: WindowDataset


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """One way to decide.

    Attributes:
        evidence: how the frames count.
        neutral_hybrids: greatest share of neutral held-out clips that may be called a hybrid.
        scores, flat_scores: thresholds by quality, and such that do not depend on it.
        costs: C_FA of each class.
        neutral_called: share of the neutral held-out clips that are called a hybrid.
        held_out: mean recall over the classes on held-out composed and rendered clips, *unsure* being right for other.
        forced: the same when a choice is forced, on all of them.
        verdicts: index of the verdict on each real clip, :data:`ABSTAIN` for unsure.
        losses: log loss of the true class of each real clip.
    """

    evidence: FrameEvidence
    neutral_hybrids: float
    scores: ScoreNormalizer
    flat_scores: ScoreNormalizer
    costs: tuple[float, ...]
    neutral_called: float
    held_out: float
    forced: float
    verdicts: NDArray[np.intp]
    losses: Floats


def candidates(bundle: Bundle, real: Sequence[RealClip], held_out: HeldOut, neutral: HeldOut) -> list[Decision]:
    """Every decision that is tried, with what it says of the real clips.

    Args:
        bundle: the model.
        real: the real clips.
        held_out: composed and rendered clips of others.
        neutral: such of faces that show nothing.
    """
    labels = bundle.info.labels
    pairs = [index for index, name in enumerate(labels) if name != OTHER]
    found = []
    for evidence in _evidences(bundle):
        given, of_neutral = (_blended(bundle, evidence, part) for part in (held_out, neutral))
        forced = mean_recall(held_out.clips.labels, given.argmax(axis=1), labels)
        for limit in NEUTRAL_HYBRIDS:
            scores, costs = fit_scores(given, held_out.clips, of_neutral, neutral.clips, labels, limit, _NEIGHBOURHOODS)
            verdicts = decide(given, scores.transform(given, held_out.clips.quality))
            judged = [judge(bundle, evidence, scores, item) for item in real]
            said = np.array([ruling.verdict for ruling in judged])
            given_truth = [ruling.probabilities[item.label] for ruling, item in zip(judged, real, strict=True)]
            losses = -np.log(np.maximum(np.array(given_truth, np.float32), _LEAST))
            recall = mean_recall(held_out.clips.labels, verdicts, labels)
            called = decide(of_neutral, scores.transform(of_neutral, neutral.clips.quality))
            hybrids = float(np.isin(called, pairs).mean()) if len(called) else 0.0
            found.append(Decision(evidence, limit, scores, scores, costs, hybrids, recall, forced, said, losses))
    return found


def with_flat_thresholds(bundle: Bundle, chosen: Decision, held_out: HeldOut, neutral: HeldOut) -> Decision:
    """A decision with thresholds, too, that do not depend on quality.

    Args:
        bundle: the model.
        chosen: the decision to complete.
        held_out: clips that thresholds are fitted on.
        neutral: clips of faces that show nothing.
    """
    given, of_neutral = (_blended(bundle, chosen.evidence, part) for part in (held_out, neutral))
    flat, _ = fit_scores(
        given, held_out.clips, of_neutral, neutral.clips, bundle.info.labels, chosen.neutral_hybrids, 1
    )
    return replace(chosen, flat_scores=flat)


def choose(tried: Sequence[Decision], truth: NDArray[np.intp], among: NDArray[np.intp]) -> Decision:
    """The decision that finds the truth of some real clips likeliest, of those that hardly pay on held-out clips.

    What is chosen on a dozen sad clips must not be fooled by them: log loss, every class counting alike, changes less
    with a clip than a count of verdicts, which a single one at its threshold turns over. Decisions that cost more than
    :data:`MOST_PAID` of accuracy on thousands of others, or call more than :data:`MOST_NEUTRAL` of faces that show
    nothing a hybrid, are out; between equals neutral faces decide, then the other held-out clips.

    Args:
        tried: all decisions.
        truth: (N,) class of each real clip.
        among: (M,) indices of real clips.
    """
    least = min(item.neutral_called for item in tried)
    calm = [item for item in tried if item.neutral_called <= max(MOST_NEUTRAL, least)]
    bar = max(item.forced for item in calm) - MOST_PAID
    able = [item for item in calm if item.forced >= bar]
    shown = [among[truth[among] == label] for label in np.unique(truth[among])]
    return min(
        able,
        key=lambda item: (
            float(np.mean([item.losses[which].mean() for which in shown])), item.neutral_called, -item.held_out
        ),
    )  # fmt: skip


def cross_validated(tried: Sequence[Decision], truth: NDArray[np.intp], people: Sequence[str]) -> NDArray[np.intp]:
    """Verdicts (N,) on real clips, those on each person by the decision that the people of other folds chose.

    Args:
        tried: all decisions.
        truth: (N,) class of each real clip.
        people: who is shown in each.
    """
    names = np.random.default_rng(0).permutation(sorted(set(people)))
    fold_of = {name: number % NUM_FOLDS for number, name in enumerate(names.tolist())}
    folds = np.array([fold_of[person] for person in people])
    verdicts = np.full(len(truth), ABSTAIN)
    for fold in np.unique(folds):
        chosen = choose(tried, truth, np.flatnonzero(folds != fold))
        verdicts[folds == fold] = chosen.verdicts[folds == fold]
    return verdicts


def worth_it(
    tried: Sequence[Decision], truth: NDArray[np.intp], people: Sequence[str], labels: Sequence[str]
) -> tuple[Sequence[Decision], NDArray[np.intp], Compared]:
    """All decisions, or those of the LSTM alone where counting the frames loses in the cross-validation.

    Between equals the frames count: the CNN that they come from has learned from real faces, the LSTM hardly has.

    Args:
        tried: all decisions.
        truth: (N,) class of each real clip.
        people: who is shown in each.
        labels: classes in label order.

    Returns:
        The decisions to choose from, their cross-validated verdicts (N,), and the mean recall of both kinds.
    """
    alone = [item for item in tried if not item.evidence.weight]
    of_all, of_alone = (cross_validated(kind, truth, people) for kind in (tried, alone))
    found = Compared(mean_recall(truth, of_alone, labels), mean_recall(truth, of_all, labels))
    return (tried, of_all, found) if found.frames_beside >= found.lstm_alone else (alone, of_alone, found)


def judge(bundle: Bundle, evidence: FrameEvidence, scores: ScoreNormalizer, item: RealClip) -> ClipDecision:
    """The ruling on a real clip, as an analysis gives it.

    Args:
        bundle: the model.
        evidence: how the frames count.
        scores: thresholds.
        item: the clip.
    """
    beside = evidence.of_frames(bundle.classes, item.emotions)
    mixed = (1 - evidence.weight) * item.probabilities + evidence.weight * beside
    above = scores.transform(mixed, item.quality)
    choices = np.where(item.num_valid >= bundle.config.min_face_frames, decide(mixed, above), ABSTAIN)
    windows = [
        WindowPrediction(
            0.0, 1.0, UNSURE if choice == ABSTAIN else bundle.info.labels[choice], probabilities, score,
            float(quality), int(count), int(count) / bundle.config.sample_rate_hz,
        )
        for choice, probabilities, score, quality, count in zip(
            choices, mixed, above, item.quality, item.num_valid, strict=True
        )
    ]  # fmt: skip
    return aggregate_windows(replace(bundle, scores=scores, evidence=evidence), windows)


def right(truth: NDArray[np.intp], verdicts: NDArray[np.intp], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Which verdicts (N,) on clips of `truth` (N,) are right; *unsure* is where that is *other*: it misleads nobody."""
    other = labels.index(OTHER) if OTHER in labels else len(labels)
    return np.asarray((verdicts == truth) | ((verdicts == ABSTAIN) & (truth == other)))


def mean_recall(truth: NDArray[np.intp], verdicts: NDArray[np.intp], labels: Sequence[str]) -> float:
    """Mean over the classes that occur in `truth` (N,) of the share of right verdicts (N,)."""
    correct = right(truth, verdicts, labels)
    return float(np.mean([correct[truth == label].mean() for label in np.unique(truth)]))


def _evidences(bundle: Bundle) -> list[FrameEvidence]:
    paired = ["sadness" in item.components.values() for item in bundle.classes]
    found = [FrameEvidence()]
    for weight in WEIGHTS[1:]:
        found += [FrameEvidence(weight, tuple(offset * pair for pair in paired)) for offset in OFFSETS]
    return found


def _blended(bundle: Bundle, evidence: FrameEvidence, part: HeldOut) -> Floats:
    beside = evidence.of_frames(bundle.classes, part.emotions)
    return np.asarray((1 - evidence.weight) * part.probabilities + evidence.weight * beside, np.float32)
