"""Where a film cuts from one picture to another, told from what one sampled frame after the other looks like.

The rule is that of well-kept detectors (PySceneDetect's adaptive one): a frame begins a new shot when it differs from
the one before by much, and by far more than the frames before it differed from each other, so that a shaken camera or
a fast movement, which differ all the time, are none. And it has to differ in much of its area: of 58 people on film, a
hand or an arm that shoots up changed at most 0.38 of it; a cut from one of 22 rendered people to another, whose rooms
are alike, at least 0.43, and 0.62 and 0.93 in films. Black bars are no part of the picture.
"""

import cv2
import numpy as np

from emo_core.types import Bytes, Floats

_SIZE = (32, 18)
_SAMPLES = (4 * _SIZE[0], 4 * _SIZE[1])  # pixels looked at; a mean over all of them would cost more than it tells
_MUCH = 0.06  # root mean square of Lab / 255: under it even a cut between two pictures of one room stays
_TIMES = 3.0
_CHANGED, _LEAST_AREA = 0.03, 0.4  # a cell that differs by so much has changed; share of the cells that have
_BLACK = 0.08  # lightness up to which cells of both pictures are bars
_MEMORY = 0.7  # of the running mean difference, a frame


class CutDetector:
    """Says of each frame of a video, in order, whether a new shot begins with it.

    A flash looks like two cuts. That is harmless: after a cut a face has to look as before to be followed on.
    """

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._usual = 0.0

    def start_anew(self) -> None:
        """Compare the next frame with none before it, which had another size."""
        self._last = None

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
        picture = np.maximum(seen[..., 0], last[..., 0]) > _BLACK
        squares = np.mean((seen - last) ** 2, axis=2)[picture]
        difference = float(np.sqrt(squares.sum() / max(len(squares), 1)))
        area = np.count_nonzero(squares > _CHANGED**2) / max(len(squares), 1)
        is_cut = bool(difference > max(_MUCH, _TIMES * self._usual) and area > _LEAST_AREA)
        if not is_cut:
            self._usual = _MEMORY * self._usual + (1 - _MEMORY) * difference
        return is_cut
