"""What runs or is drawn in the visitor's browser: the files of ``ui/browser``, wherever the pages are installed."""

from importlib import resources


def read(name: str) -> str:
    """Text of a file there."""
    return (resources.files("ui") / "browser" / name).read_text("utf-8")
