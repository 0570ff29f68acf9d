"""Memory does not follow the clip: what is held of a longer one is bounded by a minute's worth of small numbers."""

import tracemalloc

import numpy as np
import pytest

from emo_core.faces.appearance import Look
from emo_core.faces.tracking import empty_track
from emo_core.inference.frame_log import FrameLog
from emo_core.inference.people import Person
from emo_core.inference.subject import quality_warnings
from emo_core.inference.track_record import TrackRecord
from emo_core.inference.verdicts import judge_person
from emo_core.types import QUALITY_COMPONENTS, FeatureSequence, NormalizedClip

FRAMES_A_MINUTE, PER_CLIP = 600, 16
MOST_KB_A_MINUTE = 700  # of a person; crops, landmarks, faces and features alone are 11,000


def watched(log, minutes, num_features):
    """A track that is seen through so many minutes, clip by clip, as the pipeline adds them."""
    generator = np.random.default_rng(0)
    track = empty_track(PER_CLIP, 48)
    track.crops[:], track.landmarks[:] = generator.integers(0, 255, track.crops.shape, np.uint8), 100
    track.detected[:], track.confidence[:], track.eye_distance_px[:] = True, 1, 60
    track.boxes_xyxy[:], track.pose_deg[:] = (10, 10, 90, 90), 0
    good = np.full(PER_CLIP, 0.8, np.float32)
    clip = NormalizedClip(
        np.zeros((PER_CLIP, 48, 48), np.float32), good, dict.fromkeys(QUALITY_COMPONENTS, good), np.ones(PER_CLIP, bool)
    )
    record, look = TrackRecord(log), Look(np.eye(9, dtype=np.float32)[0], np.zeros(240, np.float32))
    for first in range(0, minutes * FRAMES_A_MINUTE, PER_CLIP):
        features = generator.random((PER_CLIP, num_features), np.float32)
        emotions = generator.dirichlet(np.ones(8), PER_CLIP).astype(np.float32)
        record.add(first, track, clip, FeatureSequence(features, emotions, clip.mask), look)
    return record


@pytest.fixture
def peak_kb(tmp_path, hybrid):
    """What following and judging a person through so many minutes holds at most, and what is left of it."""
    head = hybrid.head_network()
    num_features = hybrid.features.mean.shape[1]

    def measure(minutes):
        folder = tmp_path / str(minutes)
        folder.mkdir()
        tracemalloc.start()
        try:
            record = watched(FrameLog(folder), minutes, num_features)
            times_s = np.arange(len(record.frames)) / 10
            track, normalized, features = Person(record).join(len(times_s), folder / "person")
            away = np.zeros(len(times_s), bool)
            away[-5:] = True  # as for one of several, where frames are left out
            quality_warnings(track, normalized, away)
            found = judge_person(hybrid, head, features, normalized, times_s, float(times_s[-1]), away)
            assert len(found.windows) > 70 * minutes
            return np.array(tracemalloc.get_traced_memory()) / 1e3
        finally:
            tracemalloc.stop()

    return measure


def test_a_longer_clip_takes_hardly_more(peak_kb):
    peak_kb(1)  # what is made once
    short, long = peak_kb(2), peak_kb(6)
    kept, peak = (long - short) / 4
    assert peak < MOST_KB_A_MINUTE, f"{peak:.0f} kB a minute at the peak"
    assert kept < MOST_KB_A_MINUTE, f"{kept:.0f} kB a minute are kept"
