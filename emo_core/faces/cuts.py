"""Where a film cuts from one picture to another, told from what one sampled frame after the other looks like.

The rule is that of well-kept detectors (PySceneDetect's adaptive one): a frame begins a new shot when it differs from
the one before by much, and by far more than the frames before it differed from each other, so that a shaken camera or
a fast movement, which differ all the time, are none.
"""

import cv2
import numpy as np

from emo_core.types import Bytes, Floats

_SIZE = (32, 18)
_SAMPLES = (4 * _SIZE[0], 4 * _SIZE[1])  # pixels looked at; a mean over all of them would cost more than it tells
_MUCH = 0.06  # root mean square of Lab / 255: under it even a cut between two pictures of one room stays
_TIMES = 3.0
_MEMORY = 0.7  # of the running mean difference, a frame


class CutDetector:
    """Says of each frame of a video, in order, whether a new shot begins with it.

    A flash looks like two cuts. That is harmless: after a cut a face has to look as before to be followed on.
    """

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._usual = 0.0

    def is_cut(self, frame: Bytes) -> bool:
        """Whether a shot begins with this RGB frame (H, W, 3) uint8; never the first one.

        Example:
            >>> cuts = CutDetector()
            >>> [cuts.is_cut(np.full((36, 64, 3), grey, np.uint8)) for grey in (20, 22, 200, 201)]
            [False, False, True, False]
        """
        samples = cv2.resize(frame, _SAMPLES, interpolation=cv2.INTER_NEAREST)
        small = cv2.resize(samples, _SIZE, interpolation=cv2.INTER_AREA)
        seen = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32) / np.float32(255)
        last, self._last = self._last, seen
        if last is None:
            return False
        difference = float(np.sqrt(np.mean((seen - last) ** 2)))
        is_cut = difference > max(_MUCH, _TIMES * self._usual)
        if not is_cut:
            self._usual = _MEMORY * self._usual + (1 - _MEMORY) * difference
        return is_cut
