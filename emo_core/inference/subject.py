"""Who is in a video: what has been learned of each person, which one is judged, and what to warn of."""

import numpy as np

from emo_core.config import PipelineConfig
from emo_core.errors import NoFaceError
from emo_core.types import FaceTrack, FeatureSequence, NormalizedClip, concatenate

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


def choose(people: list[Person], config: PipelineConfig, name: str) -> Person:
    """The largest and longest face in the video called `name`.

    Raises:
        NoFaceError: nobody was seen for long or well enough.
    """
    least = config.min_face_frames
    if not people:
        raise NoFaceError(
            f"No face was found in {name}: use a clip in which one face is well lit and large in the picture."
        )
    person = max(people, key=lambda person: person.presence)
    if person.num_detected < least:
        seen_s = person.num_detected / config.sample_rate_hz
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


def crowd_warning(people: list[Person], rate_hz: float) -> list[str]:
    """What to know when more than one person was seen, at `rate_hz` frames a second; [] otherwise."""
    count = sum(person.num_detected > _CROWD_S * rate_hz for person in people)
    if count < 2:
        return []
    return [f"{count} faces were found; everything here is about the one that is largest and longest in view."]


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
