"""Frames of the bundled sample clip: a person in distress, at 3–6.5 s behind a hand, and laughing at 11–19 s."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.types import Clip
from emo_core.video.reader import open_video

PATH = Path(__file__).resolve().parent.parent / "assets" / "pexels_distress_to_laughter.mp4"
RATE_HZ = 2.0


@cache
def clip() -> Clip:
    """The whole clip at two frames per second, read-only."""
    with open_video(PATH) as reader:
        (whole,) = reader.clips(RATE_HZ, frames_per_clip=64)
    whole.frames.flags.writeable = False
    return whole


def frame(time_s: float) -> NDArray[np.uint8]:
    """The frame (360, 640, 3) nearest to a time."""
    return clip().frames[np.argmin(np.abs(clip().timestamps_s - time_s))]


def make_clip(frames: NDArray[np.uint8] | list[NDArray[np.uint8]], rate_hz: float = RATE_HZ) -> Clip:
    """A clip of frames of one size at a constant rate."""
    frames = np.stack(frames)
    return Clip(frames, np.arange(len(frames)) / rate_hz, frames.shape[2], frames.shape[1])
