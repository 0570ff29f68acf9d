"""The result of judging a data set with a model: every clip with its truth and its verdict, stored as JSON.

Metrics and charts are computed from it, so what a page shows is what the file says.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError
from emo_core.files.kept import keep
from emo_core.types import Booleans, Doubles


@dataclass(frozen=True, slots=True)
class EvaluatedClip:
    """One clip, what it is and what the model says.

    Attributes:
        path: of the file, relative to the data set where it lies inside it, with forward slashes; ``#t=start,end``
            behind it, in seconds, where a part of the file was judged.
        label: its true class.
        person, session, source, story, degradation: as the data set says; `person` is one unknown person each where it
            does not.
        duration_s: seconds that were sampled.
        quality: mean quality of the frames that count, in [0, 1].
        share_usable: share of the frames that count, in (0, 1].
        num_windows: windows that were judged.
        probabilities: C calibrated probabilities of the clip, in label order.
        scores: C normalized scores s′; a class is accepted above 0.
        verdict: a class or ``unsure``, as the app says it.
        settled: whether enough of the clip bears out the most probable class; if not, the verdict is ``unsure``.
    """

    path: str
    label: str
    person: str
    session: str
    source: str
    story: str
    degradation: str
    duration_s: float
    quality: float
    share_usable: float
    num_windows: int
    probabilities: tuple[float, ...]
    scores: tuple[float, ...]
    verdict: str
    settled: bool

    @property
    def file(self) -> str:
        """The path without the part."""
        return re.sub(r"#t=[\d.e+-]+,[\d.e+-]+$", "", self.path)

    def most_probable(self, labels: Sequence[str]) -> str:
        """The class that the model would choose if it had to; `labels` in the order of the probabilities."""
        return labels[max(range(len(labels)), key=lambda index: self.probabilities[index])]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that was not judged, and why, in one sentence."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's verdicts on a data set.

    Attributes:
        model, version: name and version of the bundle.
        model_digest: of its files; another one means another model.
        data: name of the data set for people.
        labels: classes in label order.
        quality_edges: interior edges of the model's neighbourhoods of quality.
        clips: those that were judged.
        left_out: those without a face or that cannot be read.
        num_seen_clips, num_seen_people: not judged, because the model was trained or calibrated on these people.
        exposure: what is known about whom the model was trained on, one sentence.
        command: that gives the same figures.
        made_at: date and time, ISO 8601, UTC.
        software: that judged the clips, with its version.
        schema: of the stored form; another one is not read.

    Raises:
        ValueError: a clip has a label, a verdict or a number of probabilities that does not fit `labels`.

    Example:
        >>> Evaluation("hybrid", "1", "0", "mine", ("joy", "other"), (), clips=()).probabilities.shape
        (0, 2)
    """

    model: str
    version: str
    model_digest: str
    data: str
    labels: tuple[str, ...]
    quality_edges: tuple[float, ...]
    clips: tuple[EvaluatedClip, ...]
    left_out: tuple[LeftOut, ...] = ()
    num_seen_clips: int = 0
    num_seen_people: int = 0
    exposure: str = ""
    command: str = ""
    made_at: str = ""
    software: str = ""
    schema: Literal[1] = 1

    def __post_init__(self) -> None:
        for clip in self.clips:
            if clip.label not in self.labels or clip.verdict not in (*self.labels, UNSURE):
                raise ValueError(
                    f"{clip.path} has class {clip.label!r}, verdict {clip.verdict!r}: not in {self.labels}"
                )
            if not len(clip.probabilities) == len(clip.scores) == len(self.labels):
                raise ValueError(
                    f"{clip.path} has {len(clip.probabilities)} probabilities for {len(self.labels)} classes"
                )

    @property
    def truth(self) -> NDArray[np.intp]:
        """(N,) index of the true class of each clip."""
        return np.array([self.labels.index(clip.label) for clip in self.clips], np.intp)

    @property
    def probabilities(self) -> Doubles:
        """(N, C) calibrated."""
        return np.array([clip.probabilities for clip in self.clips], np.float64).reshape(-1, len(self.labels))

    @property
    def forced(self) -> NDArray[np.intp]:
        """(N,) index of the most probable class, where the app may say unsure."""
        return np.asarray(self.probabilities.argmax(axis=1), np.intp)

    @property
    def decided(self) -> Booleans:
        """(N,) whether the app gives a verdict."""
        return np.array([clip.verdict != UNSURE for clip in self.clips], bool)

    @property
    def margins(self) -> Doubles:
        """(N,) normalized score of the most probable class; −∞ where the clip does not bear it out."""
        scores = np.array([clip.scores for clip in self.clips], np.float64).reshape(-1, len(self.labels))
        best = np.take_along_axis(scores, self.forced[:, np.newaxis], axis=1)[:, 0]
        return np.where([clip.settled for clip in self.clips], best, -np.inf)

    @property
    def people(self) -> NDArray[np.str_]:
        """(N,) who is shown."""
        return np.array([clip.person for clip in self.clips], np.str_)

    def where(self, keep: Callable[[EvaluatedClip], bool]) -> "Evaluation":
        """The same with those clips alone that `keep` accepts."""
        return replace(self, clips=tuple(clip for clip in self.clips if keep(clip)))


def to_json(evaluation: Evaluation) -> str:
    """JSON text of an evaluation, the inverse of :func:`from_json`."""
    return indented(evaluation)


def indented(record: Any) -> str:
    """JSON text of records, a line for each of their entries."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1).decode()


def from_json(text: str) -> Evaluation:
    """Evaluation from its JSON text.

    Raises:
        DatasetError: the text is not one that :func:`to_json` gave.
    """
    try:
        evaluation = msgspec.json.decode(text, type=Evaluation)
        if not evaluation.clips:
            raise ValueError("no clips")
    except (ValueError, RecursionError) as error:
        raise DatasetError("This stored evaluation cannot be read: evaluate the data set again.") from error
    return evaluation


def store(evaluation: Evaluation, path: Path) -> bool:
    """Write an evaluation into the cache, whole or not at all; whether that worked."""
    text = to_json(evaluation) + "\n"
    return keep(path, lambda part: part.write_text(text, "utf-8"))


def load(path: Path) -> Evaluation:
    """A stored evaluation.

    Raises:
        DatasetError: it is not there or cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"There is no evaluation {path.name} that can be read: evaluate a data set first."
        ) from error
    return from_json(text)
