"""Presence: which of the two emotions of a pair the frames show, before anything is said of their mix.

A clip of plain laughter belongs to the pair amusement + surprise without showing surprise. Both are present when the
frames say much of both, whether together or one after the other; how much, is chosen on pictures and clips so that few
single emotions are called a blend. The share of the weaker one alone does not tell: in a face that shows little of
either, noise is a large share.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from emo_core.analysis import Prediction
from emo_core.emotions import EMOTIONS, UNSURE, HybridClass, display_name, display_percent
from emo_core.types import Doubles, FeatureSequence, Floats

_LEAST_SHARE, _MOST_NAMED, _MOST_TURNS = 0.05, 3, 3


class Verdict(Protocol):
    """A verdict on a clip, a part of one or the moment, with what of its pair the frames show."""

    @property
    def label(self) -> str:
        """A class of the model or ``unsure``."""

    @property
    def probability(self) -> float:
        """Of the label, in [0, 1]."""

    @property
    def salience(self) -> Mapping[str, float]:
        """Component → share of the pair; empty for no pair."""

    @property
    def is_blend(self) -> bool:
        """Whether both components are present."""

    @property
    def presence(self) -> Mapping[str, float]:
        """Component → mean probability of its emotion; empty for no pair."""


def mean_emotions(features: FeatureSequence, quality: Floats) -> Mapping[str, float]:
    """Mean emotion probabilities by name of the frames that count, weighted by quality (T,); {} where none does."""
    weights = np.where(features.mask, quality, 0).astype(np.float64)
    if not weights.any():
        return {}
    mean = weights[features.mask] @ features.emotions[features.mask] / weights.sum()
    return dict(zip(EMOTIONS, map(float, mean), strict=True))


def presence_of(hybrid: HybridClass, emotions: Mapping[str, float]) -> Mapping[str, float]:
    """What the frames say of each component of a pair, in [0, 1]; {} for no pair or no frame.

    Example:
        >>> pair = HybridClass("sadness_fear", {"sadness": "sadness", "fear": "fear"})
        >>> presence_of(pair, {"neutral": 0.2, "sadness": 0.7, "fear": 0.1})
        {'sadness': 0.7, 'fear': 0.1}
    """
    return {name: emotions[basic] for name, basic in hybrid.components.items()} if emotions else {}


def both_shown(emotions: Floats | Doubles) -> Doubles:
    """How much says that both emotions of a pair are there, (…,) in [0, ½], from (mean) probabilities (…, 2) of them.

    Their geometric mean: little of either, and it is little.

    Example:
        >>> both_shown(np.array([[0.4, 0.1], [0.8, 0.0]])).round(2)
        array([0.2, 0. ])
    """
    return np.asarray(np.sqrt(np.prod(np.asarray(emotions, np.float64), axis=-1)))


def present(found: Verdict) -> tuple[str, ...]:
    """The components that are there: both in a blend, else the one that the frames say more of; () for no pair."""
    known = found.presence or found.salience
    if not known:
        return ()
    return tuple(known) if found.is_blend else (max(known, key=lambda name: known[name]),)


def verdict_words(found: Verdict) -> str:
    """A verdict as a person reads it, with what of a pair is there: the only definition, for page, files and pictures.

    ``Amusement (of the pair amusement + surprise)``, ``Amusement + surprise, a blend: 62% : 38%``, ``Other``.
    """
    if found.label == UNSURE:
        return "Unsure"
    named = present(found)
    if len(named) == 1:
        return f"{named[0].capitalize()} (of the pair {found.label.replace('_', ' + ')})"
    if named and found.salience:
        first = round(100 * next(iter(found.salience.values())))
        return f"{display_name(found.label)}, a blend: {first}% : {100 - first}%"
    return display_name(found.label)


def sure_words(found: Verdict) -> str:
    """A verdict with its probability, in little room; one that is unsure claims none."""
    words = verdict_words(found)
    return words if found.label == UNSURE else f"{words}, {display_percent(found.probability)}"


def emotion_words(emotions: Mapping[str, float]) -> str:
    """The strongest mean frame emotions, such as ``sadness 82%, neutral 11%``; empty where there are none.

    Example:
        >>> emotion_words({"neutral": 0.11, "sadness": 0.82, "fear": 0.02})
        'sadness 82%, neutral 11%'
    """
    strongest: Sequence[str] = sorted(emotions, key=lambda name: -emotions[name])[:_MOST_NAMED]
    return ", ".join(f"{name} {100 * emotions[name]:.0f}%" for name in strongest if emotions[name] >= _LEAST_SHARE)


def headline(prediction: Prediction) -> str:
    """The verdict on a clip in words; where its parts have different verdicts, these in order, if they are few.

    ``Sadness, then amusement``; ``Changes during the clip`` where there are more than three.
    """
    if prediction.label != UNSURE or not verdict_changes(prediction):
        return verdict_words(prediction)
    told = [" + ".join(present(item)) or display_name(item.label).lower() for item in prediction.segments
            if item.label != UNSURE]  # fmt: skip
    turns = [name for name, before in zip(told, ["", *told], strict=False) if name != before]
    if len(turns) > _MOST_TURNS:
        return "Changes during the clip"
    words = ", then ".join(turns)
    return words[0].upper() + words[1:]


def verdict_changes(prediction: Prediction) -> bool:
    """Whether the parts of a clip have different verdicts, those that are unsure aside."""
    return len({item.label for item in prediction.segments} - {UNSURE}) > 1
