"""Where the time of an analysis goes."""

import time

from emo_core.analysis import StageTimings


class Stopwatch:
    """Wall time by stage, in seconds."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(("decode", "faces", "cnn", "head"), 0.0)
        self._started = time.perf_counter()
        self._last = self._started

    def lap(self, stage: str) -> None:
        """Book the time since the last lap on `stage`."""
        now = time.perf_counter()
        self.spent[stage] += now - self._last
        self._last = now

    def timings(self) -> StageTimings:
        """What was booked, in milliseconds."""
        return StageTimings(**{k: 1e3 * v for k, v in self.spent.items()}, total=1e3 * (self._last - self._started))
