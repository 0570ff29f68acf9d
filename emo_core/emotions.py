"""Basic emotions, hybrid classes, label order and colours: the only definition.

The basic emotions are FER+'s, in FER+ order. A hybrid class is a named pair of components; each component names the
basic emotion that stands for it (FER+ has no amusement: happiness stands for it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EMOTIONS: tuple[str, ...] = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
)  # fmt: skip
"""The eight basic emotions in the order of every probability vector (FER+)."""

VOTE_NAMES: tuple[str, ...] = (*EMOTIONS, "unknown", "not_face")
"""Columns of a FER+ vote array."""

UNSURE = "unsure"
"""The verdict when no class passes its threshold; never a class of a model."""

OTHER = "other"
"""The class of neutral faces and of emotions that belong to no pair."""


@dataclass(frozen=True, slots=True)
class HybridClass:
    """One class of a model: its name and, for a pair, its components.

    Attributes:
        name: label as shown and stored, such as ``amusement_surprise``.
        components: component name → basic emotion that stands for it; two entries for a pair, none for ``other``.

    Raises:
        ValueError: a component names no basic emotion, the name is reserved, or there are neither 0 nor 2 components.

    Example:
        >>> HybridClass("sadness_fear", {"sadness": "sadness", "fear": "fear"}).is_pair
        True
    """

    name: str
    components: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or self.name == UNSURE:
            raise ValueError(f"a class cannot be called {self.name!r}")
        if len(self.components) not in (0, 2):
            raise ValueError(f"class {self.name!r} has {len(self.components)} components; a pair has 2, any other 0")
        unknown = set(self.components.values()) - set(EMOTIONS)
        if unknown:
            raise ValueError(f"class {self.name!r} names unknown basic emotions {sorted(unknown)}; known: {EMOTIONS}")

    @property
    def is_pair(self) -> bool:
        """Whether the class is a pair of basic emotions (and so has a salience)."""
        return bool(self.components)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: the arguments by name."""
        return {"name": self.name, "components": dict(self.components)}


PAPER_CLASSES: tuple[HybridClass, ...] = (
    HybridClass("amusement_surprise", {"amusement": "happiness", "surprise": "surprise"}),
    HybridClass("sadness_fear", {"sadness": "sadness", "fear": "fear"}),
    HybridClass(OTHER),
)
"""The paper's two classes, and ``other``, which it lacks: without it a blank face must be called one of the two."""

_STANDS_FOR: Mapping[str, str] = {
    **{name: name for name in EMOTIONS},
    "amusement": "happiness", "joy": "happiness", "amused": "happiness", "happy": "happiness", "surprised": "surprise",
    "sad": "sadness", "angry": "anger", "disgusted": "disgust", "fearful": "fear",
}  # fmt: skip
"""Words for a component of a taught class → basic emotion that stands for it."""

EMOTION_COLOURS: Mapping[str, str] = {
    "neutral": "#8A96B3", "happiness": "#F3AA01", "surprise": "#FF7E8D", "sadness": "#3F84E0",
    "anger": "#CC3710", "disgust": "#607159", "fear": "#61489F", "contempt": "#7B637E",
}  # fmt: skip
"""One colour per basic emotion, the same on every page and chart.

Any two stay apart for people who see no red or no green as well; a test computes how far.
"""

_CLASS_COLOURS: Mapping[str, str] = {
    "amusement_surprise": "#F08A24", "sadness_fear": "#5468C4", OTHER: "#8A94A6", UNSURE: "#C3C8D2",
}  # fmt: skip
_SPARE_COLOURS = ("#2A9D8F", "#B5548B", "#6A994E", "#BC6C25", "#4A4E69", "#0081A7")


def class_named(name: str) -> HybridClass:
    """The class that a label of a data set means: a pair where it names two basic emotions, else one of no components.

    Only a pair has a salience, because that is read from the basic emotions of its components.

    Raises:
        ValueError: the name is empty or reserved.

    Example:
        >>> class_named("joy_fear").components
        {'joy': 'happiness', 'fear': 'fear'}
        >>> class_named("pensive").is_pair
        False
    """
    for item in PAPER_CLASSES:
        if item.name == name:
            return item
    parts = name.lower().split("_")
    components = {part: _STANDS_FOR[part] for part in parts if part in _STANDS_FOR}
    is_pair = len(parts) == len(components) == len(set(components.values())) == 2
    return HybridClass(name, components if is_pair else {})


def class_colour(name: str, labels: tuple[str, ...] = ()) -> str:
    """Colour (hex RGB) of a class or of ``unsure``; classes that a user taught take spare colours by their position.

    Example:
        >>> class_colour("sadness_fear")
        '#5468C4'
    """
    if name in _CLASS_COLOURS:
        return _CLASS_COLOURS[name]
    position = labels.index(name) if name in labels else 0
    return _SPARE_COLOURS[position % len(_SPARE_COLOURS)]


def display_name(name: str) -> str:
    """Name as a person reads it: ``amusement_surprise`` → ``Amusement + surprise``.

    Example:
        >>> display_name("amusement_surprise")
        'Amusement + surprise'
    """
    return name.replace("_", " + ").capitalize()


def display_percent(probability: float) -> str:
    """A probability as a person reads it; never 100%, which nobody measured.

    Example:
        >>> display_percent(0.834), display_percent(0.999)
        ('83%', '99%')
    """
    return f"{min(probability, 0.99):.0%}"
