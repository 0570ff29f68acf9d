"""Which folders the application uses, and which of them a visitor may name: the only place that reads these settings.

    EMO_CACHE     what is seen of clips, trainings under way, evaluations      else .cache
    EMO_DATA      data sets that visitors make and open                        else data
    EMO_MODELS    models that were taught                                      else models
    EMO_DEMO      the demo clips, never written to                             else assets/demo
    EMO_STUDIES   studies of many clips, a folder each                         else studies
    EMO_ROOTS     further folders with data sets that visitors may open and write to, separated as in PATH

In a checkout these lie beside the program. Nobody writes into an installed package: there the first three lie where the
system keeps a user's caches and data.

A visitor is whoever reaches the port, so a path that a visitor types counts only below ``EMO_DATA`` and ``EMO_ROOTS``,
after every link in it is followed. Whoever types at the command line is the operator and may name any folder.
"""

import os
from contextlib import suppress
from importlib import resources
from pathlib import Path

from platformdirs import PlatformDirs

from emo_core import config
from emo_core.errors import DatasetError, StudyError

_CORE = Path(str(resources.files("emo_core")))
_CARRIED = _CORE / "studio"  # what a wheel carries beside the core: pyproject.toml puts it there
_OF_USER = PlatformDirs("hybrid-emotion", appauthor=False)

IS_INSTALLED = _CARRIED.is_dir()
"""Whether this is an installed package and not a checkout."""

ROOT = _CARRIED if IS_INSTALLED else _CORE.parent
"""Where entry script, pages, models and assets lie, in the same order in a checkout and in an installed package."""

SHIPPED_MODEL = ROOT / "models" / "hybrid"
"""The model that comes with the program."""

COMMAND = "hybrid-emotion" if IS_INSTALLED else ".venv/bin/python -m emo_core"
"""The command line as a person types it where the program lies."""


def cache() -> Path:
    """What is seen of clips, trainings under way, evaluations; may be deleted at any time."""
    return _setting("EMO_CACHE", _OF_USER.user_cache_path if IS_INSTALLED else ROOT / ".cache")


def data() -> Path:
    """Data sets that visitors make."""
    return _setting("EMO_DATA", _kept("data"))


def models() -> Path:
    """Models that were taught."""
    return _setting("EMO_MODELS", _kept("models"))


def demo() -> Path:
    """The demo clips."""
    return _setting("EMO_DEMO", ROOT / "assets" / "demo")


def studies() -> Path:
    """Studies of many clips, a folder each."""
    return _setting("EMO_STUDIES", _kept("studies"))


def is_study_of_server(path: Path) -> bool:
    """Whether a path lies below the folder of studies, once its links are followed."""
    try:
        real, root = path.resolve(), studies().resolve()
        return not config.is_public() and real != root and real.is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # too long, not permitted, a zero byte, links in a circle
        return False


def visitors_study(words: str) -> Path:
    """The folder of a study that a visitor means, below that of all studies.

    Raises:
        StudyError: it lies elsewhere. Whether it exists is not told.

    Example:
        >>> visitors_study("../../etc")
        Traceback (most recent call last):
            ...
        emo_core.errors.StudyError: Studies are opened only below the folder of studies of this server: name one of \
its folders, or ask whoever runs the server to set EMO_STUDIES.
    """
    path = studies() / words.strip()
    if not is_study_of_server(path):
        raise StudyError(
            "Studies are opened only below the folder of studies of this server: name one of its folders, or ask "
            "whoever runs the server to set EMO_STUDIES."
        )
    return path.resolve()


def roots() -> tuple[Path, ...]:
    """Folders below which visitors may open data sets: that of their own first, then those that the operator names.

    None on a server that is open to everybody.
    """
    if config.is_public():
        return ()
    named = [Path(part).expanduser() for part in os.environ.get("EMO_ROOTS", "").split(os.pathsep) if part.strip()]
    return (data(), *named)


def shown(path: Path) -> str:
    """A folder as the command line takes it: relative where the program holds it.

    Example:
        >>> shown(ROOT / "data" / "mine"), shown(Path("/mnt/faces"))
        ('data/mine', '/mnt/faces')
    """
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def is_visitors(path: Path) -> bool:
    """Whether a path can be one in a folder that visitors may open, once its links are followed."""
    try:
        real = path.resolve()
        inside = any(real.is_relative_to(root.resolve()) for root in roots())
        if inside:
            with suppress(FileNotFoundError, NotADirectoryError):
                real.stat()  # raises where it may not or cannot be looked for
        return inside
    except (OSError, ValueError, RuntimeError):  # too long, not permitted, a zero byte, links in a circle
        return False


def visitors_folder(words: str) -> Path:
    """The folder that a visitor means: nothing is that of the data sets, and a relative path lies below it.

    Raises:
        DatasetError: visitors may not open it. Whether it exists is not told.

    Example:
        >>> visitors_folder("../../../etc")
        Traceback (most recent call last):
            ...
        emo_core.errors.DatasetError: Data sets are opened only below the data folder of this server: leave the \
folder empty, or ask whoever runs the server to allow yours with EMO_ROOTS.
    """
    path = data() / words.strip()
    if not is_visitors(path):
        raise DatasetError(
            "Data sets are opened only below the data folder of this server: leave the folder empty, or ask whoever "
            "runs the server to allow yours with EMO_ROOTS."
        )
    return path


def _kept(name: str) -> Path:
    return (_OF_USER.user_data_path if IS_INSTALLED else ROOT) / name


def _setting(name: str, default: Path) -> Path:
    value = os.environ.get(name, "").strip()
    return Path(value).expanduser() if value else default
