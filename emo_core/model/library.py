"""The models of an installation: those that came with it, and those that were taught or brought in."""

from collections.abc import Iterable
from pathlib import Path

from emo_core.errors import BundleError
from emo_core.files import folders
from emo_core.model.bundle_files import HEAD, MANIFEST

SHIPPED_NAMES = ("hybrid", "published")
"""Names that no other model may have, wherever it lies."""


def finished(places: Iterable[Path]) -> list[Path]:
    """Directories of finished models in some folders, by name; half-written ones have no manifest or no head yet."""
    begun = {path.parent for place in set(places) for path in place.glob(f"[!.]*/{MANIFEST}")}
    return sorted((folder for folder in begun if _is_there(folder / HEAD)), key=lambda folder: folder.name)


def all_finished() -> list[Path]:
    """Those of this installation."""
    return finished((folders.SHIPPED_MODEL.parent, folders.models()))


def named(name: str) -> Path:
    """The directory of the model of that name.

    Raises:
        BundleError: there is none; the message lists those that are there.

    Example:
        >>> named("hybrid") == folders.SHIPPED_MODEL
        True
    """
    found = {folder.name: folder for folder in all_finished()}
    if name not in found:
        raise BundleError(f"There is no model {name!r}: choose one of {', '.join(found)}, or name a folder.")
    return found[name]


def new_place(name: str) -> Path:
    """Where a model that is brought in will lie.

    Raises:
        BundleError: the name is that of a model that came with the program.
    """
    if name.casefold() in SHIPPED_NAMES:
        raise BundleError(f"{name} is the name of a model that came with the program: choose another name for yours.")
    return folders.models() / name


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be read: loading it says so
        return True
