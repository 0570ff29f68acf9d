"""Licences of the packages that an installation brings, as their own metadata say: a table for THIRD_PARTY.md."""

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
_BY_CLASSIFIER = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
}
_BY_WORDS = {
    "apache": "Apache-2.0", "bsd": "BSD-3-Clause", "mit": "MIT", "isc": "ISC", "mpl": "MPL-2.0",
    "python software foundation": "PSF-2.0", "matplotlib": "PSF-2.0", "psf": "PSF-2.0",
}  # fmt: skip


def plain(name: str) -> str:
    """Name of a package as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(roots: Iterable[str]) -> set[str]:
    """Packages and all that they need on this machine, by plain name."""
    found: set[str] = set()
    waiting = [plain(name) for name in roots]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(plain(needed.name))
    return found


def licence(name: str) -> str:
    """SPDX expression of a package's licence; empty where its metadata tell none.

    Example:
        >>> licence("numpy").startswith("BSD-3-Clause")
        True
    """
    told = importlib.metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return expression
    classified = [line.rpartition(":: ")[2] for line in told.get_all("Classifier") or () if line.startswith("License")]
    known = [_BY_CLASSIFIER[item] for item in classified if item in _BY_CLASSIFIER]
    if known:
        return " OR ".join(sorted(set(known)))
    words = (told.get("License") or "").strip().splitlines()[:1]
    return next((short for part, short in _BY_WORDS.items() if words and part in words[0].lower()), "")


def table() -> str:
    """Markdown rows of every package that requirements.txt brings."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    names = sorted(brought(line.partition("==")[0] for line in lines if "==" in line))
    return "\n".join(f"| {name} | {licence(name) or '?'} |" for name in names)


if __name__ == "__main__":
    print(table())
