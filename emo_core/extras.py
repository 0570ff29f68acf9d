"""Packages that only a part of the product needs: who lacks one is told what to install, in one sentence.

Judging clips, measuring and exporting need none of them. ``pyproject.toml`` holds the packages of every extra.
"""

from importlib.util import find_spec

from emo_core.errors import MissingPackageError

DISTRIBUTION = "hybrid-emotion-studio"

_OF_EXTRAS = {
    "tensorflow": ("train", "Training"),
    "keras": ("train", "Training"),
    "streamlit": ("app", "The app"),
    "streamlit_webrtc": ("app", "The app"),
    "pylibsrtp": ("app", "The app"),
    "starlette": ("app", "The app"),
    **dict.fromkeys(("dask", "distributed", "pandas", "pyarrow"), ("study", "A study or a data frame")),
}
"""Package that is imported → the extra that brings it, and what needs it."""


def need(package: str) -> None:
    """Return if a package of an extra is there; nothing of it is imported.

    Raises:
        MissingPackageError: it is not; the message names the extra.

    Example:
        >>> need("streamlit")
    """
    if find_spec(package) is None:
        raise missing(package)


def missing(package: str) -> MissingPackageError:
    """The error for a package that is not there.

    Example:
        >>> print(missing("tensorflow.lite"))
        Training needs packages that are not installed (tensorflow): run “pip install 'hybrid-emotion-studio[train]'”.
    """
    name = package.partition(".")[0]
    if name not in _OF_EXTRAS:
        return MissingPackageError(
            f"The package {name} is not installed: run “pip install {DISTRIBUTION}” again, which brings it."
        )
    extra, what = _OF_EXTRAS[name]
    return MissingPackageError(
        f"{what} needs packages that are not installed ({name}): run “pip install '{DISTRIBUTION}[{extra}]'”."
    )
