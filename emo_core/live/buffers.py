"""What stands between a camera that never waits and an analysis that takes its time.

A :class:`Mailbox` holds the newest frame only, so that the analysis never falls behind; a :class:`FrameRing` keeps the
last seconds, so that they can be analysed as a clip. Both may be used from several threads and neither grows.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

from emo_core.types import Bytes

_Item = TypeVar("_Item")

_JPEG_QUALITY = 92


class Mailbox(Generic[_Item]):
    """One slot: a new item replaces the one that nobody has taken yet, and putting never waits.

    Example:
        >>> mailbox = Mailbox[str]()
        >>> mailbox.put("first"); mailbox.put("second")
        >>> mailbox.take(0), mailbox.take(0)
        ('second', None)
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: list[_Item] = []
        self._closed = False

    def put(self, item: _Item) -> None:
        """Leave `item` for the reader; does nothing once closed."""
        with self._changed:
            if not self._closed:
                self._slot[:] = [item]
                self._changed.notify()

    def take(self, timeout_s: float) -> _Item | None:
        """The newest item, after waiting for one for at most `timeout_s`; None if there is none or it was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot or self._closed, timeout_s)
            return self._slot.pop() if self._slot else None

    def close(self) -> None:
        """Wake the reader and accept nothing more; what lies in the slot is dropped."""
        with self._changed:
            self._closed = True
            self._slot.clear()
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed


@dataclass(frozen=True, slots=True)
class _Kept:
    time_s: float
    jpeg: bytes


class FrameRing:
    """The last seconds of a camera at a steady rate, as JPEG in memory: about half a megabyte a second of VGA.

    Args:
        length_s: seconds kept.
        rate_hz: frames kept per second; faster input is thinned in time.
    """

    def __init__(self, length_s: float, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._length_s = length_s
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque(maxlen=max(2, round(length_s * rate_hz)))
        self._last_slot: int | None = None

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def num_bytes(self) -> int:
        """Memory held, without Python's own."""
        with self._lock:
            return sum(len(kept.jpeg) for kept in self._kept)

    @property
    def span_s(self) -> float:
        """Seconds from the oldest frame to the end of the newest."""
        with self._lock:
            return self._kept[-1].time_s - self._kept[0].time_s + 1 / self.rate_hz if self._kept else 0.0

    def add(self, image: Bytes, time_s: float) -> None:
        """Keep an RGB frame (H, W, 3) uint8 unless its slot of 1 / `rate_hz` seconds holds one; times must not fall."""
        slot = int(time_s * self.rate_hz + 1e-3)
        with self._lock:
            if self._last_slot is not None and slot <= self._last_slot:
                return
            self._last_slot = slot
        kept = _Kept(time_s, _encode(image))
        with self._lock:
            while self._kept and time_s - self._kept[0].time_s > self._length_s:
                self._kept.popleft()  # of before a gap
            self._kept.append(kept)

    def frames(self) -> Iterator[Bytes]:
        """The frames from old to new, RGB (H, W, 3) uint8, exactly `rate_hz` of them a second.

        A slot in which the camera gave nothing shows the frame before it; all have the size of the newest.
        """
        with self._lock:
            kept = list(self._kept)
        if not kept:
            return
        height, width = _decode(kept[-1].jpeg).shape[:2]
        count = round((kept[-1].time_s - kept[0].time_s) * self.rate_hz) + 1
        position, image = -1, np.empty((0, 0, 3), np.uint8)
        for step in range(count):
            due_s = kept[0].time_s + (step + 0.5) / self.rate_hz
            wanted = position
            while wanted + 1 < len(kept) and kept[wanted + 1].time_s < due_s:
                wanted += 1
            if wanted != position:
                position, image = wanted, _decode(kept[wanted].jpeg)
                if image.shape[:2] != (height, width):
                    image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
            yield image

    def clear(self) -> None:
        """Forget every frame."""
        with self._lock:
            self._kept.clear()
            self._last_slot = None


def _encode(image: Bytes) -> bytes:
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError(f"a frame of shape {image.shape} and dtype {image.dtype} cannot be kept")
    return data.tobytes()


def _decode(jpeg: bytes) -> Bytes:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(image, np.uint8)
