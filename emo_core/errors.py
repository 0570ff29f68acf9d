"""Everything the product raises on purpose.

    EmoError                  one sentence for the user: what happened and the remedy
    ├── VideoError            the file cannot be read as a video within the limits
    ├── NoFaceError           the video holds no usable face
    ├── BundleError           a model directory is missing, damaged or of another schema
    ├── DatasetError          training or evaluation data cannot be used as it is
    ├── StudyError            a study's clips, folder, scheduler or workers cannot be used as they are
    └── ExportError           results cannot be written where they should go

The message of each is shown to the user as it stands, in the page and on the command line, so it says what happened,
why, and what to do next, and never holds a machine path beyond the name the user gave.
"""

import errno

UNEXPECTED = (
    "Something went wrong on our side, and this step was not finished. Try again; if it happens again, "
    "the server's log says why."
)
"""What a visitor reads of every other error; its traceback goes to the log."""


class EmoError(Exception):
    """Base of every error that the user can act on; its text is one sentence with the remedy."""


class VideoError(EmoError):
    """The file cannot be read as a video, or breaks a limit (duration, pixels, bytes)."""


class NoFaceError(EmoError):
    """The video can be read, but holds no face for long enough to judge."""


class BundleError(EmoError):
    """A model directory is missing, incomplete, changed since it was written, or of another schema."""


class DatasetError(EmoError):
    """Training or evaluation data is missing, malformed or too small."""


class StudyError(EmoError):
    """Clips, folder, scheduler or workers of a study cannot be used as they are."""


class ExportError(EmoError):
    """The place that results should be written to cannot be used."""


def os_remedy(error: OSError) -> str:
    """What to do when the operating system refuses to read or write, one sentence.

    Example:
        >>> os_remedy(OSError(28, "No space left on device"))
        'Free some space, then try again.'
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Free some space, then try again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "Choose a place that this program may use, or give it the right to, then try again."
    if error.errno == errno.ENAMETOOLONG:
        return "Choose a shorter name."
    return "Choose another place, then try again."
