"""How far a training is, in a file that another process reads: always whole, never half written."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from emo_core.files.atomic_write import write_whole


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """State of a training.

    Attributes:
        what: what is being done, for people.
        done, total: how much of that is done.
        epochs: how many there will be at most.
        history: figures of each epoch so far.
        seconds_left: until the last epoch, as far as can be told; less if training ends early.
        state: ``running``, ``done``, ``failed`` or ``stopped``.
        message: the result, or why it failed, one sentence.
    """

    what: str = "Starting"
    done: int = 0
    total: int = 0
    epochs: int = 0
    history: tuple[dict[str, float], ...] = ()
    seconds_left: float | None = None
    state: str = "running"
    message: str = ""

    @classmethod
    def read(cls, path: Path) -> "TrainingProgress | None":
        """What the file says; None where there is none yet."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError):
            return None


@dataclass(slots=True)
class ProgressWriter:
    """Writes the progress of a training in this process; without a path it writes nothing.

    Attributes:
        path: of the file, or None.
        epochs: how many there will be at most; 0 until that is known.
        parent: process that started this one; when it is gone the training stops, for nobody watches it any more.
    """

    path: Path | None
    epochs: int = 0
    parent: int = field(default_factory=os.getppid)
    _now: TrainingProgress = field(default_factory=TrainingProgress)
    _epoch_times: list[float] = field(default_factory=list)

    def work(self, what: str, done: int, total: int) -> None:
        """Something is under way."""
        self._put(what=what, done=done, total=total)

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch has ended."""
        self._epoch_times.append(time.monotonic())
        history = (*self._now.history, {name: float(value) for name, value in row.items()})
        times = self._epoch_times[-6:]
        spent = times[-1] - times[0]
        left = spent / (len(times) - 1) * (self.epochs - len(history)) if spent > 0.5 else None
        self._put(what="Training", done=len(history), total=self.epochs, history=history, seconds_left=left)

    def end(self, state: str, message: str) -> None:
        """The training is over: ``done``, ``failed`` or ``stopped``."""
        self._put(state=state, message=message)

    def _put(self, **changes: Any) -> None:
        if self.path is None:
            return
        self._now = replace(self._now, epochs=self.epochs, **changes)
        write_whole(self.path, msgspec.json.encode(self._now))
        if self._now.state == "running" and os.getppid() != self.parent:
            raise KeyboardInterrupt
