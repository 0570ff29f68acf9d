"""The two recipes by which a model is taught, and what one made by the paper's says of itself wherever it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from emo_core.emotions import display_name

RecipeName = Literal["studio", "published"]
"""``studio``: as the shipped model is made; ``published``: as the paper says."""

RECIPES: tuple[RecipeName, ...] = get_args(RecipeName)
PUBLISHED: RecipeName = "published"


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
