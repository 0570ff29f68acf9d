"""Who is in a video: tracks of faces put together to people, in order of how large and how long they are seen.

A track ends where a face is lost or another one is in its place; two tracks are one person's if they are never seen at
the same time and look alike (see :mod:`emo_core.faces.appearance`).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emo_core.faces.appearance import IN_PLACE, SAME, SAME_IN_SHOT, Look, look_distance, shade_distance
from emo_core.faces.landmarks import overlap
from emo_core.inference.frame_log import NOWHERE
from emo_core.inference.track_record import TrackRecord
from emo_core.types import QUALITY_COMPONENTS, Doubles, FaceTrack, FeatureSequence, Floats, NormalizedClip

_NEAR_S = 1.0
_ALIKE = 0.6  # looks that two tracks of one person may have, and two people seldom
_ALIKE_SHADES = 0.2  # the same of the face alone, where it is near once and far once
_PLACE_SHARE = 0.1  # overlap of two boxes in one place


class Person:
    """The tracks of one person, none of which is seen together with another."""

    def __init__(self, record: TrackRecord) -> None:
        self.records = [record]

    @property
    def presence(self) -> float:
        """How large and how long the face was seen."""
        return sum(record.presence for record in self.records)

    @property
    def clearest(self) -> float:
        """Confidence of the frame in which the face is seen best."""
        return max(record.clearest for record in self.records)

    @property
    def num_detected(self) -> int:
        """Frames in which the person was found."""
        return sum(len(record.frames) for record in self.records)

    @property
    def num_usable(self) -> int:
        """Frames in which the face is good enough to count."""
        return sum(int(part.mask.sum()) for part in self.normalized)

    @property
    def normalized(self) -> list[NormalizedClip]:
        """Its parts."""
        return [part for record in self.records for part in record.normalized]

    def distance(self, look: Look) -> float:
        """How unlike a look is to this person."""
        return min(look_distance(record.look, look) for record in self.records if record.look is not None)

    def join(self, num_frames: int, folder: Path) -> tuple[FaceTrack, NormalizedClip, FeatureSequence]:
        """Everything about the person through a video of `num_frames` frames; the parts are given up.

        Args:
            num_frames: of the video.
            folder: to be made for what is large, which stays there.

        Raises:
            ExportError: the disk is full.
        """
        places = np.full(num_frames, NOWHERE, np.intp)
        for record in self.records:
            record.place(places)
        large = self.records[0].log.write_person(places, folder)
        nothing: Floats = np.full(num_frames, np.nan, np.float32)
        emotions = np.full((num_frames, self.records[0].features[0].emotions.shape[1]), np.nan, np.float32)
        track = FaceTrack(
            large.crops, np.tile(nothing[:, np.newaxis], (1, 4)), large.landmarks,
            np.tile(nothing[:, np.newaxis], (1, 3)), np.zeros(num_frames, np.float32), nothing,
            np.zeros(num_frames, bool),
        )  # fmt: skip
        normalized = NormalizedClip(
            faces=large.faces,
            quality=np.zeros(num_frames, np.float32),
            components={name: np.zeros(num_frames, np.float32) for name in QUALITY_COMPONENTS},
            mask=np.zeros(num_frames, bool),
        )
        features = FeatureSequence(large.features, emotions, np.zeros(num_frames, bool))
        for record in self.records:
            record.fill(track, normalized, features)
        return track, normalized, features


def put_together(records: Sequence[TrackRecord], times_s: Doubles, cuts_s: Sequence[float], least: int) -> list[Person]:
    """The people whose tracks these are, the largest and longest first.

    Args:
        records: tracks in any order.
        times_s: (T,) seconds.
        cuts_s: when a new shot begins.
        least: frames that make a person; a shorter track that nobody's look claims is left to whoever is in that place
            before and after it, such as in a flash, else to nobody.
    """
    people: list[Person] = []
    ordered = sorted(records, key=lambda record: -record.presence)
    for record in ordered:
        if len(record.frames):
            closest = _closest(record, people, times_s, cuts_s)
            if closest is None:
                people.append(Person(record))
            else:
                closest.records.append(record)
    for person in [person for person in people if person.num_detected < least]:
        host = _around(person.records[0], [other for other in people if other is not person], times_s)
        if host is not None:
            host.records += person.records
            people.remove(person)
    return sorted(people, key=lambda person: -person.presence)


def alike(people: Sequence[Person]) -> list[tuple[int, int]]:
    """Pairs of indices of people who may be one: never seen together, and neither the same nor clearly others."""
    return [
        (i, j)
        for i in range(len(people))
        for j in range(i + 1, len(people))
        if not any(_meet(record, people[i]) for record in people[j].records)
        and any(_looks_alike(a.look, b.look) for a in people[i].records for b in people[j].records)
    ]


def _looks_alike(a: Look | None, b: Look | None) -> bool:
    if a is None or b is None:
        return False
    return look_distance(a, b) < _ALIKE or shade_distance(a, b) < _ALIKE_SHADES


def _closest(record: TrackRecord, people: Sequence[Person], times_s: Doubles, cuts_s: Sequence[float]) -> Person | None:
    """The person whom a track looks most like, if enough so and never seen at the same time."""
    assert record.look is not None  # every track that is seen has a look
    best, least = None, 1.0
    for person in people:
        if not _meet(record, person):
            distance = person.distance(record.look) / _limit(record, person, times_s, cuts_s)
            if distance <= least:
                best, least = person, distance
    return best


def _limit(record: TrackRecord, person: Person, times_s: Doubles, cuts_s: Sequence[float]) -> float:
    """Distance of looks up to which a track is a person's."""
    limit = SAME
    for other in person.records:
        early, late = sorted((record, other), key=lambda item: int(item.frames[0]))
        before, after = _neighbours(early, late)
        start_s, end_s = times_s[before], times_s[after]
        if any(start_s < cut_s <= end_s for cut_s in cuts_s):
            continue
        is_near = overlap(early.box_at(before), late.box_at(after)) > _PLACE_SHARE
        limit = max(limit, IN_PLACE if is_near and end_s - start_s <= _NEAR_S else SAME_IN_SHOT)
    return limit


def _neighbours(early: TrackRecord, late: TrackRecord) -> tuple[int, int]:
    """The last frame of one track before the first one of another, and that first one."""
    after = int(late.frames[0])
    return int(early.frames[early.frames < after].max()), after


def _meet(record: TrackRecord, person: Person) -> bool:
    return any(len(np.intersect1d(record.frames, other.frames, assume_unique=True)) > 0 for other in person.records)


def _around(record: TrackRecord, people: Sequence[Person], times_s: Doubles) -> Person | None:
    """Who is seen in the place of a short track shortly before and shortly after it."""
    first, last = int(record.frames[0]), int(record.frames[-1])
    for person in people:
        frames = np.sort(np.concatenate([other.frames for other in person.records]))
        before, after = frames[frames < first], frames[frames > last]
        if _meet(record, person) or not (len(before) and len(after)):
            continue
        if times_s[first] - times_s[before[-1]] > _NEAR_S or times_s[after[0]] - times_s[last] > _NEAR_S:
            continue
        boxes = [other.box_at(int(before[-1])) for other in person.records if before[-1] in other.frames]
        if overlap(boxes[0], record.box_at(first)) > _PLACE_SHARE:
            return person
    return None
