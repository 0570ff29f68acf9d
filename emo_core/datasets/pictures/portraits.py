"""Pictures of people of any size and colour, each with one emotion: read from a folder or a zip, found, aligned.

    labels.csv     file, emotion; person where known
    <pictures>     beside it, or in a zip beside it, or all of this in one zip

The pictures are read from where the user keeps them and never become part of the project.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.splits import PORTRAIT_PARTS, split_people
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.faces.alignment import normalize_intensity
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker, empty_track
from emo_core.files.archives import DAMAGED
from emo_core.files.csv_files import parse_csv
from emo_core.files.kept import keep, kept_arrays
from emo_core.model.bundle import FrameNetwork
from emo_core.types import Bytes, Clip, FaceTrack, Floats, concatenate
from emo_core.video.source import clean_name

LABELS = "labels.csv"


_PARTS_SEED = 2026
_MOST_BYTES = 64 * 2**20  # of one picture; more is no portrait
_MAX_SIDE_PX = 960  # as videos are reduced
_CACHE_VERSION = 1  # raise when what is seen of a picture changes


@dataclass(frozen=True, slots=True, eq=False)
class Portraits:
    """A set of labelled pictures; the pictures themselves stay where they are.

    Attributes:
        files: N names, as ``labels.csv`` has them.
        labels: (N,) index into :data:`EMOTIONS`.
        people: (N,) who is shown; a picture that names nobody is of one unknown person of its own.
        read: gives the content of a file.
    """

    files: tuple[str, ...]
    labels: NDArray[np.intp]
    people: NDArray[np.str_]
    read: Callable[[str], bytes]

    def images(self) -> Iterator[Bytes | None]:
        """The pictures one by one, upright RGB (H, W, 3) uint8; None for one that cannot be read."""
        return (decode(self.read(name)) for name in self.files)


def read_portraits(path: Path) -> Portraits:
    """The labels of a folder or zip of pictures, every file of which is known to be there.

    Raises:
        DatasetError: it is not there, holds no ``labels.csv`` that can be read, or lacks a picture.
    """
    files = _files(path)
    tables = sorted((name for name in files if PurePosixPath(name).name.lower() == LABELS), key=lambda n: n.count("/"))
    if not tables:
        raise DatasetError(f"{clean_name(path.name)} holds no {LABELS}: add one with columns file and emotion.")
    base = PurePosixPath(tables[0]).parent
    by_name: dict[str, list[str]] = {}
    for name in files:
        by_name.setdefault(PurePosixPath(name).name, []).append(name)
    found: dict[str, str] = {}
    labels, people = [], []
    table = parse_csv(files[tables[0]](), f"{LABELS} of {clean_name(path.name)}", ("file", "emotion"), ("person",))
    for row in table.rows:
        line, listed, emotion = row.line, row.cells["file"], row.cells["emotion"].casefold()
        if emotion not in EMOTIONS:
            raise DatasetError(
                f"{LABELS}, line {line}: “{clean_name(emotion)}” is no emotion; use {', '.join(EMOTIONS)}."
            )
        exact = str(base / listed.replace("\\", "/"))
        places = [exact] if exact in files else by_name.get(PurePosixPath(exact).name, [])
        if len(places) != 1 or not listed or listed in found:
            fault = "is listed twice" if listed in found else "is there twice" if places else "is not there"
            raise DatasetError(f"{LABELS}, line {line}: the picture “{clean_name(listed)}” {fault}; correct the line.")
        found[listed] = places[0]
        labels.append(EMOTIONS.index(emotion))
        people.append(row.cells.get("person", "") or f"unknown {line}")
    if not found:
        raise DatasetError(f"{LABELS} lists no picture: it needs columns file and emotion and a line for each picture.")
    return Portraits(tuple(found), np.array(labels, np.intp), np.array(people), lambda name: files[found[name]]())


def part_of(portraits: Portraits, part: str) -> Portraits:
    """The pictures of the people of one of :data:`PORTRAIT_PARTS`; the same set is always parted alike."""
    groups = split_people(portraits.people.tolist(), tuple(PORTRAIT_PARTS.values()), seed=_PARTS_SEED)
    chosen = np.flatnonzero(np.isin(portraits.people, sorted(groups[list(PORTRAIT_PARTS).index(part)])))
    files = tuple(portraits.files[index] for index in chosen)
    return Portraits(files, portraits.labels[chosen], portraits.people[chosen], portraits.read)


def decode(content: bytes) -> Bytes | None:
    """A picture file as upright RGB (H, W, 3) uint8, at most 960 px long; None where it cannot be read."""
    if not content:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV agrees to hold
        return None
    if image is None:
        return None
    scale = _MAX_SIDE_PX / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def find_face(landmarker: FaceLandmarker, image: Bytes, side: int) -> FaceTrack:
    """The largest face of an RGB picture (H, W, 3) uint8, found and aligned as in a frame of a video; T = 1."""
    clip = Clip(image[np.newaxis], np.zeros(1), image.shape[1], image.shape[0])
    found = list(FaceTracker(landmarker, side).track(clip).values())
    return max(found, key=lambda track: float(track.eye_distance_px[0])) if found else empty_track(1, side)


def find_faces(
    portraits: Portraits, side: int, cache: Path | None = None, say: Callable[[str], None] = lambda line: None
) -> FaceTrack:
    """The face of every picture, T = N; undetected where there is none or the picture cannot be read.

    Args:
        portraits: the pictures.
        side: side S of the crops.
        cache: folder for the result, found again by the content of all pictures; 13 ms a picture without.
        say: called with a line of text as the work goes on.
    """
    path = _kept_at(portraits, side, cache) if cache else None
    found = kept_arrays(path, lambda arrays: FaceTrack(**arrays)) if path else None
    if found is not None:
        return found
    landmarker = FaceLandmarker()
    tracks = []
    for index, image in enumerate(portraits.images()):
        if not index % 1000:
            say(f"Looking for the face in picture {index + 1} of {len(portraits.files)}")
        tracks.append(empty_track(1, side) if image is None else find_face(landmarker, image, side))
    track = concatenate(tracks)
    if path:
        arrays = {name: getattr(track, name) for name in FaceTrack.__slots__}
        keep(path, lambda part: np.savez(part, **arrays))
    return track


def judge_faces(
    portraits: Portraits, cnn: FrameNetwork, side: int, cache: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Floats:  # fmt: skip
    """Emotions that a frame CNN sees in the face of every picture.

    Args:
        portraits: N pictures.
        cnn: frame CNN.
        side: of its crops, in pixels.
        cache: folder that keeps the faces once found.
        say: told how far it is.

    Returns:
        (N, 8) float32 probabilities, NaN where no face was found.
    """
    track = find_faces(portraits, side, cache, say)
    probabilities = np.full((len(track.crops), len(EMOTIONS)), np.nan, np.float32)
    if track.detected.any():
        probabilities[track.detected] = cnn(normalize_intensity(track.crops[track.detected]))[1]
    return probabilities


def _kept_at(portraits: Portraits, side: int, cache: Path) -> Path:
    content = hashlib.sha256(f"{_CACHE_VERSION} {side}".encode())
    for name in portraits.files:
        content.update(hashlib.sha256(portraits.read(name)).digest())
    return cache / f"portraits-{content.hexdigest()[:20]}.npz"


def _files(path: Path) -> Mapping[str, Callable[[], bytes]]:
    """Name with forward slashes → what reads it, of all files in a folder with the zips that lie in it, or in a zip."""
    name = clean_name(path.name)
    if path.is_dir():
        files: dict[str, Callable[[], bytes]] = {}
        for file in sorted(path.rglob("*")):
            if file.is_file():
                files[file.relative_to(path).as_posix()] = file.read_bytes
        for archive in sorted(path.glob("*.zip")):
            files = {**_zipped(archive), **files}
        return files
    if not path.exists():
        raise DatasetError(f"There is no {name}: give a folder or a zip of pictures with {LABELS}, or an .npz.")
    return _zipped(path)


def _zipped(path: Path) -> dict[str, Callable[[], bytes]]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, *DAMAGED) as error:
        raise DatasetError(f"{clean_name(path.name)} cannot be read as a zip of pictures: make it again.") from error

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                return archive.read(member) if member.file_size <= _MOST_BYTES else b""
            except (OSError, *DAMAGED) as error:
                raise DatasetError(
                    f"{clean_name(member.filename)} in {clean_name(path.name)} cannot be read: make the zip again."
                ) from error

        return read

    return {member.filename: reader(member) for member in archive.infolist() if not member.is_dir()}
