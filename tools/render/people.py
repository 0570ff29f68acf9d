"""Who is shown: the looks of one synthetic person and the ways in which they show emotions, all from a number."""

from dataclasses import dataclass, field

import numpy as np

NUM_IDENTITIES = 60
HAIR_STYLES = ("none", "buzz", "short", "quiff", "fringe", "curly", "afro", "bob", "long", "bun")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")

Colour = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

_SKIN_TONES: tuple[Colour, ...] = (  # from light to dark, after the ten steps of the Monk scale
    (0.95, 0.80, 0.73), (0.93, 0.77, 0.68), (0.90, 0.72, 0.61), (0.86, 0.67, 0.54), (0.79, 0.59, 0.45),
    (0.70, 0.50, 0.37), (0.59, 0.41, 0.30), (0.48, 0.33, 0.24), (0.39, 0.26, 0.19), (0.31, 0.21, 0.16),
)  # fmt: skip
_HAIR_COLOURS: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06), (0.12, 0.09, 0.07), (0.22, 0.14, 0.09), (0.34, 0.21, 0.12), (0.48, 0.32, 0.17),
    (0.68, 0.52, 0.30), (0.55, 0.24, 0.11), (0.55, 0.54, 0.53), (0.80, 0.79, 0.77),
)  # fmt: skip
_EYE_COLOURS: tuple[Colour, ...] = (
    (0.24, 0.14, 0.07), (0.33, 0.20, 0.09), (0.42, 0.33, 0.14), (0.26, 0.34, 0.22), (0.22, 0.32, 0.42),
    (0.34, 0.40, 0.43),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person.

    Attributes:
        number: from 1.
        identity: weights of the model's identity shapes.
        skin, hair, eyes, lips, cloth: colours.
        hair_style: one of :data:`HAIR_STYLES`.
        hair_length: 0 short … 1 full, of the style.
        beard: one of :data:`BEARDS`.
        has_glasses: whether they wear glasses.
        brow_thickness, brow_arch, brow_height: cm beside the mean.
        blush, freckles: strengths in [0, 1].
        habits: how strongly this person uses a shape, name → factor about 1; 1 where absent.
        lopsidedness: how much stronger the left half of the face moves, in [-0.2, 0.2].
    """

    number: int
    identity: tuple[float, ...]
    skin: Colour
    hair: Colour
    eyes: Colour
    lips: Colour
    cloth: Colour
    hair_style: str
    hair_length: float
    beard: str
    has_glasses: bool
    brow_thickness: float
    brow_arch: float
    brow_height: float
    blush: float
    freckles: float
    habits: dict[str, float] = field(default_factory=dict)
    lopsidedness: float = 0.0

    @property
    def name(self) -> str:
        """Name in the manifest, such as ``person_07``."""
        return f"person_{self.number:02d}"


def make_person(number: int, shapes: tuple[str, ...] = ()) -> Person:
    """The person of that number (from 1), always the same; `shapes` get habits.

    Example:
        >>> make_person(7) == make_person(7), make_person(7).name
        (True, 'person_07')
    """
    rng = np.random.default_rng([20250, number])
    tone = ((number * 0.618034) % 1) * (len(_SKIN_TONES) - 1)  # spread evenly, whatever the number of people
    skin = _between(_SKIN_TONES, tone, rng)
    hair = _hair_colour(tone, rng)
    style = HAIR_STYLES[(number * 7) % len(HAIR_STYLES)]
    bearded = style not in ("bob", "long", "bun") and rng.random() < 0.5
    eye_choices = len(_EYE_COLOURS) if tone < 4 else 2
    return Person(
        number=number,
        identity=tuple(float(w) for w in np.clip(rng.normal(0, 0.9, NUM_IDENTITIES), -2, 2)),
        skin=skin,
        hair=hair,
        eyes=_EYE_COLOURS[rng.integers(eye_choices)],
        lips=_lip_colour(skin, bearded, rng),
        cloth=_cloth_colour(rng),
        hair_style=style,
        hair_length=float(rng.random()),
        beard=str(rng.choice(BEARDS[1:])) if bearded else "none",
        has_glasses=bool(rng.random() < 0.15),
        brow_thickness=float(rng.uniform(0.26, 0.44)),
        brow_arch=float(rng.uniform(-0.15, 0.25)),
        brow_height=float(rng.uniform(-0.1, 0.2)),
        blush=float(rng.uniform(0.2, 0.9)),
        freckles=float(rng.random() < 0.2) * float(rng.uniform(0.4, 1)) * (tone < 4),
        habits={shape: float(np.exp(rng.normal(0, 0.18))) for shape in shapes},
        lopsidedness=float(np.clip(rng.normal(0, 0.08), -0.2, 0.2)),
    )


def _between(colours: tuple[Colour, ...], position: float, rng: np.random.Generator) -> Colour:
    low = min(int(position), len(colours) - 2)
    mixed = np.array(colours[low]) * (low + 1 - position) + np.array(colours[low + 1]) * (position - low)
    return _colour(mixed * rng.uniform(0.96, 1.04, 3))


def _hair_colour(tone: float, rng: np.random.Generator) -> Colour:
    if rng.random() < 0.14:
        return _HAIR_COLOURS[int(rng.integers(7, 9))]  # grey or white
    return _HAIR_COLOURS[int(rng.integers(7 if tone < 3.5 else 3))]


def _lip_colour(skin: Colour, bearded: bool, rng: np.random.Generator) -> Colour:
    natural = np.array(skin) * (0.88, 0.68, 0.68)
    painted = np.array([(0.66, 0.16, 0.20), (0.60, 0.22, 0.30), (0.72, 0.36, 0.36)][rng.integers(3)])
    share = 0.0 if bearded or rng.random() < 0.6 else rng.uniform(0.3, 0.6)
    return _colour(natural * (1 - share) + painted * share * (0.4 + 0.6 * skin[0]))


def _cloth_colour(rng: np.random.Generator) -> Colour:
    value, grey = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.8)
    return _colour(value * (grey + (1 - grey) * rng.random(3)))


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(v) for v in np.clip(values, 0.02, 0.98))
    return red, green, blue
