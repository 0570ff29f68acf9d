"""Composes the stages: a video → :class:`~emo_core.types.Analysis`, in one pass and constant memory.

One code path serves files, uploads and recordings. Frames are decoded in short clips and dropped; what stays of each
frame is its small crop, landmarks, features and numbers.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_core import quality as quality_stage
from emo_core.blendshapes import BlendshapeModel
from emo_core.bundle import Bundle, FrameNetwork
from emo_core.config import PipelineConfig
from emo_core.errors import NoFaceError
from emo_core.faces import FaceTracker, empty_track, normalize_intensity
from emo_core.judge import judge_windows, predict
from emo_core.landmarker import FaceLandmarker
from emo_core.types import (
    Analysis,
    Clip,
    Doubles,
    FaceTrack,
    FeatureSequence,
    NormalizedClip,
    StageTimings,
    VideoInfo,
    concatenate,
)
from emo_core.video import VideoReader, open_video

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done in [0, 1]; an exception it raises stops the analysis."""

_FRAMES_PER_CLIP = 16  # bounds the memory of decoded frames
_THREADS = min(2, os.cpu_count() or 1)  # more do not help networks this small
_CROWD_S = 0.5  # a second face counts when it is seen for longer than this


class _Stopwatch:
    """Wall time by stage, in seconds."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(("decode", "faces", "cnn", "head"), 0.0)
        self._started = time.perf_counter()
        self._last = self._started

    def lap(self, stage: str) -> None:
        """Book the time since the last lap on `stage`."""
        now = time.perf_counter()
        self.spent[stage] += now - self._last
        self._last = now

    def timings(self) -> StageTimings:
        return StageTimings(**{k: 1e3 * v for k, v in self.spent.items()}, total=1e3 * (self._last - self._started))


class _Person:
    """What has been learned of one person so far, clip by clip."""

    def __init__(self) -> None:
        self.tracks: list[FaceTrack] = []
        self.normalized: list[NormalizedClip] = []
        self.features: list[FeatureSequence] = []

    def add(self, track: FaceTrack, cnn: FrameNetwork, blendshapes: BlendshapeModel | None) -> None:
        normalized = normalize_clip(track)
        self.tracks.append(track)
        self.normalized.append(normalized)
        self.features.append(extract_features(track, normalized, cnn, blendshapes))

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
        return int(sum(track.detected.sum() for track in self.tracks))


def analyze(
    source: Path | str | bytes, bundle: Bundle, *, name: str | None = None, progress: Progress | None = None
) -> Analysis:
    """See what the model sees in a video of one person's face.

    Args:
        source: path or content of a video file.
        bundle: the model.
        name: file name to show for `source` given as bytes.
        progress: called as the work goes on.

    Returns:
        Everything about the clip; with several faces, about the largest and longest one, with a warning.

    Raises:
        VideoError: the file cannot be read as a video within the limits.
        NoFaceError: no face, or none that is good enough, for at least half a second.

    Example:
        >>> from emo_core.bundle import load_bundle
        >>> bundle = load_bundle("models/hybrid")
        >>> analyze("assets/pexels_distress_to_laughter.mp4", bundle).video.num_frames_sampled
        197
    """
    timer = _Stopwatch()
    tell = progress or (lambda stage, share: None)
    blendshapes = BlendshapeModel() if bundle.config.blendshapes else None
    seen = _watch(source, bundle.frame_network(_THREADS), blendshapes, bundle.config, name, timer, tell)
    tell("Judging the windows", 0.95)
    windows, steps = judge_windows(bundle, bundle.head_network(), seen.features, seen.normalized, seen.times_s)
    prediction = predict(bundle, windows, steps, seen.features, seen.normalized, seen.times_s, seen.video.duration_s)
    timer.lap("head")
    tell("Done", 1.0)
    return Analysis(
        seen.video, bundle.info, seen.times_s, seen.track, seen.normalized, seen.features, prediction,
        timer.timings(), seen.warnings,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A person as the frame CNN sees them through a video, before anything is judged; fields as in `Analysis`."""

    video: VideoInfo
    times_s: Doubles
    track: FaceTrack
    normalized: NormalizedClip
    features: FeatureSequence
    warnings: tuple[str, ...]


def watch(
    source: Path | str | bytes, cnn: FrameNetwork, config: PipelineConfig, blendshapes: BlendshapeModel | None = None
) -> Seen:
    """Follow the person in a video and see every frame, without a verdict: what heads are trained on.

    Args:
        source: path or content of a video file.
        cnn: frame CNN.
        config: how to sample and crop.
        blendshapes: appended to the features if given.

    Raises:
        VideoError, NoFaceError: as :func:`analyze`.
    """
    return _watch(source, cnn, blendshapes, config, None, _Stopwatch(), lambda stage, share: None)


def _watch(
    source: Path | str | bytes,
    cnn: FrameNetwork,
    blendshapes: BlendshapeModel | None,
    config: PipelineConfig,
    name: str | None,
    timer: _Stopwatch,
    tell: Progress,
) -> Seen:
    with open_video(source, name=name) as reader:
        times_s, people = _watch_faces(reader, cnn, blendshapes, config, timer, tell)
        video = reader.info()
    timer.lap("decode")
    person = _choose(people, config, video.name)
    warnings = _crowd_warning(people, config.sample_rate_hz)
    del people  # a long video is held twice while its parts are joined: only one person's, one stage after the other
    track, normalized, features = person.join()
    warnings += _quality_warnings(track, normalized)
    return Seen(video, times_s, track, normalized, features, tuple(warnings))


def normalize_clip(track: FaceTrack) -> NormalizedClip:
    """Intensity-normalized faces of a track with the quality of every frame."""
    components = quality_stage.measure_quality(track)
    quality = quality_stage.overall_quality(components)
    faces = normalize_intensity(track.crops) * track.detected[:, np.newaxis, np.newaxis]
    return NormalizedClip(faces, quality, components, quality_stage.usable(track.detected, quality))


def extract_features(
    track: FaceTrack, normalized: NormalizedClip, cnn: FrameNetwork, blendshapes: BlendshapeModel | None
) -> FeatureSequence:
    """Frame features (blendshapes appended if their model is given) and emotions of every frame that counts."""
    mask = normalized.mask
    features = np.zeros((len(mask), cnn.num_features), np.float32)
    emotions = np.full((len(mask), 8), np.nan, np.float32)
    if mask.any():
        features[mask], emotions[mask] = cnn(normalized.faces[mask])
    if blendshapes:
        features = np.concatenate([features, blendshapes(track.landmarks, mask)], axis=1)
    return FeatureSequence(features, emotions, mask)


def _watch_faces(
    reader: VideoReader,
    cnn: FrameNetwork,
    blendshapes: BlendshapeModel | None,
    config: PipelineConfig,
    timer: _Stopwatch,
    tell: Progress,
) -> tuple[Doubles, list[_Person]]:
    """Follow every face through the video: sample times (T,) and the people seen, each with T frames."""
    tracker = FaceTracker(FaceLandmarker(num_threads=_THREADS), config.crop_side_px)
    people: list[_Person] = []
    times_s: list[Doubles] = []
    for clip in _laps(reader.clips(config.sample_rate_hz, _FRAMES_PER_CLIP), timer):
        tracks = tracker.track(clip)
        timer.lap("faces")
        while len(people) < len(tracks):
            newcomer = _Person()
            for earlier in times_s:
                newcomer.add(empty_track(len(earlier), config.crop_side_px), cnn, blendshapes)
            people.append(newcomer)
        for person, track in zip(people, tracks, strict=True):
            person.add(track, cnn, blendshapes)
        times_s.append(clip.timestamps_s)
        timer.lap("cnn")
        length_s = reader.duration_estimate_s
        share = min(1.0, clip.timestamps_s[-1] / length_s) if length_s else 0.5
        tell(f"Reading frames and following the face: {clip.timestamps_s[-1]:.0f} s", 0.9 * share)
    return np.concatenate(times_s), people


def _laps(clips: Iterator[Clip], timer: _Stopwatch) -> Iterator[Clip]:
    """The clips, the time to decode each booked."""
    for clip in clips:
        timer.lap("decode")
        yield clip


def _choose(people: list[_Person], config: PipelineConfig, name: str) -> _Person:
    """The largest and longest face.

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


def _weakest_component(parts: list[NormalizedClip]) -> str:
    means = {
        name: float(np.mean(np.concatenate([part.components[name] for part in parts]))) for name in parts[0].components
    }
    worst = min(means, key=lambda name: means[name])
    return f"mean {worst.replace('_', ' ')} {means[worst]:.2f} of 1"


def _crowd_warning(people: list[_Person], rate_hz: float) -> list[str]:
    count = sum(person.num_detected > _CROWD_S * rate_hz for person in people)
    if count < 2:
        return []
    return [f"{count} faces were found; everything here is about the one that is largest and longest in view."]


def _quality_warnings(track: FaceTrack, normalized: NormalizedClip) -> list[str]:
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
