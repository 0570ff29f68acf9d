"""Find one person's face in every frame, follow it, and align it by the eyes (method §2).

Faces are followed from frame to frame by their landmarks; the detector runs only when a face is lost and once a second
to notice newcomers. Every face is followed, because which one is the largest and longest is known only at the end.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from emo_core.faces.landmarks import NUM_LANDMARKS, FaceLandmarker, Mesh, Region, is_same_place, overlap, turned_back
from emo_core.types import Bytes, Clip, Doubles, FaceTrack, Floats

EYE_CENTRES = np.array([[0.311, 0.386], [0.674, 0.386]])
"""Where the eye centres lie in the crop (x, y as shares of its side): FER+'s own framing, measured as medians."""

EYE_DISTANCE = float(np.linalg.norm(EYE_CENTRES[1] - EYE_CENTRES[0]))
"""Distance between the eye centres as a share of the crop's side."""

MAX_FACES = 3
"""People followed at once; more are counted as the crowd they are by the warning, not judged."""

_RIGHT_EYE, _LEFT_EYE = (33, 133), (362, 263)  # corners; the person's right eye is on the image's left
_FOREHEAD, _CHIN = 10, 152
_PITCH_OFFSET = np.radians(7.5)  # forehead to chin is not upright in a level face: median over FER+
_PRESENT_LOGIT = 0.0  # under even odds the mesh is drawn on something that is not a face
_SURE_LOGIT, _CLEARLY_BETTER = 12.0, 4.0  # a face upside down is fitted with up to 10; turned, with 4 more at least
_PATIENCE = 4  # searches for which something before a clear face is no reason to turn the picture
_CLEAR_LOGIT = 15.0  # unobstructed faces lie at 15…25, a hand before the face at 4…13
_SEARCH_PERIOD_S = 1.0
_STANDARD_MEAN, _STANDARD_DEVIATION = 0.5, 0.2
_LEAST_DEVIATION = 4.0  # grey levels; a flat crop is not blown up to noise


class FaceTracker:
    """Follows the faces of one video through successive clips; keeps state, so use one per video.

    Args:
        landmarker: the face landmark model.
        crop_side_px: side S of the aligned crops.
    """

    def __init__(self, landmarker: FaceLandmarker, crop_side_px: int) -> None:
        self._landmarker = landmarker
        self._side = crop_side_px
        self._regions: list[Region] = []  # last known place of each person
        self._lost: list[bool] = []
        self._next_search_s = 0.0
        self._quarter_turns = 0  # of the picture in which faces stand upright
        self._doubts = _PATIENCE  # thorough searches since faces were clear

    def track(self, clip: Clip) -> list[FaceTrack]:
        """Tracks through `clip`, one per person seen so far in the video, in the order of their first appearance."""
        rows = [self._follow(frame, time_s) for frame, time_s in zip(clip.frames, clip.timestamps_s, strict=True)]
        return [
            self._assemble(clip, [row[person] if person < len(row) else None for row in rows])
            for person in range(len(self._regions))
        ]

    def _follow(self, frame: Bytes, time_s: float) -> list[Mesh | None]:
        """The mesh of every person in one frame; None for those who are not seen."""
        meshes: list[Mesh | None] = [
            None if lost else self._fit(frame, region) for region, lost in zip(self._regions, self._lost, strict=True)
        ]
        for later in range(len(meshes)):
            if any(_same_face(meshes[later], meshes[earlier]) for earlier in range(later)):
                meshes[later] = None  # two tracks ran onto one face
        due = time_s >= self._next_search_s
        if due or not any(meshes):
            found = self._find(frame, meshes, thorough=due)
            self._add(meshes, found)
        if due:
            self._next_search_s = time_s + _SEARCH_PERIOD_S
        self._lost = [mesh is None for mesh in meshes]
        for person, mesh in enumerate(meshes):
            if mesh is not None:
                self._regions[person] = mesh.region
        return meshes

    def _fit(self, frame: Bytes, region: Region) -> Mesh | None:
        mesh = self._landmarker.fit(frame, region)
        return mesh if mesh.presence_logit > _PRESENT_LOGIT else None

    def _find(self, frame: Bytes, meshes: list[Mesh | None], *, thorough: bool) -> list[Mesh]:
        """Faces that nobody follows. A followed one that stands in another way up than it is fitted is mended.

        The picture is searched as faces stood in it so far; where no face is clear, in the other three ways, too.
        """
        found = self._detect(frame, self._quarter_turns, meshes, thorough=thorough)
        seen = [mesh for mesh in (*meshes, *found) if mesh is not None]
        if not thorough:
            return found
        if seen and all(mesh.presence_logit > _SURE_LOGIT for mesh in seen):
            self._doubts = 0
            return found
        self._doubts += 1
        if seen and self._doubts <= _PATIENCE:
            return found
        for turns in range(1, 4):
            quarter_turns = (self._quarter_turns + turns) % 4
            for mesh in self._detect(frame, quarter_turns, [], thorough=not seen):
                rival = next((other for other in seen if _same_face(mesh, other)), None)
                if rival is None and not seen:
                    found.append(mesh)
                elif rival is None or not _stands_better(mesh, rival):
                    continue
                elif rival in found:
                    found[found.index(rival)] = mesh
                else:
                    meshes[meshes.index(rival)] = mesh
                self._quarter_turns = quarter_turns
                seen = [other for other in (*meshes, *found) if other is not None]
        return found

    def _detect(self, frame: Bytes, quarter_turns: int, meshes: list[Mesh | None], *, thorough: bool) -> list[Mesh]:
        """Faces of a picture, searched as it looks after some quarter turns, that none of `meshes` covers."""
        picture = np.ascontiguousarray(np.rot90(frame, quarter_turns)) if quarter_turns else frame
        found: list[Mesh] = []
        for turned in self._landmarker.detect(picture, thorough=thorough):
            region = turned_back(turned, quarter_turns, frame.shape) if quarter_turns else turned
            if any(mesh is not None and _is_near(mesh.region, region) for mesh in meshes):
                continue
            mesh = self._fit(frame, region)
            if mesh is not None and not any(_same_face(mesh, other) for other in (*meshes, *found)):
                found.append(mesh)
        return found

    def _add(self, meshes: list[Mesh | None], found: list[Mesh]) -> None:
        """Give each face to a lost person who is back, else to a newcomer."""
        for mesh in found:
            lost = [person for person, other in enumerate(meshes) if other is None]
            if lost:
                meshes[min(lost, key=lambda person: _distance(self._regions[person], mesh.region))] = mesh
            elif len(meshes) < MAX_FACES:
                meshes.append(mesh)
                self._regions.append(mesh.region)

    def _assemble(self, clip: Clip, meshes: Sequence[Mesh | None]) -> FaceTrack:
        track = empty_track(len(meshes), self._side)
        scale = clip.source_scale
        for step, mesh in enumerate(meshes):
            if mesh is not None:
                track.crops[step] = align_face(clip.frames[step], eye_centres(mesh.landmarks), self._side)
                _record(track, step, mesh, scale)
        return track


def align_stills(landmarker: FaceLandmarker, images: Sequence[Bytes] | Bytes, side: int) -> FaceTrack:
    """Landmarks and aligned crops of face pictures that the face already fills, such as FER+'s.

    Args:
        landmarker: the face landmark model.
        images: N square grey pictures (H, H) uint8.
        side: side S of the crops.

    Returns:
        A track whose T axis runs over the pictures; undetected where no landmarks were found.
    """
    track = empty_track(len(images), side)
    for index, image in enumerate(images):
        rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        height = image.shape[0]
        first = landmarker.fit(rgb, Region(height / 2, height / 2, 1.3 * height, 0.0))
        mesh = landmarker.fit(rgb, first.region)  # once more from where the face is
        if mesh.presence_logit > _PRESENT_LOGIT and _plausible(mesh, height):
            track.crops[index] = align_face(rgb, eye_centres(mesh.landmarks), side)
            _record(track, index, mesh, 1.0)
    return track


def empty_track(num_frames: int, side: int) -> FaceTrack:
    """A track of `num_frames` frames without a face."""
    return FaceTrack(
        crops=np.zeros((num_frames, side, side), np.uint8),
        boxes_xyxy=np.full((num_frames, 4), np.nan, np.float32),
        landmarks=np.full((num_frames, NUM_LANDMARKS, 3), np.nan, np.float32),
        pose_deg=np.full((num_frames, 3), np.nan, np.float32),
        confidence=np.zeros(num_frames, np.float32),
        eye_distance_px=np.full(num_frames, np.nan, np.float32),
        detected=np.zeros(num_frames, bool),
    )


def eye_centres(landmarks: Floats) -> Doubles:
    """Centres of the eye on the image's left and on its right, (2, 3) float64 x, y, z in the unit of `landmarks`."""
    return np.stack([landmarks[list(corners)].mean(axis=0) for corners in (_RIGHT_EYE, _LEFT_EYE)]).astype(float)


def eye_distance(eyes: Doubles) -> float:
    """Distance between the eye centres (2, 3) in space, so that a turned face does not count as a small one."""
    return float(np.linalg.norm(eyes[1] - eyes[0]))


def alignment(eyes: Doubles, side: int) -> Doubles:
    """Similarity transform (2, 3) from image pixels to crop pixels: the eyes level, at `EYE_CENTRES` when frontal.

    The scale is that of the eye distance in space. Pixel centres lie at whole coordinates; a point p maps to
    `M[:, :2] @ p + M[:, 2]`.

    Args:
        eyes: (2, 3) float64, as :func:`eye_centres` gives them.
        side: side of the crop in pixels.
    """
    angle = np.arctan2(eyes[1, 1] - eyes[0, 1], eyes[1, 0] - eyes[0, 0])
    scale = EYE_DISTANCE * side / max(eye_distance(eyes), 1e-6)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    rotation = np.array([[cos, sin], [-sin, cos]])
    target = EYE_CENTRES.mean(axis=0) * side - 0.5
    return np.column_stack([rotation, target - rotation @ eyes[:, :2].mean(axis=0)])


def align_face(image: Bytes, eyes: Doubles, side: int) -> Bytes:
    """Grey crop (side, side) uint8 of an RGB image (H, W, 3) uint8, aligned by the eye centres (2, 3).

    The crop is drawn at a whole multiple of its size and averaged down, so that large faces do not alias.
    """
    factor = int(np.clip(np.ceil(eye_distance(eyes) / (EYE_DISTANCE * side)), 1, 12))
    size = (side * factor, side * factor)
    transform = alignment(eyes, side * factor)
    large = cv2.warpAffine(image, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(large, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def head_pose(landmarks: Floats) -> Floats:
    """Yaw, pitch and roll in degrees, (3,) float32, from landmarks (478, 3); signs as in :class:`FaceTrack`."""
    across = _unit(landmarks[list(_LEFT_EYE)].mean(axis=0) - landmarks[list(_RIGHT_EYE)].mean(axis=0))
    down = landmarks[_CHIN] - landmarks[_FOREHEAD]
    down = _unit(down - across * float(down @ across))
    forward = 0.0 - np.cross(across, down)  # out of the face, towards the camera; 0 − 0 is +0, −(0) would be −0,
    yaw = np.arctan2(forward[0], 0.0 - forward[2])  # and points that all coincide would read as turned by 180°
    pitch = np.arctan2(forward[1], np.hypot(forward[0], forward[2])) - _PITCH_OFFSET
    roll = np.arctan2(across[1], across[0])
    return np.degrees([yaw, pitch, roll]).astype(np.float32)


def normalize_intensity(crops: Bytes) -> Floats:
    """Crops with the same mean and contrast: (…, S, S) uint8 → float32 in [0, 1], mean 0.5, standard deviation 0.2.

    Takes out exposure and contrast, which say nothing of emotion. Both are measured on the face, an eighth of the side
    away from the border; values beyond ±2.5 deviations are clipped.
    """
    grey = crops.astype(np.float32)
    margin = crops.shape[-1] // 8
    face = grey[..., margin:-margin, margin:-margin]
    mean = face.mean(axis=(-2, -1), keepdims=True)
    deviation = np.maximum(face.std(axis=(-2, -1), keepdims=True), _LEAST_DEVIATION)
    scaled = _STANDARD_MEAN + (grey - mean) * (_STANDARD_DEVIATION / deviation)
    return np.asarray(np.clip(scaled, 0.0, 1.0), np.float32)


def _record(track: FaceTrack, step: int, mesh: Mesh, scale: float) -> None:
    points = mesh.landmarks * np.float32(scale)
    eyes = eye_centres(points)
    track.landmarks[step] = points
    track.boxes_xyxy[step] = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])
    track.pose_deg[step] = head_pose(points)
    track.confidence[step] = np.clip(mesh.presence_logit / _CLEAR_LOGIT, 0.0, 1.0)
    track.eye_distance_px[step] = eye_distance(eyes)
    track.detected[step] = True


def _plausible(mesh: Mesh, height: int) -> bool:
    """Whether the eyes lie where a picture that a face fills can have them."""
    eyes = eye_centres(mesh.landmarks) / height
    distance, eyes = eye_distance(eyes), eyes[:, :2]
    return bool((eyes > 0).all() and (eyes < 1).all() and 0.5 * EYE_DISTANCE < distance < 1.6 * EYE_DISTANCE)


def _same_face(a: Mesh | None, b: Mesh | None) -> bool:
    return a is not None and b is not None and is_same_place(a.region.box_xyxy, b.region.box_xyxy)


def _stands_better(mesh: Mesh, rival: Mesh) -> bool:
    """Whether a face is fitted clearly better, and in another way up: anything less is left as it is followed."""
    turned = np.cos(mesh.region.angle - rival.region.angle) < np.cos(np.pi / 4)
    return bool(turned) and mesh.presence_logit > rival.presence_logit + _CLEARLY_BETTER


def _is_near(a: Region, b: Region) -> bool:
    return overlap(a.box_xyxy, b.box_xyxy) > 0.2 or is_same_place(a.box_xyxy, b.box_xyxy)


def _distance(a: Region, b: Region) -> float:
    return float(np.hypot(a.centre_x - b.centre_x, a.centre_y - b.centre_y))


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
