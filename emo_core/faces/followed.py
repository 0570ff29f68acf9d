"""What a tracker knows of each face, and when a face is still, again or no longer the one it was."""

from dataclasses import dataclass

import numpy as np

from emo_core.faces.appearance import IN_PLACE, SAME, SAME_IN_SHOT, Look, look_distance, shade_distance
from emo_core.faces.landmarks import Mesh, Region, is_same_place, overlap
from emo_core.types import Bytes

CLEAR_LOGIT = 15.0
"""Logit of presence of unobstructed faces, which lie at 15…25; a hand before the face at 4…13."""

_MOST_REMEMBERED = 256
_LEARNING = 0.1  # how far one clear frame moves the mean look
_JUMP, _JUMP_AT_CUT = IN_PLACE, 0.5  # distance of the looks of two frames in a row that one face does not have
_SAME_SHADES = 0.12  # distance in shades alone that two people do not have even at a cut; a flash changes colours only
_SAME_FRAMED_ANEW = 0.2  # the same where the size of the picture changes: one of a hundred pairs of people has less
_CLEARLY_BETTER = 4.0  # a face upside down is fitted better by that much at least once it is turned
_GROWN = 0.5  # logarithm of the ratio of two sizes in a row that makes a jump likely
_NEAR_S = 1.0  # of a face that is back after so little, where it was, without a cut, less likeness is asked


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A face in one frame: its mesh, aligned crop and look."""

    mesh: Mesh
    crop: Bytes
    look: Look


@dataclass(slots=True, eq=False)
class Followed:
    """What is known of one track: where it was last, since when it is lost, how it looked last and on the whole."""

    region: Region
    last: Look
    mean: Look
    seen_s: float
    is_lost: bool = False
    is_cut_off: bool = False
    is_framed_anew: bool = False

    def see(self, sight: Sight, time_s: float) -> None:
        """Learn from one more frame; the mean forgets slowly, and a face that is half hidden moves it little."""
        clear = min(1.0, max(0.0, sight.mesh.presence_logit / CLEAR_LOGIT))
        self.region, self.last, self.seen_s = sight.mesh.region, sight.look, time_s
        self.mean = self.mean.towards(sight.look, _LEARNING * clear)
        self.is_lost = self.is_cut_off = self.is_framed_anew = False

    def lose(self) -> None:
        """Give it up where the size of the picture changes: it may be in any place, before anything."""
        self.is_lost = self.is_cut_off = self.is_framed_anew = True

    def distance(self, look: Look) -> float:
        """How unlike a look is to this face."""
        return min(look_distance(self.last, look), look_distance(self.mean, look))


def is_other(face: Followed, sight: Sight, *, is_cut: bool) -> bool:
    """Whether what is seen where a face was is another one: its look or size jumps."""
    grown = abs(np.log(sight.mesh.region.side / face.region.side)) > _GROWN
    limit = _JUMP_AT_CUT if is_cut or grown else _JUMP
    is_same = shade_distance(face.last, sight.look) < _SAME_SHADES
    return not is_same and face.distance(sight.look) > limit


def unlikeness(face: Followed, sight: Sight, time_s: float) -> float:
    """How unlike a face that appears is to a lost one, up to 1 if it is that one; one back at once may differ more."""
    distance = face.distance(sight.look)
    if face.is_framed_anew:  # what is around the face is cut off now
        return min(distance / SAME, shade_distance(face.last, sight.look) / _SAME_FRAMED_ANEW)
    if face.is_cut_off:
        return distance / SAME
    is_near = overlap(face.region.box_xyxy, sight.mesh.region.box_xyxy) > 0.1
    return distance / (IN_PLACE if is_near and time_s - face.seen_s <= _NEAR_S else SAME_IN_SHOT)


def same_face(a: Mesh, b: Mesh) -> bool:
    """Whether two meshes lie on one face of a frame."""
    return is_same_place(a.region.box_xyxy, b.region.box_xyxy)


def stands_better(mesh: Mesh, rival: Mesh) -> bool:
    """Whether a face is fitted clearly better, and in another way up: anything less is left as it is followed."""
    turned = np.cos(mesh.region.angle - rival.region.angle) < np.cos(np.pi / 4)
    return bool(turned) and mesh.presence_logit > rival.presence_logit + _CLEARLY_BETTER


def is_near(a: Region, b: Region) -> bool:
    """Whether two regions may hold one face."""
    return overlap(a.box_xyxy, b.box_xyxy) > 0.2 or is_same_place(a.box_xyxy, b.box_xyxy)


def forget_oldest(faces: dict[int, Followed]) -> None:
    """Bound what is remembered of faces that are lost."""
    lost = [number for number, face in faces.items() if face.is_lost]
    for number in lost[: max(0, len(faces) - _MOST_REMEMBERED)]:
        del faces[number]
