"""How far a run over many clips is, in numbers and in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a run is.

    Attributes:
        done, total: clips with a result, those of earlier runs among them, and all.
        failed: clips of `done` whose result is a sentence.
        judged: clips judged in this run.
        seconds: since its start.
    """

    done: int
    total: int
    failed: int
    judged: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Clips judged a minute."""
        return 60 * self.judged / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the end, as far as can be told."""
        return (self.total - self.done) * self.seconds / self.judged if self.judged else None

    def words(self) -> str:
        """In one line."""
        left = self.seconds_left
        ends = "" if left is None or self.done == self.total else f", {_clock(left)} left"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total} clips{failed}; {self.per_minute:.0f} a minute{ends}"


def _clock(seconds: float) -> str:
    """A time to wait.

    Example:
        >>> _clock(42), _clock(600), _clock(9000)
        ('42 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
