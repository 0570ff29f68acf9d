"""What need not be computed twice: what was seen of clips, checkpoints, evaluations. It may go at any time."""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from emo_core.files.atomic_write import replaced_whole


def keep(path: Path, write: Callable[[Path], object]) -> bool:
    """Write a file of the cache whole, if the disk takes it; else say so once and go on without.

    Args:
        path: of the file; its folder is made.
        write: writes the file that it is given.

    Returns:
        Whether it is kept.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_whole(path) as part:
            write(part)
    except OSError as error:
        _say_once(error.strerror or str(error))
        return False
    return True


@lru_cache
def _say_once(reason: str) -> None:
    logging.getLogger(__name__).warning(
        "The cache cannot be written (%s): what is computed is not kept, and the work goes on.", reason
    )
