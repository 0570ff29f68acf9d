"""Who is in a video: what has been learned of each person, which one is judged, and what to warn of."""

import math

import numpy as np

from emo_core.config import PipelineConfig
from emo_core.errors import NoFaceError
from emo_core.inference.window_plan import FEW_HZ, TOO_FEW_HZ, is_below, picture_rate_hz
from emo_core.types import Doubles, FaceTrack, FeatureSequence, NormalizedClip, VideoInfo, concatenate

_MOST_SPANS = 5  # named in a warning
_CROWD_S = 0.5  # a second face counts when it is seen for longer than this


class Person:
    """What has been learned of one person so far, clip by clip."""

    def __init__(self) -> None:
        self.tracks: list[FaceTrack] = []
        self.normalized: list[NormalizedClip] = []
        self.features: list[FeatureSequence] = []

    def add(self, track: FaceTrack, normalized: NormalizedClip, features: FeatureSequence) -> None:
        """Append what one clip shows of the person."""
        self.tracks.append(track)
        self.normalized.append(normalized)
        self.features.append(features)

    def join(self) -> tuple[FaceTrack, NormalizedClip, FeatureSequence]:
        """Everything about the person, joined in time; the parts are given up."""
        track = concatenate(self.tracks)
        self.tracks.clear()
        normalized = concatenate(self.normalized)
        self.normalized.clear()
        return track, normalized, concatenate(self.features)

    @property
    def presence(self) -> float:
        """How large and how long the face was seen: eye distances summed over the frames."""
        return float(sum(np.nansum(track.eye_distance_px) for track in self.tracks))

    @property
    def num_detected(self) -> int:
        """Frames in which the person was found."""
        return int(sum(track.detected.sum() for track in self.tracks))


def choose(people: list[Person], config: PipelineConfig, step_s: float, name: str) -> Person:
    """The largest and longest face in the video called `name`, whose sampled frames stand for `step_s` seconds each.

    Raises:
        NoFaceError: nobody was seen for long or well enough.
    """
    least = math.ceil(config.min_face_frames / (step_s * config.sample_rate_hz) - 1e-6)
    if not people:
        raise NoFaceError(
            f"No face was found in {name}: use a clip in which one face is well lit and large in the picture."
        )
    person = max(people, key=lambda person: person.presence)
    if person.num_detected < least:
        seen_s = person.num_detected * step_s
        raise NoFaceError(
            f"A face was seen for only {seen_s:.1f} s in {name}: use a clip that shows one for at least half a second."
        )
    if sum(int(part.mask.sum()) for part in person.normalized) < least:
        weakest = _weakest_component(person.normalized)
        raise NoFaceError(
            f"The face in {name} is not clear enough to judge ({weakest}): "
            "use a sharper, brighter clip of a face turned to the camera."
        )
    return person


def crowd_warning(people: list[Person], step_s: float) -> list[str]:
    """What to know when more than one person was seen, in frames of `step_s` seconds; [] otherwise."""
    count = sum(person.num_detected * step_s > _CROWD_S for person in people)
    if count < 2:
        return []
    return [f"{count} faces were found; everything here is about the one that is largest and longest in view."]


def time_warnings(video: VideoInfo, times_s: Doubles, rate_hz: float) -> list[str]:
    """What to know of a clip with few pictures a second or with gaps; sampled at `rate_hz`, at `times_s` (T,)."""
    warnings = []
    if len(times_s) and is_below(FEW_HZ, times_s, rate_hz):
        found = f"The clip shows only {picture_rate_hz(times_s, rate_hz):.1f} pictures a second"
        if is_below(TOO_FEW_HZ, times_s, rate_hz):
            rest = (
                f"too few in its {video.duration_s:.0f} s to follow how a face changes, so nothing is said about that"
            )
        else:
            rest = f"so in its {video.duration_s:.0f} s short expressions and the moments of change may be missed"
        warnings.append(f"{found}, {rest}.")
    if video.gaps:
        spans = ", ".join(f"{start_s:.1f} – {end_s:.1f} s" for start_s, end_s in video.gaps[:_MOST_SPANS])
        more = f" and {len(video.gaps) - _MOST_SPANS} more times" if len(video.gaps) > _MOST_SPANS else ""
        warnings.append(f"There is no picture at {spans}{more}: nothing is said about that time.")
    return warnings


def quality_warnings(track: FaceTrack, normalized: NormalizedClip) -> list[str]:
    """What to know of a clip whose face is often lost or hard to see."""
    warnings = []
    seen = float(track.detected.mean())
    if seen < 0.8:
        warnings.append(f"The face was found in only {seen:.0%} of the frames; the others do not count.")
    if normalized.mask.any():
        mean = float(normalized.quality[normalized.mask].mean())
        if mean < 0.35:
            weakest = _weakest_component([normalized])
            warnings.append(
                f"The frames are of low quality (mean {mean:.2f} of 1, {weakest}): do not lean on the verdict."
            )
    return warnings


def _weakest_component(parts: list[NormalizedClip]) -> str:
    means = {
        name: float(np.mean(np.concatenate([part.components[name] for part in parts]))) for name in parts[0].components
    }
    worst = min(means, key=lambda name: means[name])
    return f"mean {worst.replace('_', ' ')} {means[worst]:.2f} of 1"
