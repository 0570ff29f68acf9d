"""Composes the stages: a video → :class:`~emo_core.analysis.Analysis`, in one pass and constant memory.

One code path serves files, uploads and recordings. Frames are decoded in short clips and dropped; what stays of each
frame is its small crop, landmarks, features and numbers.
"""

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emo_core.analysis import Analysis, PersonAnalysis, SourceFrames, VideoInfo
from emo_core.config import PipelineConfig
from emo_core.faces import quality as quality_stage
from emo_core.faces.alignment import normalize_intensity
from emo_core.faces.blendshapes import BlendshapeModel
from emo_core.faces.cover import hidden_parts
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker
from emo_core.files import scratch
from emo_core.inference.frame_log import FrameLog
from emo_core.inference.people import Person, put_together
from emo_core.inference.stopwatch import Stopwatch
from emo_core.inference.subject import (
    MOST_PEOPLE,
    choose,
    crowd_warnings,
    least_frames,
    quality_warnings,
    time_warnings,
)
from emo_core.inference.track_record import TrackRecord
from emo_core.inference.verdicts import away_frames, judge_person
from emo_core.inference.video_passes import VideoPasses, changed_info, without_gaps
from emo_core.inference.window_plan import usual_step_s
from emo_core.model.bundle import Bundle, FrameNetwork
from emo_core.types import Booleans, Clip, Doubles, FaceTrack, FeatureSequence, NormalizedClip
from emo_core.video.source import DEFAULT_LIMITS, VideoLimits

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done in [0, 1]; an exception it raises stops the analysis."""

Passes = Callable[[], Generator[Clip, None, None]]
"""Starts a new pass over the clips of a video, each time from its first frame."""

Change = Callable[[Passes], Generator[Clip, None, None]]
"""What is done to a video's frames before anything looks at them: the clips to see instead of those of a pass."""

_THREADS = min(2, os.cpu_count() or 1)  # more do not help networks this small


def analyze(
    source: Path | str | bytes,
    bundle: Bundle,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    change: Change | None = None,
    part: tuple[float, float] | None = None,
    threads: int = _THREADS,
    folder: Path | None = None,
    limits: VideoLimits | None = DEFAULT_LIMITS,
) -> Analysis:
    """See what the model sees in the face of everybody in a video.

    Args:
        source: path or content of a video file.
        bundle: the model.
        name: file name to show for `source` given as bytes.
        progress: called as the work goes on.
        change: done to the frames first; sizes and boxes are then those of the changed frames.
        part: start and end in seconds on the file's own clock; all of it by default.
        threads: of each network; one where other processes keep the other cores busy.
        folder: existing one for what is large of every frame (about 19 kB for each person), to be deleted by whoever
            named it; by default a temporary one that goes with the analysis.
        limits: what the video may cost; None for any length and size.

    Returns:
        Everything about the clip and each of its people, the largest and longest in view first. Crops, landmarks, faces
        and features lie in files of `folder`, so an analysis takes little memory and is pickled by their paths. To
        make one in another process, name the path of a :class:`emo_core.files.scratch.Lasting` that this process
        holds: what is unpickled here holds on to it, and it is deleted with the last array in it.

    Raises:
        VideoError: the file cannot be read as a video within the limits.
        NoFaceError: no face, or none that is good enough, for at least half a second.
        ExportError: the disk is full.

    Example:
        >>> from emo_core import analyze, load_bundle
        >>> analyze("assets/pexels_distress_to_laughter.mp4", load_bundle()).video.num_frames_sampled
        197
    """
    timer = Stopwatch()
    tell = progress or (lambda stage, share: None)
    blendshapes = BlendshapeModel() if bundle.config.blendshapes else None
    video = VideoPasses(source, name, bundle.config.sample_rate_hz, tell, part, limits)
    cnn = bundle.frame_network(threads)
    watched = _watch(video, cnn, blendshapes, bundle.config, timer, change, threads, folder)
    tell("Judging the windows", 0.95)
    people: list[PersonAnalysis] = []
    head = bundle.head_network()
    for _ in range(len(watched.people)):
        seen = watched.take_first()
        end_s = seen.video.end_s
        found = judge_person(bundle, head, seen.features, seen.normalized, seen.times_s, end_s, seen.away)
        people.append(PersonAnalysis(len(people) + 1, seen.track, seen.normalized, seen.features, found, seen.warnings))
    timer.lap("head")
    tell("Done", 1.0)
    main = people[0]
    return Analysis(
        watched.info, bundle.info, watched.times_s, main.track, main.normalized, main.features, main.prediction,
        timer.timings(), main.warnings, watched.source_frames, tuple(people),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ClipFeatures:
    """A person as the frame CNN sees them through a video, before anything is judged.

    Fields are as in `Analysis`; `away` (T,) are frames in which they are not there, none for somebody who is alone.
    """

    video: VideoInfo
    times_s: Doubles
    track: FaceTrack
    normalized: NormalizedClip
    features: FeatureSequence
    away: Booleans
    warnings: tuple[str, ...]
    source_frames: SourceFrames | None


def extract_clip_features(
    source: Path | str | bytes, cnn: FrameNetwork, config: PipelineConfig, blendshapes: BlendshapeModel | None = None
) -> ClipFeatures:
    """Follow the largest and longest person in a video and see every frame, without a verdict: to train heads on.

    Args:
        source: path or content of a video file.
        cnn: frame CNN.
        config: how to sample and crop.
        blendshapes: appended to the features if given.

    Raises:
        VideoError, NoFaceError: as :func:`analyze`.
    """
    video = VideoPasses(source, None, config.sample_rate_hz, lambda stage, share: None)
    return _watch(video, cnn, blendshapes, config, Stopwatch(), None).take_first()


def watch_everybody(
    source: Path | str | bytes, name: str, bundle: Bundle, rate_hz: float, progress: Progress | None = None
) -> list[ClipFeatures]:
    """Follow everybody in a video at a rate of one's own, without a verdict.

    Args:
        source: path or content of a video file.
        name: file name to show.
        bundle: the model whose frame CNN looks.
        rate_hz: frames a second of video.
        progress: called as the work goes on.

    Raises:
        VideoError, NoFaceError: as :func:`analyze`.
    """
    config = replace(bundle.config, sample_rate_hz=rate_hz)
    blendshapes = BlendshapeModel() if config.blendshapes else None
    video = VideoPasses(source, name, rate_hz, progress or (lambda stage, share: None), limits=None)
    watched = _watch(video, bundle.frame_network(_THREADS), blendshapes, config, Stopwatch(), None)
    return [watched.take_first() for _ in range(len(watched.people))]


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """A video of which every frame was seen: who can be judged, the largest and longest first, and what to warn of."""

    info: VideoInfo
    times_s: Doubles
    people: list[Person]
    is_crowd: bool
    warnings: tuple[str, ...]
    source_frames: SourceFrames | None
    place: Path | scratch.Lasting

    def take_first(self) -> ClipFeatures:
        """The first person, joined; what was kept of their parts is given up."""
        folder = self.place if isinstance(self.place, Path) else self.place.path
        own = folder / f"person-{uuid.uuid4().hex}"
        track, normalized, features = self.people.pop(0).join(len(self.times_s), own)
        away = away_frames(track.detected | (not self.is_crowd), self.times_s)
        warnings = (*self.warnings, *quality_warnings(track, normalized, away))
        return ClipFeatures(self.info, self.times_s, track, normalized, features, away, warnings, self.source_frames)


def _watch(
    video: VideoPasses,
    cnn: FrameNetwork,
    blendshapes: BlendshapeModel | None,
    config: PipelineConfig,
    timer: Stopwatch,
    change: Change | None,
    threads: int = _THREADS,
    folder: Path | None = None,
) -> _Watched:
    tracker = FaceTracker(FaceLandmarker(num_threads=threads), config.crop_side_px)
    place = folder or scratch.Lasting()
    log = FrameLog(place if isinstance(place, Path) else place.path)
    with closing(video.clips() if change is None else change(video.clips)) as clips:
        times_s, records = _watch_faces(clips, tracker, video, cnn, blendshapes, timer, log)
    timer.lap("decode")
    assert video.info is not None  # a pass was made
    info = video.info if change is None else changed_info(video.info, times_s)
    info = without_gaps(info, times_s, config.sample_rate_hz)
    step_s = usual_step_s(times_s, config.sample_rate_hz)
    least = least_frames(config, step_s)
    people = choose(put_together(records, times_s, tracker.cuts_s, least), least, step_s, info.name)
    warnings = [*video.notes, *time_warnings(info, times_s, config.sample_rate_hz)]
    warnings += crowd_warnings(people, crowded=tracker.crowded)
    own_frames = video.sampled if change is None else None
    return _Watched(info, times_s, people[:MOST_PEOPLE], len(people) > 1, tuple(warnings), own_frames, place)


def normalize_clip(track: FaceTrack) -> NormalizedClip:
    """Intensity-normalized faces of a track with the quality of every frame; hidden eyes or mouths do not count."""
    components = quality_stage.measure_quality(track)
    quality = quality_stage.overall_quality(components)
    faces = normalize_intensity(track.crops) * track.detected[:, np.newaxis, np.newaxis]
    usable = quality_stage.usable(track.detected, quality)
    for hidden in hidden_parts(faces).values():
        usable = usable & ~hidden
    return NormalizedClip(faces, quality, components, usable)


def extract_features(
    track: FaceTrack, normalized: NormalizedClip, cnn: FrameNetwork, blendshapes: BlendshapeModel | None
) -> FeatureSequence:
    """Frame features and emotions of every frame that counts.

    Args:
        track: of T frames.
        normalized: the same, normalized.
        cnn: frame CNN.
        blendshapes: their scores are appended to the features if given.

    Returns:
        Features (T, m), 0 where a frame does not count, and emotions (T, 8), NaN there.
    """
    mask = normalized.mask
    features = np.zeros((len(mask), cnn.num_features), np.float32)
    emotions = np.full((len(mask), 8), np.nan, np.float32)
    if mask.any():
        features[mask], emotions[mask] = cnn(normalized.faces[mask])
    if blendshapes:
        features = np.concatenate([features, blendshapes(track.landmarks, mask)], axis=1)
    return FeatureSequence(features, emotions, mask)


def _watch_faces(
    clips: Iterator[Clip],
    tracker: FaceTracker,
    video: VideoPasses,
    cnn: FrameNetwork,
    blendshapes: BlendshapeModel | None,
    timer: Stopwatch,
    log: FrameLog,
) -> tuple[Doubles, list[TrackRecord]]:
    """Follow every face through the video: sample times (T,) and the tracks."""
    records: dict[int, TrackRecord] = {}
    times_s: list[Doubles] = []
    first = 0
    for clip in _laps(clips, timer):
        tracks = tracker.track(clip)
        timer.lap("faces")
        for number, track in tracks.items():
            normalized = normalize_clip(track)
            features = extract_features(track, normalized, cnn, blendshapes)
            records.setdefault(number, TrackRecord(log)).add(first, track, normalized, features, tracker.look(number))
        times_s.append(clip.timestamps_s)
        first += len(clip.timestamps_s)
        timer.lap("cnn")
        video.tell_reached(float(clip.timestamps_s[-1] - times_s[0][0]))
    return np.concatenate([np.empty(0), *times_s]), list(records.values())


def _laps(clips: Iterator[Clip], timer: Stopwatch) -> Iterator[Clip]:
    """The clips, the time to decode each booked."""
    for clip in clips:
        timer.lap("decode")
        yield clip
