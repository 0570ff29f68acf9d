"""The networks of a bundle on LiteRT, and what shapes they have."""

import hashlib
import json
import struct
import threading
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emo_core.emotions import EMOTIONS
from emo_core.model.apart import ApartError, run_apart
from emo_core.types import Floats, check_shape

_CNN_BATCH = 16  # bounds the memory of the feature maps
_MOST_KEPT = 64
_SIZES = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class NetworkShapes:
    """What two networks take and give.

    Attributes:
        side_px: S, side of the faces that the frame CNN takes.
        num_features: m, length of its features.
        steps: T, length of the windows that the head takes; 0 without a head.
        head_features: length of the features that the head takes; 0 without a head.
        num_classes: C; 0 without a head.
    """

    side_px: int
    num_features: int
    steps: int = 0
    head_features: int = 0
    num_classes: int = 0


class FrameNetwork:
    """The frame CNN on LiteRT. Owns its interpreter: one per thread."""

    def __init__(self, model: bytes, num_threads: int = 1) -> None:
        self.digest = hashlib.sha256(model).hexdigest()[:16]
        self._interpreter = Interpreter(model_content=model, num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._run = self._interpreter.get_signature_runner()

    def __call__(self, faces: Floats) -> tuple[Floats, Floats]:
        """Features (T, m) and basic emotions (T, 8) of normalized faces (T, S, S) float32 in [0, 1]; T ≥ 1."""
        outputs = [self._outputs(faces[i : i + _CNN_BATCH]) for i in range(0, len(faces), _CNN_BATCH)]
        return (
            np.concatenate([output["feature"] for output in outputs]),
            np.concatenate([output["emotions"] for output in outputs]),
        )

    @property
    def side_px(self) -> int:
        """S, side of the faces that it takes."""
        return int(self._run.get_input_details()["face"]["shape"][1])

    @property
    def num_features(self) -> int:
        """m, the length of a frame feature."""
        return int(self._run.get_output_details()["feature"]["shape"][-1])

    def feature_maps(self, faces: Floats) -> Floats:
        """Feature maps A_t (T, h, w, m) float32 of normalized faces (T, S, S); their mean over h, w is the feature."""
        batches = range(0, len(faces), _CNN_BATCH)
        return np.concatenate([self._outputs(faces[i : i + _CNN_BATCH])["feature_map"] for i in batches])

    def _outputs(self, faces: Floats) -> dict[str, Floats]:
        return dict(self._run(face=np.ascontiguousarray(faces, np.float32)[..., np.newaxis]))


class HeadNetwork:
    """The LSTM head on LiteRT. Owns its interpreter: one per thread."""

    def __init__(self, model: bytes) -> None:
        self._interpreter = Interpreter(model_content=model, num_threads=1)
        self._interpreter.allocate_tensors()
        self._run = self._interpreter.get_signature_runner()

    @property
    def input_shape(self) -> tuple[int, int]:
        """T and m of the windows that it takes."""
        _, steps, features = self._run.get_input_details()["features"]["shape"]
        return int(steps), int(features)

    def __call__(self, features: Floats, weights: Floats) -> Floats:
        """Class scores (T, C) float32 logits at every step of one window.

        Args:
            features: (T, m) float32, Q-normalized.
            weights: (T,) float32 in [0, 1], quality of each frame, 0 = masked.
        """
        outputs = self._run(features=features[np.newaxis], weights=weights[np.newaxis])
        return np.asarray(next(iter(outputs.values()))[0], np.float32)


_known: dict[str, NetworkShapes | None] = {}  # by content; None where the trial failed
_trying = threading.Lock()


def try_networks(frame_cnn: bytes, head: bytes = b"") -> NetworkShapes | None:
    """Run networks once in a process of their own, because a damaged one can end the process; None if they fail.

    The outcome is kept by content, so that a model is tried once in the life of a process.

    Args:
        frame_cnn: content of ``frame_cnn.tflite``.
        head: content of ``head.tflite``; none for the frame CNN alone.

    Raises:
        ApartError: the machine had no time or no room for the trial.
    """
    key = "".join(hashlib.sha256(part).hexdigest() for part in (frame_cnn, head))
    with _trying:
        if key not in _known:
            found = _try(frame_cnn, head)
            while len(_known) >= _MOST_KEPT:
                _known.pop(next(iter(_known)))
            _known[key] = found
        return _known[key]


def _try(frame_cnn: bytes, head: bytes) -> NetworkShapes | None:
    try:
        answer = run_apart(f"{__name__}:report", _SIZES.pack(len(frame_cnn)) + frame_cnn + head)
        return NetworkShapes(**json.loads(answer))
    except ApartError as error:
        if not error.final:
            raise
        return None


def report(payload: bytes) -> bytes:
    """The work of :func:`try_networks` in the other process: run both networks on what they may meet.

    Raises:
        ValueError: a network takes or gives something else than it should, or numbers that are not finite.
    """
    size = _SIZES.unpack_from(payload)[0]
    content = payload[_SIZES.size :]
    frame_cnn, head = content[:size], content[size:]
    rng = np.random.default_rng(0)
    network = FrameNetwork(frame_cnn)
    side, num_features = network.side_px, network.num_features
    faces = rng.random((_CNN_BATCH, side, side)).astype(np.float32)
    for some in (faces[:1], faces, np.zeros_like(faces)):
        features, emotions = network(some)
        check_shape("feature", features, (len(some), num_features))
        check_shape("emotions", emotions, (len(some), len(EMOTIONS)))
        check_shape("feature_map", network.feature_maps(some), (len(some), None, None, num_features))
        _check_finite(features, emotions)
    if not head:
        return json.dumps(asdict(NetworkShapes(side, num_features))).encode()
    reader = HeadNetwork(head)
    steps, head_features = reader.input_shape
    window = rng.normal(size=(steps, head_features)).astype(np.float32)
    weights = rng.random(steps).astype(np.float32)
    num_classes = reader(window, weights).shape[-1]
    for values, shares in ((window, weights), (10 * window, np.zeros_like(weights)), (0 * window, weights)):
        scores = reader(values, shares)
        check_shape("scores", scores, (steps, num_classes))
        _check_finite(scores)
    return json.dumps(asdict(NetworkShapes(side, num_features, steps, head_features, num_classes))).encode()


def _check_finite(*arrays: Any) -> None:
    if not all(np.isfinite(values).all() for values in arrays):
        raise ValueError("a network gives numbers that are not finite")
