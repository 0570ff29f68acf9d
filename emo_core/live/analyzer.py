"""One frame after another through the stages of :mod:`emo_core.inference.pipeline`, with a verdict after each.

The window that ends now is judged as any window of a clip is, at the rate the model was trained for; frames between
two samples move the face box, the emotions and the hints.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emo_core.analysis import WindowPrediction
from emo_core.emotions import UNSURE
from emo_core.faces.blendshapes import BlendshapeModel
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker, empty_track
from emo_core.inference.pipeline import extract_features, normalize_clip
from emo_core.inference.windows import ABSTAIN, decide, judge_windows, shown_mix
from emo_core.live.hints import capture_hints
from emo_core.model.bundle import Bundle
from emo_core.types import Bytes, Clip, FaceTrack, FeatureSequence, Floats, NormalizedClip, concatenate

_CLEARLY_LARGER = 1.25
_GAP_S = 1.0  # after a longer gap in time, or without a face, earlier frames say nothing of now


@dataclass(frozen=True, slots=True, eq=False)
class LiveResult:
    """What is known after one frame.

    Attributes:
        time_s: arrival of the frame, seconds from the first.
        box_xyxy: (4,) face box as shares of the frame's width and height; None without a face.
        label: a class of the model or ``unsure``.
        probability: of the label, of the most probable class if unsure; in [0, 1].
        probabilities: (C,) smoothed, sums to 1.
        emotions: (8,) smoothed basic emotions, sums to 1; None before the first usable face.
        quality: quality of the frame in [0, 1]; 0 without a face.
        hints: what would make the picture better, most important first.
        num_others: faces beside the one that is judged.
        salience, is_blend, presence: as in :class:`~emo_core.analysis.Prediction`, of the window that ends now.
    """

    time_s: float
    box_xyxy: Floats | None
    label: str
    probability: float
    probabilities: Floats
    emotions: Floats | None
    quality: float
    hints: tuple[str, ...]
    num_others: int = 0
    salience: Mapping[str, float] = field(default_factory=dict)
    is_blend: bool = False
    presence: Mapping[str, float] = field(default_factory=dict)


class LiveAnalyzer:
    """Frames in, results out, one at a time; owns its interpreters, so it stays in the thread that made it.

    Example:
        >>> import numpy as np
        >>> from emo_core.model.bundle import load_bundle
        >>> analyzer = LiveAnalyzer(load_bundle("models/hybrid"))
        >>> result = analyzer.analyze(np.zeros((48, 64, 3), np.uint8), time_s=0.0, smoothing_s=0.0)
        >>> result.label, result.box_xyxy, result.hints
        ('unsure', None, ('No face to be seen: come into the picture.',))
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._cnn, self._head = bundle.frame_network(), bundle.head_network()
        self._landmarker = FaceLandmarker()
        self._blendshapes = BlendshapeModel() if bundle.config.blendshapes else None
        self._steps: deque[_Step] = deque(maxlen=bundle.config.window_steps)
        self._last_slot = -1
        self._recent: deque[_Step] = deque()  # every analysed frame of the last second, for the hints
        self._size = (0, 0)
        self._person = self._num_faces = 0
        self._forget()

    def analyze(self, image: Bytes, time_s: float, smoothing_s: float) -> LiveResult:
        """One RGB frame (H, W, 3) uint8; `time_s` must grow from call to call."""
        if image.shape[:2] != self._size or (self._recent and time_s - self._recent[-1].time_s > _GAP_S):
            self._size = image.shape[:2]
            self._forget()
        track = self._follow(image, time_s)
        normalized = normalize_clip(track)
        step = _Step(time_s, track, normalized, extract_features(track, normalized, self._cnn, self._blendshapes))
        self._blend_emotions(step, smoothing_s)
        self._recent.append(step)
        while time_s - self._recent[0].time_s > _GAP_S:
            self._recent.popleft()
        slot = _slot(time_s, self._bundle.config.sample_rate_hz)
        if slot > self._last_slot:
            self._last_slot = slot
            self._steps.append(step)
            self._judge(step, smoothing_s)
        return self._result(step)

    def _forget(self) -> None:
        """Start as with a new camera."""
        self._tracker = FaceTracker(self._landmarker, self._bundle.config.crop_side_px)
        self._steps.clear()
        self._recent.clear()
        self._last_slot = -1
        self._last_judged_s = -math.inf
        self._probabilities = np.full(len(self._bundle.classes), 1 / len(self._bundle.classes), np.float32)
        self._emotions: Floats | None = None
        self._label = UNSURE
        self._mix: dict[str, Any] = {}

    def _follow(self, image: Bytes, time_s: float) -> FaceTrack:
        """The one face that counts: the largest; two of about one size do not take turns."""
        height, width = image.shape[:2]
        tracks = self._tracker.track(Clip(image[np.newaxis], np.array([time_s]), width, height))
        self._num_faces = len(tracks)
        if not tracks:
            return empty_track(1, self._bundle.config.crop_side_px)
        sizes = {number: float(track.eye_distance_px[0]) for number, track in tracks.items()}
        largest = max(sizes, key=lambda number: sizes[number])
        if largest != self._person and sizes[largest] > _CLEARLY_LARGER * sizes.get(self._person, 0.0):
            self._person = largest
            self._steps.clear()  # another person: what was seen before is not of this one
        return tracks[self._person]

    def _blend_emotions(self, step: "_Step", smoothing_s: float) -> None:
        """Let a usable frame move the smoothed emotions."""
        if step.features.mask[0]:
            earlier = self._emotions if self._emotions is not None else step.features.emotions[0]
            gap_s = step.time_s - self._recent[-1].time_s if self._recent else math.inf
            self._emotions = _towards(earlier, step.features.emotions[0], _share(gap_s, smoothing_s))

    def _judge(self, step: "_Step", smoothing_s: float) -> None:
        """Judge the window that ends now, and let it move the smoothed probabilities and emotions."""
        rate_hz = self._bundle.config.sample_rate_hz
        slots = [_slot(item.time_s, rate_hz) for item in self._steps]
        while slots[-1] - slots[0] >= self._bundle.config.window_steps:  # fewer frames than steps: it reaches too far
            self._steps.popleft()
            slots.pop(0)
        steps = list(self._steps)
        normalized = concatenate([item.normalized for item in steps])
        features = concatenate([item.features for item in steps])
        windows, _ = judge_windows(self._bundle, self._head, features, normalized, np.array(slots) / rate_hz)
        window = windows[-1]
        share = _share(step.time_s - self._last_judged_s, smoothing_s)
        self._last_judged_s = step.time_s
        self._mix = {}
        if not window.num_valid_frames:
            self._label = UNSURE
            return
        self._probabilities = _towards(self._probabilities, window.probabilities, share)
        self._label = self._decide(window)
        self._mix = shown_mix(self._bundle, self._label, features, normalized.quality)
        self._mix.pop("emotions")  # the smoothed ones are shown

    def _decide(self, window: WindowPrediction) -> str:
        """The class of the smoothed probabilities, by the thresholds of this quality; too little face is unsure."""
        present = any(item.features.mask[0] for item in self._recent)
        if not present or window.face_s < self._bundle.config.min_face_s:
            return UNSURE
        quality = np.array([window.quality], np.float32)
        scores = self._bundle.scores.transform(self._probabilities[np.newaxis], quality)[0]
        choice = int(decide(self._probabilities, scores))
        return UNSURE if choice == ABSTAIN else self._bundle.info.labels[choice]

    def _result(self, step: "_Step") -> LiveResult:
        height, width = self._size
        box = step.track.boxes_xyxy[0] / np.array([width, height, width, height], np.float32)
        labels = self._bundle.info.labels
        best = float(self._probabilities.max())
        return LiveResult(
            time_s=step.time_s,
            box_xyxy=box if step.track.detected[0] else None,
            label=self._label,
            probability=best if self._label == UNSURE else float(self._probabilities[labels.index(self._label)]),
            probabilities=self._probabilities,
            emotions=self._emotions,
            quality=float(step.normalized.quality[0]),
            hints=capture_hints(
                concatenate([item.track for item in self._recent]),
                concatenate([item.normalized for item in self._recent]),
                self._size,
            ),
            num_others=max(0, self._num_faces - 1),
            **self._mix,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One analysed frame: every array inside has T = 1."""

    time_s: float
    track: FaceTrack
    normalized: NormalizedClip
    features: FeatureSequence


def _slot(time_s: float, rate_hz: float) -> int:
    return int(time_s * rate_hz + 1e-3)


def _share(gap_s: float, smoothing_s: float) -> float:
    """How far a new value moves a smoothed one after `gap_s` seconds; all the way without smoothing or after ages."""
    return 1 - math.exp(-gap_s / smoothing_s) if smoothing_s > 0 else 1.0


def _towards(earlier: Floats, new: Floats, share: float) -> Floats:
    """A step of `share` of the way; rows that sum to 1 stay so."""
    return np.asarray(earlier + np.float32(share) * (new - earlier), np.float32)
