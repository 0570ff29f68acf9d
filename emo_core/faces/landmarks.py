"""The vendored face landmark model on LiteRT: a face detector and a 478-point mesh.

`face_landmarker.task` (MediaPipe, Apache-2.0) is a zip of TFLite files; running them directly costs 5 ms a frame and
spares a 563 MiB dependency. Anchors, regions and scalings follow the published BlazeFace and FaceMesh model cards.
"""

import zipfile
from dataclasses import dataclass

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emo_core.errors import BundleError
from emo_core.files import folders
from emo_core.types import Bytes, Floats

TASK_PATH = folders.ROOT / "models" / "face_landmarker" / "face_landmarker.task"
NUM_LANDMARKS = 478

_DETECTOR_SIDE_PX = 128
_MESH_SIDE_PX = 256
_REGION_MARGIN = 1.5  # the mesh expects half a face of surroundings
_DETECTION_THRESHOLD = 0.5
_OVERLAP_THRESHOLD = 0.3
_INSIDE_SHARE = 0.6  # of the smaller box; two heads side by side share less
_DARK_LEVEL = 60.0  # mean grey level under which the detector misses faces that a gain makes visible
_RIGHT_EYE_OUTER, _LEFT_EYE_OUTER = 33, 263


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square of the image that holds one face: centre and side in pixels, angle in radians (clockwise)."""

    centre_x: float
    centre_y: float
    side: float
    angle: float

    @property
    def box_xyxy(self) -> Floats:
        """The face inside the margin, as an upright box in pixels, (4,) float32."""
        half = self.side / _REGION_MARGIN / 2
        x, y = self.centre_x, self.centre_y
        return np.array([x - half, y - half, x + half, y + half], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Landmarks (478, 3) float32 in image pixels (z: smaller is nearer) and the logit that a clear face is there."""

    landmarks: Floats
    presence_logit: float

    @property
    def region(self) -> Region:
        """Where to look for the same face in the next frame."""
        points = self.landmarks[:, :2]
        low, high = points.min(axis=0), points.max(axis=0)
        eyes = points[_LEFT_EYE_OUTER] - points[_RIGHT_EYE_OUTER]
        centre = (low + high) / 2
        side = float((high - low).max()) * _REGION_MARGIN
        return Region(float(centre[0]), float(centre[1]), side, float(np.arctan2(eyes[1], eyes[0])))


def read_vendored(network: str) -> bytes:
    """One of the TFLite files in the vendored model.

    Raises:
        BundleError: the model is missing or cannot be read.
    """
    try:
        with zipfile.ZipFile(TASK_PATH) as task:
            return task.read(f"{network}.tflite")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"The face landmark model {TASK_PATH.name} is missing or damaged: restore models/face_landmarker."
        ) from error


class FaceLandmarker:
    """Detects faces and fits their landmarks; owns its interpreters, so use one per thread.

    Raises:
        BundleError: the landmark model is missing or cannot be read.
    """

    def __init__(self, num_threads: int = 1) -> None:
        self._detector = _Network(read_vendored("face_detector"), num_threads)
        self._mesh = _Network(read_vendored("face_landmarks_detector"), num_threads)
        self._anchors = _anchor_centres()

    def detect(self, image: Bytes, *, thorough: bool = True) -> list[Region]:
        """Faces in an RGB image (H, W, 3) uint8, most certain first.

        The whole image is searched first; where that finds nothing, or when `thorough`, overlapping squares as high as
        the image are, which finds faces too small for the detector's 128 pixels; and when `thorough` still finds
        nothing, squares of half that size. Dark images are brightened for the search.
        """
        level = float(image[::8, ::8].mean())
        if level < _DARK_LEVEL:
            gain = min(8.0, 1.5 * _DARK_LEVEL / max(level, 1.0))
            image = np.asarray(cv2.convertScaleAbs(image, alpha=gain), np.uint8)
        height, width = image.shape[:2]
        found = self._detect_in(image, 0, 0, height, width)
        shorter = min(height, width)
        for side in (shorter, shorter // 2) if thorough else (shorter,):
            enough = bool(found) and (side < shorter or not thorough)
            if enough or side < _DETECTOR_SIDE_PX:
                break
            for top in _starts(height, side):
                for left in _starts(width, side):
                    found += self._detect_in(image, top, left, side, side)
        return [region for _, region in _suppress_overlaps(found)]

    def fit(self, image: Bytes, region: Region) -> Mesh:
        """Landmarks of the face in `region` of an RGB image (H, W, 3) uint8."""
        cos, sin = (f(region.angle) * region.side / _MESH_SIDE_PX for f in (np.cos, np.sin))
        half = _MESH_SIDE_PX / 2
        to_image = np.array(
            [
                [cos, -sin, region.centre_x - (cos - sin) * half],
                [sin, cos, region.centre_y - (sin + cos) * half],
            ],
            np.float32,
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpAffine(image, to_image, (_MESH_SIDE_PX,) * 2, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        picture = np.asarray(crop, np.float32)
        picture /= 255
        outputs = self._mesh(picture)
        points = max(outputs, key=np.size).reshape(NUM_LANDMARKS, 3)
        presence = outputs[1]  # outputs: landmarks, presence of a face, tongue
        xy = points[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        z = points[:, 2:] * (region.side / _MESH_SIDE_PX)
        return Mesh(np.concatenate([xy, z], axis=1).astype(np.float32), float(presence.ravel()[0]))

    def _detect_in(self, image: Bytes, top: int, left: int, height: int, width: int) -> list[tuple[float, Region]]:
        """Detections (score, region) in one rectangle of the image, letterboxed to the detector's square."""
        scale = _DETECTOR_SIDE_PX / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pad_x, pad_y = (_DETECTOR_SIDE_PX - size[0]) // 2, (_DETECTOR_SIDE_PX - size[1]) // 2
        square = np.zeros((_DETECTOR_SIDE_PX, _DETECTOR_SIDE_PX, 3), np.float32)
        small = cv2.resize(image[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA)
        square[pad_y : pad_y + size[1], pad_x : pad_x + size[0]] = small.astype(np.float32) / 127.5 - 1
        raw, logits = self._detector(square)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        chosen = np.flatnonzero(scores > _DETECTION_THRESHOLD)
        values = raw[0, chosen].reshape(-1, 8, 2) / _DETECTOR_SIDE_PX  # centre, size, then six key points
        offset = np.array([pad_x, pad_y], np.float32)
        corner = np.array([left, top], np.float32)
        regions = []
        for index, value in zip(chosen, values, strict=True):
            points = ((value[[0, 2, 3]] + self._anchors[index]) * _DETECTOR_SIDE_PX - offset) / scale + corner
            side = float(value[1].max()) * _DETECTOR_SIDE_PX / scale * _REGION_MARGIN
            eyes = points[2] - points[1]
            angle = float(np.arctan2(eyes[1], eyes[0]))
            regions.append((float(scores[index]), Region(float(points[0, 0]), float(points[0, 1]), side, angle)))
        return regions


def overlap(box_a: Floats, box_b: Floats) -> float:
    """Intersection over union of two boxes (4,) x0, y0, x1, y1; in [0, 1].

    Example:
        >>> overlap(np.array([0, 0, 2, 2], "f"), np.array([1, 0, 3, 2], "f"))
        0.333...
    """
    shared, area_a, area_b = _areas(box_a, box_b)
    return shared / (area_a + area_b - shared) if shared else 0.0


def is_same_place(box_a: Floats, box_b: Floats) -> bool:
    """Whether two boxes hold one face: they overlap by half, or the smaller one lies mostly inside the other.

    Args:
        box_a: (4,) x0, y0, x1, y1 in any unit.
        box_b: (4,) likewise.

    Example:
        >>> is_same_place(np.array([0, 0, 9, 9], "f"), np.array([2, 2, 5, 5], "f"))
        True
    """
    shared, area_a, area_b = _areas(box_a, box_b)
    return shared > _INSIDE_SHARE * min(area_a, area_b)


def _areas(box_a: Floats, box_b: Floats) -> tuple[float, float, float]:
    """Area that two boxes share, and that of each; without NumPy, whose calls take longer than four numbers."""
    left, top, right, bottom = box_a.tolist()
    other_left, other_top, other_right, other_bottom = box_b.tolist()
    width, height = min(right, other_right) - max(left, other_left), min(bottom, other_bottom) - max(top, other_top)
    shared = width * height if width > 0 and height > 0 else 0.0
    return shared, (right - left) * (bottom - top), (other_right - other_left) * (other_bottom - other_top)


def turned_back(region: Region, quarter_turns: int, shape: tuple[int, ...]) -> Region:
    """A region of ``np.rot90(image, quarter_turns)`` as one of the image itself, of `shape` (H, W, …)."""
    x, y = region.centre_x, region.centre_y
    height, width = shape[0] - 1, shape[1] - 1
    x, y = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[quarter_turns % 4]
    return Region(x, y, region.side, region.angle + quarter_turns * np.pi / 2)


def _suppress_overlaps(found: list[tuple[float, Region]]) -> list[tuple[float, Region]]:
    """The most certain of each group of overlapping detections."""
    kept: list[tuple[float, Region]] = []
    for score, region in sorted(found, key=lambda item: -item[0]):
        if not any(_is_covered(region, other) for _, other in kept):
            kept.append((score, region))
    return kept


def _is_covered(region: Region, other: Region) -> bool:
    a, b = region.box_xyxy, other.box_xyxy
    return overlap(a, b) >= _OVERLAP_THRESHOLD or is_same_place(a, b)


def _starts(extent: int, side: int) -> list[int]:
    """Starts of squares of `side` that cover `extent` with at least a quarter of overlap."""
    count = 1 if extent <= side else int(np.ceil((extent - side) / (0.75 * side))) + 1
    return [round(start) for start in np.linspace(0, extent - side, count)]


def _anchor_centres() -> Floats:
    """Centres of BlazeFace's 896 anchors in [0, 1]: two on each cell of a 16×16 grid, six on each of an 8×8 grid."""
    grids = []
    for cells, repeats in ((16, 2), (8, 6)):
        y, x = np.divmod(np.arange(cells * cells), cells)
        grids.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / cells, repeats, axis=0))
    return np.concatenate(grids).astype(np.float32)


class _Network:
    """A model that reads one picture."""

    def __init__(self, content: bytes, num_threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def __call__(self, image: Floats) -> list[Floats]:
        """Outputs in the model's order."""
        self._interpreter.set_tensor(self._input, image[np.newaxis])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
