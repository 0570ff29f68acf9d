"""The clips that come with the application."""

import json
from dataclasses import dataclass
from pathlib import Path

from emo_core.files.folders import ROOT

ASSETS = ROOT / "assets"


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled clip: where it is, what it shows, whose it is.

    Attributes:
        file, poster: paths of the clip and of its still picture.
        title, look_for: what it shows, in a few words and in a sentence.
        duration_s: seconds.
        credit, licence: whose it is and what it may be used for.
        is_real: whether it shows a real person; else a rendered one, and it is labelled so.
    """

    file: Path
    poster: Path
    title: str
    duration_s: float
    credit: str
    licence: str
    look_for: str
    is_real: bool


def load() -> tuple[Sample, ...]:
    """The samples listed in ``assets/samples.json`` whose files are there."""
    rows = json.loads((ASSETS / "samples.json").read_text(encoding="utf-8"))
    samples = (Sample(**{**row, "file": ASSETS / row["file"], "poster": ASSETS / row["poster"]}) for row in rows)
    return tuple(sample for sample in samples if sample.file.is_file())
