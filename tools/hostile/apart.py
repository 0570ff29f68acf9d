"""One case in a process of its own, within limits, and what came of it.

The process is a fork of this one, so that what is loaded here is loaded once; this one must have no threads.
"""

import json
import os
import re
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_core.errors import EmoError

MOST_CPU_S = 5.0
"""Processor time after which a case counts as slow."""

_ENDED_CPU_S, _ENDED_WALL_S = 20, 300  # where a case is ended; the wall time is for what waits, on a busy machine
_MORE_BYTES = 2 * 2**30  # address space beside what is in use already
_MOST_FILE_BYTES = 2**30
_MOST_LETTERS = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case.

    Attributes:
        found: *read*, *refused*, or what is wrong: *traceback*, *crash*, *slow*, *waits*, *words*, *noise*, *outside*.
        text: the sentence of the refusal, or details of what is wrong.
        cpu_s: processor time of the process and those that it started.
        peak_mb: its memory at most, what it shared with the first one included.
    """

    found: str
    text: str
    cpu_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether it was read or refused as it should be."""
        return self.found in ("read", "refused")


def run(work: Callable[[], object], folder: Path) -> Outcome:
    """What came of calling `work` in a fork of this process.

    Args:
        work: raises EmoError where it refuses what it is given.
        folder: where its files lie; no sentence may name it.
    """
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            _work(work, folder, told.fileno(), printed.fileno())
        _, status, used = os.wait4(child, 0)
        told.seek(0)
        printed.seek(0)
        answer, noise = told.read(), printed.read().decode(errors="replace").strip()
    cpu_s, peak_mb = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    if os.WIFSIGNALED(status):
        number = signal.Signals(os.WTERMSIG(status))
        found = {signal.SIGXCPU: "slow", signal.SIGALRM: "waits"}.get(number, "crash")
        return Outcome(found, f"ended by {number.name} {noise[-_MOST_LETTERS:]}", cpu_s, peak_mb)
    if not answer:
        return Outcome("crash", f"ended with status {status} {noise[-_MOST_LETTERS:]}", cpu_s, peak_mb)
    found, text = json.loads(answer)
    if found in ("read", "refused") and cpu_s > MOST_CPU_S:
        found = "slow"
    elif found in ("read", "refused") and noise:
        found, text = "noise", noise[-_MOST_LETTERS:]
    return Outcome(found, text, cpu_s, peak_mb)


def fault_in(sentence: str, folder: Path) -> str:
    """What is wrong with the sentence of a refusal; empty if nothing is."""
    if not sentence.isprintable():
        return "it has several lines, or signs that cannot be shown"
    if str(folder) in sentence or "Traceback" in sentence:
        return "it tells a path of this machine or a traceback"
    if len(sentence) > _MOST_LETTERS or not sentence.endswith((".", "…")):
        return "it is no sentence, or too long"
    return "" if re.search("[;:,]", sentence) else "it names no remedy"


def _work(work: Callable[[], object], folder: Path, told: int, printed: int) -> None:
    """Never returns: this is the fork."""
    try:
        _limit()
        for number in (1, 2):
            os.dup2(printed, number)
        os.write(told, json.dumps(_answer(work, folder)).encode())
    finally:
        os._exit(0)


def _answer(work: Callable[[], object], folder: Path) -> tuple[str, str]:
    try:
        work()
    except EmoError as error:
        fault = fault_in(str(error), folder)
        return ("words", f"{fault}: {error}"[:_MOST_LETTERS]) if fault else ("refused", str(error))
    except OutsideError as error:
        return "outside", str(error)
    except BaseException:
        return "traceback", traceback.format_exc()[-3000:]
    return "read", ""


class OutsideError(Exception):
    """A case reached what it should not: a file elsewhere, a folder beside its own, the network."""


def _limit() -> None:
    limits: list[tuple[int, Any]] = [
        (resource.RLIMIT_CPU, (_ENDED_CPU_S, _ENDED_CPU_S + 1)),
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES)),
    ]
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + _MORE_BYTES
        limits.append((resource.RLIMIT_AS, (most, most)))
    for what, limit in limits:
        resource.setrlimit(what, limit)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_ENDED_WALL_S)
