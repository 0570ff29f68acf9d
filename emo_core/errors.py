"""Everything the product raises on purpose.

    EmoError                  one sentence for the user: what happened and the remedy
    ├── VideoError            the file cannot be read as a video within the limits
    ├── NoFaceError           the video holds no usable face
    ├── BundleError           a model directory is missing, damaged or of another schema
    ├── DatasetError          training or evaluation data cannot be used as it is
    ├── StudyError            a study's clips, folder, scheduler or workers cannot be used as they are
    ├── ExportError           results cannot be written where they should go
    ├── WorkError             work for a visitor ended before its time, or took more than it may
    ├── SettingError          a setting of whoever runs the server cannot be used
    └── MissingPackageError   this installation lacks a package that only some of the product needs

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
    """Base of every error that the user can act on; its text is one sentence with the remedy.

    Example:
        >>> from emo_core import VideoError
        >>> issubclass(VideoError, EmoError)
        True
    """


class VideoError(EmoError):
    """The file cannot be read as a video, or breaks a limit (duration, pixels, bytes).

    Example:
        >>> from emo_core import analyze, load_bundle
        >>> analyze(b"no video", load_bundle(), name="notes.mp4")
        Traceback (most recent call last):
            ...
        emo_core.errors.VideoError: “notes.mp4” is not a video that can be read; ...
    """


class NoFaceError(EmoError):
    """The video can be read, but holds no face for long enough to judge.

    Example:
        >>> raise NoFaceError("No face was found: use a clip in which one is seen for half a second.")
        Traceback (most recent call last):
            ...
        emo_core.errors.NoFaceError: No face was found: use a clip in which one is seen for half a second.
    """


class BundleError(EmoError):
    """A model directory is missing, incomplete, changed since it was written, or of another schema.

    Example:
        >>> from emo_core import load_bundle
        >>> load_bundle("assets")
        Traceback (most recent call last):
            ...
        emo_core.errors.BundleError: There is no model in 'assets': name a folder that holds a bundle.json.
    """


class DatasetError(EmoError):
    """Training or evaluation data is missing, malformed or too small.

    Example:
        >>> from emo_core import evaluate, load_bundle
        >>> evaluate("no/such/folder", load_bundle())
        Traceback (most recent call last):
            ...
        emo_core.errors.DatasetError: ...
    """


class StudyError(EmoError):
    """Clips, folder, scheduler or workers of a study cannot be used as they are.

    Example:
        >>> from emo_core import load_study
        >>> load_study("assets")
        Traceback (most recent call last):
            ...
        emo_core.errors.StudyError: There is no study in assets: name a folder that analyze --out has made.
    """


class ExportError(EmoError):
    """The place that results should be written to cannot be used.

    Example:
        >>> from emo_core.report.export import folder_to_fill
        >>> from pathlib import Path
        >>> with folder_to_fill(Path("/proc/results")):
        ...     pass
        Traceback (most recent call last):
            ...
        emo_core.errors.ExportError: The results cannot be written to /proc/results ...
    """


class WorkError(EmoError):
    """The process that worked for a visitor ended, or took more time or memory than it may.

    Example:
        >>> raise WorkError("This took more than 60 minutes and was ended: use a shorter clip.")
        Traceback (most recent call last):
            ...
        emo_core.errors.WorkError: This took more than 60 minutes and was ended: use a shorter clip.
    """


class SettingError(EmoError):
    """A setting of the operator that cannot be used.

    Example:
        >>> raise SettingError("EMO_JOBS is no whole number: give the number of works at a time, such as 2.")
        Traceback (most recent call last):
            ...
        emo_core.errors.SettingError: EMO_JOBS is no whole number: give the number of works at a time, such as 2.
    """


class MissingPackageError(EmoError):
    """What was asked for needs a package that this installation was made without.

    Example:
        >>> from emo_core.extras import missing
        >>> raise missing("tensorflow")
        Traceback (most recent call last):
            ...
        emo_core.errors.MissingPackageError: Training needs packages that are not installed (tensorflow): ...
    """


def printable(text: str) -> str:
    r"""What somebody else wrote, fit to stand in a message: of the same length, every sign one that can be shown.

    Example:
        >>> printable("a\nb\x1b[31m.mp4")
        'a b [31m.mp4'
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)


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
