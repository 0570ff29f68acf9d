"""One frame of a clip before and after a change, kept while the clip is judged."""

from collections.abc import Generator

import cv2
import numpy as np

from emo_core.inference.pipeline import Change, Passes
from emo_core.types import Bytes, Clip

_LONGER_PX = 320


class Glimpse:
    """Looks for the frame in the middle of a part while a change of that part is judged.

    Args:
        part: start and end in seconds on the clip's clock.
        start_s: when the clip begins on its clock; what comes out of a change begins at 0.
    """

    def __init__(self, part: tuple[float, float], start_s: float) -> None:
        self._at_s = {"before": (part[0] + part[1]) / 2, "after": (part[1] - max(part[0], start_s)) / 2}
        self._gap_s = dict.fromkeys(self._at_s, np.inf)
        self._frames: dict[str, Bytes] = {}

    def around(self, change: Change) -> Change:
        """The same change, watched."""

        def seen(passes: Passes) -> Generator[Clip, None, None]:
            def watched() -> Generator[Clip, None, None]:
                for clip in passes():
                    self._look("before", clip)
                    yield clip

            for clip in change(watched):
                self._look("after", clip)
                yield clip

        return seen

    def picture(self, name: str) -> bytes:
        """The frame ``before`` or ``after`` as a small JPEG; empty where none was seen."""
        frame = self._frames.get(name)
        if frame is None:
            return b""
        scale = min(1.0, _LONGER_PX / max(frame.shape[:2]))
        size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
        small = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()

    def _look(self, name: str, clip: Clip) -> None:
        gaps = np.abs(clip.timestamps_s - self._at_s[name])
        place = int(gaps.argmin())
        if gaps[place] < self._gap_s[name]:
            self._gap_s[name], self._frames[name] = float(gaps[place]), clip.frames[place].copy()
