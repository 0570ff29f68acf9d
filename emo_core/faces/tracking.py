"""Find one person's face in every frame, follow it, and align it by the eyes (method §2).

Faces are followed from frame to frame by their landmarks; the detector runs only when a face is lost and once a second
to notice newcomers. Every face is followed, because which one is the largest and longest is known only at the end.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from emo_core.faces.alignment import EYE_DISTANCE, align_face, alignment, eye_centres, eye_distance
from emo_core.faces.appearance import Look, look_of
from emo_core.faces.cuts import CutDetector
from emo_core.faces.followed import (
    CLEAR_LOGIT,
    Followed,
    Sight,
    forget_oldest,
    is_near,
    is_other,
    same_face,
    stands_better,
    unlikeness,
)
from emo_core.faces.landmarks import NUM_LANDMARKS, FaceLandmarker, Mesh, Region, turned_back
from emo_core.faces.pose import head_pose
from emo_core.types import Bytes, Clip, FaceTrack

MAX_FACES = 8
"""People followed at once; that more are seen is told, and they are not judged."""

_PRESENT_LOGIT = 0.0  # under even odds the mesh is drawn on something that is not a face
_SURE_LOGIT = 12.0  # a face upside down is fitted with up to 10
_PATIENCE = 4  # searches for which something before a clear face is no reason to turn the picture
_SEARCH_PERIOD_S = 1.0


class FaceTracker:
    """Follows the faces of one video through successive clips; keeps state, so use one per video.

    A track ends where the face is lost, and where what is followed is no longer the same face: at a cut, or where its
    look jumps. A face that appears continues the lost track that it looks like, else it begins a new one.

    Args:
        landmarker: the face landmark model.
        crop_side_px: side S of the aligned crops.

    Attributes:
        crowded: whether faces were left out because :data:`MAX_FACES` were followed at once.
        cuts_s: times at which a new shot began.
    """

    def __init__(self, landmarker: FaceLandmarker, crop_side_px: int) -> None:
        self.crowded = False
        self.cuts_s: list[float] = []
        self._landmarker = landmarker
        self._side = crop_side_px
        self._cuts = CutDetector()
        self._faces: dict[int, Followed] = {}
        self._num_tracks = 0
        self._next_search_s = 0.0
        self._framing = 0
        self._quarter_turns = 0  # of the picture in which faces stand upright
        self._doubts = _PATIENCE  # thorough searches since faces were clear

    def track(self, clip: Clip) -> dict[int, FaceTrack]:
        """Tracks through `clip` by their numbers, which count from 0 through the video; only those seen in it."""
        moments = zip(clip.frames, clip.timestamps_s, clip.framings.tolist(), strict=True)
        rows = [self._follow(frame, time_s, framing) for frame, time_s, framing in moments]
        numbers = sorted(set().union(*rows))
        return {number: self._assemble(clip, [row.get(number) for row in rows]) for number in numbers}

    def look(self, number: int) -> Look:
        """How the face of a track looks on the whole."""
        return self._faces[number].mean

    def _follow(self, frame: Bytes, time_s: float, framing: int) -> dict[int, Sight]:
        """Every face in one frame by the number of its track."""
        is_framed_anew, self._framing = framing != self._framing, framing
        if is_framed_anew:
            self._cuts.start_anew()
            for face in self._faces.values():
                face.lose()
        is_cut = self._cuts.is_cut(frame) or is_framed_anew
        if is_cut:
            self.cuts_s.append(time_s)
        sights, strangers = self._follow_on(frame, is_cut=is_cut)
        due = is_cut or time_s >= self._next_search_s
        if due or not (sights or strangers):
            known = [*sights.values(), *strangers]
            found = self._find(frame, known, thorough=due)
            sights = dict(zip(sights, known, strict=False))
            strangers = [*known[len(sights) :], *found]
        if due:
            self._next_search_s = time_s + _SEARCH_PERIOD_S
        for sight in strangers:
            self._recognize(sight, sights, time_s)
        for number, sight in sights.items():
            self._faces[number].see(sight, time_s)
        return sights

    def _follow_on(self, frame: Bytes, *, is_cut: bool) -> tuple[dict[int, Sight], list[Sight]]:
        """Faces that are still the ones they were, by number, and others in their places."""
        sights: dict[int, Sight] = {}
        strangers: list[Sight] = []
        for number, face in self._faces.items():
            face.is_cut_off |= is_cut
            sight = None if face.is_lost else self._fit(frame, face.region)
            face.is_lost = True
            if sight is None or any(same_face(sight.mesh, other.mesh) for other in [*sights.values(), *strangers]):
                continue  # lost, or two tracks ran onto one face
            if is_other(face, sight, is_cut=is_cut):
                sight = self._settled(frame, sight)
                if is_other(face, sight, is_cut=is_cut):
                    strangers.append(sight)
                    continue
            sights[number] = sight
        return sights, strangers

    def _fit(self, frame: Bytes, region: Region) -> Sight | None:
        mesh = self._landmarker.fit(frame, region)
        if mesh.presence_logit <= _PRESENT_LOGIT:
            return None
        eyes = eye_centres(mesh.landmarks)
        crop = align_face(frame, eyes, self._side)
        return Sight(mesh, crop, look_of(frame, crop, alignment(eyes, self._side)))

    def _settled(self, frame: Bytes, sight: Sight) -> Sight:
        """What is unclear, fitted once more from where it is: the region of the first fit was a guess."""
        again = None if sight.mesh.presence_logit >= CLEAR_LOGIT else self._fit(frame, sight.mesh.region)
        return again if again and again.mesh.presence_logit > sight.mesh.presence_logit else sight

    def _find(self, frame: Bytes, known: list[Sight], *, thorough: bool) -> list[Sight]:
        """Faces that nobody follows. A followed one that stands in another way up than it is fitted is mended.

        The picture is searched as faces stood in it so far; where no face is clear, in the other three ways, too.
        """
        found = self._detect(frame, self._quarter_turns, known, thorough=thorough)
        seen = [*known, *found]
        if not thorough:
            return found
        if seen and all(sight.mesh.presence_logit > _SURE_LOGIT for sight in seen):
            self._doubts = 0
            return found
        self._doubts += 1
        if seen and self._doubts <= _PATIENCE:
            return found
        for turns in range(1, 4):
            quarter_turns = (self._quarter_turns + turns) % 4
            for sight in self._detect(frame, quarter_turns, [], thorough=not seen):
                rival = next((other for other in seen if same_face(sight.mesh, other.mesh)), None)
                if rival is None and not seen:
                    found.append(sight)
                elif rival is None or not stands_better(sight.mesh, rival.mesh):
                    continue
                elif rival in found:
                    found[found.index(rival)] = sight
                else:
                    known[known.index(rival)] = sight
                self._quarter_turns = quarter_turns
                seen = [*known, *found]
        return found

    def _detect(self, frame: Bytes, quarter_turns: int, known: list[Sight], *, thorough: bool) -> list[Sight]:
        """Faces of a picture, searched as it looks after some quarter turns, that none of `known` covers."""
        picture = np.ascontiguousarray(np.rot90(frame, quarter_turns)) if quarter_turns else frame
        found: list[Sight] = []
        for turned in self._landmarker.detect(picture, thorough=thorough):
            region = turned_back(turned, quarter_turns, frame.shape) if quarter_turns else turned
            if any(is_near(sight.mesh.region, region) for sight in known):
                continue
            first = self._fit(frame, region)
            sight = first and self._settled(frame, first)
            if sight is not None and not any(same_face(sight.mesh, other.mesh) for other in (*known, *found)):
                found.append(sight)
        return found

    def _recognize(self, sight: Sight, sights: dict[int, Sight], time_s: float) -> None:
        """Let a face continue the lost track that it looks most like, or begin a new one."""
        if len(sights) >= MAX_FACES:
            self.crowded = True
            return
        lost = {number: unlikeness(face, sight, time_s) for number, face in self._faces.items() if number not in sights}
        best = min(lost, key=lambda number: lost[number], default=None)
        if best is None or lost[best] > 1:
            best = self._num_tracks
            self._num_tracks += 1
            forget_oldest(self._faces)
            self._faces[best] = Followed(sight.mesh.region, sight.look, sight.look, time_s)
        sights[best] = sight

    def _assemble(self, clip: Clip, sights: Sequence[Sight | None]) -> FaceTrack:
        track = empty_track(len(sights), self._side)
        for step, sight in enumerate(sights):
            if sight is not None:
                track.crops[step] = sight.crop
                _record(track, step, sight.mesh, clip.source_scale)
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


def _record(track: FaceTrack, step: int, mesh: Mesh, scale: float) -> None:
    points = mesh.landmarks * np.float32(scale)
    eyes = eye_centres(points)
    track.landmarks[step] = points
    track.boxes_xyxy[step] = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])
    track.pose_deg[step] = head_pose(points)
    track.confidence[step] = np.clip(mesh.presence_logit / CLEAR_LOGIT, 0.0, 1.0)
    track.eye_distance_px[step] = eye_distance(eyes)
    track.detected[step] = True


def _plausible(mesh: Mesh, height: int) -> bool:
    """Whether the eyes lie where a picture that a face fills can have them."""
    eyes = eye_centres(mesh.landmarks) / height
    distance, eyes = eye_distance(eyes), eyes[:, :2]
    return bool((eyes > 0).all() and (eyes < 1).all() and 0.5 * EYE_DISTANCE < distance < 1.6 * EYE_DISTANCE)
