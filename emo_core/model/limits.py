"""What to know before a verdict is believed, in sentences (Markdown) for people: the only place that says so.

With the two recipes by which a model is taught, for one made by the paper's says what it is wherever it is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from emo_core.emotions import display_name
from emo_core.measured import ComposedClips, Measured, RealClips, TaughtClips, read_measured
from emo_core.records import span

RecipeName = Literal["studio", "published"]
"""``studio``: as the shipped model is made; ``published``: as the paper says."""

RECIPES: tuple[RecipeName, ...] = get_args(RecipeName)
PUBLISHED: RecipeName = "published"

LIMITS: tuple[str, ...] = (
    "It judges what a face **shows**, as people would name it. What a person feels cannot be read from a face.",
    "It was trained on photos and on clips composed from them; real clips only helped to choose its thresholds.",
    "Faces turned far away, hidden, small, dark or blurred are left out; a clip with too few usable frames is refused "
    "or called unsure.",
    "A neutral face of a speaker can be taken for sadness, and quiet sadness for neutral. How well it works for "
    "different ages, skin tones and cultures has not been measured.",
    "Happiness stands for amusement: the photos it learned from have no amusement.",
)


def is_published(metrics: Mapping[str, Any]) -> bool:
    """Whether a model, told by its ``metrics.json``, was made by the published recipe."""
    found = metrics.get("taught_clips")
    return isinstance(found, Mapping) and found.get("recipe") == PUBLISHED


def warning_of(metrics: Mapping[str, Any], labels: Sequence[str]) -> str:
    """:func:`limits_of` for a model of the published recipe, told by its ``metrics.json``; empty for any other."""
    return limits_of(labels) if is_published(metrics) else ""


def limits_of(labels: Sequence[str]) -> str:
    """What a model of the published recipe with these classes is, and where it fails, in two sentences.

    Example:
        >>> limits_of(["amusement_surprise", "sadness_fear"])[:86]
        'This is the published method as published: it knows amusement + surprise and sadness +'
    """
    *first, last = [display_name(label).lower() for label in labels]
    return (
        f"This is the published method as published: it knows {', '.join(first)} and {last}, no class for anything "
        "else, and no threshold below which it would say unsure. A neutral face, a face that talks or any other "
        f"emotion is called {'one of the two' if len(labels) == 2 else 'one of them'} as well, however sure it sounds."
    )


def trust_line(record: Mapping[str, Any]) -> str:
    """One sentence on how often a model was right, on which data, out of how many; honest if nothing is known.

    Args:
        record: its ``metrics.json``.
    """
    try:
        measured = read_measured(record)
        if taught := measured.taught_clips:
            line = _taught_line(taught)
            return f"The published method. {line}{_forced_words(measured)}" if taught.recipe == PUBLISHED else line
        return _real_line(measured.real_clips) if measured.real_clips else _composed_line(measured.composed_clips)
    except (LookupError, TypeError, ValueError):
        return "What was measured on this model cannot be read, so treat every verdict as a guess."


def _composed_line(composed: ComposedClips | None) -> str:
    if composed is None or (clean := composed.clean) is None:
        return "No accuracy has been measured for this model yet, so treat every verdict as a guess."
    return (
        f"In tests the model was right on {clean.accuracy:.0%} of {clean.num_clips:,} clips composed from photos kept "
        "out of training; expect less on real video."
    )


def _real_line(record: RealClips) -> str:
    """What real clips say, whose figures are cross-validated by person; the weakest class with its number."""
    found = record.parts[0].cross_validated.by_class
    weakest = min(found, key=lambda row: row.right / max(row.num, 1))
    return (
        f"On {record.num_clips} real clips of {record.num_people} people, none of them used to train it, "
        f"{sum(row.right for row in found)} verdicts were right (where no pair is shown, unsure counts as right). It "
        f"is weakest on {display_name(weakest.label).lower()}, with {weakest.right} of {weakest.num} right."
    )


def _taught_line(found: TaughtClips) -> str:
    accuracy, interval = found.scores.accuracy.value, found.scores.accuracy.interval
    who = "1 person" if found.num_people == 1 else f"{found.num_people} people"
    sure = f"95% interval over people {span(interval, '.0%')}" if interval else "too few to trust it"
    if found.protocol == "random":
        return (
            f"It was right on {accuracy:.0%} of {found.num_clips:,} clips set aside at random, of {who}, of whom other "
            "clips trained it: that does not tell how it works on anybody else."
        )
    if found.protocol == "subject":
        return (
            f"In tests it was right on {accuracy:.0%} of {found.num_clips:,} clips of {who} kept out of its training "
            f"({sure})."
        )
    return (
        f"It was right on {accuracy:.0%} of {found.num_clips:,} test clips of {who} ({sure}); its records do not say "
        "whether other clips of these people trained it."
    )


def _forced_words(measured: Measured) -> str:
    """What it makes of clips that it has no class for, as a further sentence; empty where that was not measured."""
    if measured.forced_clips is None:
        return ""
    counts = measured.forced_clips.parts[0].rows[0].verdicts
    return f" Of {sum(counts)} clips that show none of its classes it called {sum(counts[:-1])} one of them."
