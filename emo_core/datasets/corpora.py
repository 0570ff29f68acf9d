"""Public corpora by the names of their files: RAVDESS, CREMA-D, BLEMORE → clips with people and hybrid classes.

    RAVDESS   02-01-06-01-02-01-12.mp4       modality-channel-emotion-intensity-statement-repetition-actor
    CREMA-D   1001_DFA_ANG_XX.flv            actor_sentence_emotion_level
    BLEMORE   A102_ang_int1_ver1.mov, A102_neu_sit1_ver1.mov, A438_mix_disg_hap_30_70_ver1.mov

What a corpus calls an emotion becomes a class by a map that the user can edit; what the map does not name is left out.
"""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emo_core.datasets.clips import CLIP_SUFFIXES, MANIFEST, DatasetClip, check_label
from emo_core.datasets.editable import write_manifest
from emo_core.emotions import OTHER
from emo_core.errors import DatasetError
from emo_core.files.atomic_write import replaced_whole
from emo_core.video.source import clean_name

_JOY, _GRIEF = "amusement_surprise", "sadness_fear"


@dataclass(frozen=True, slots=True)
class Corpus:
    """How a corpus names its files.

    Attributes:
        name: on the command line.
        pattern: of the stem of a file name, with groups `person` and `label`, or `first` and `second` of a blend.
        words: code in the name → the corpus' own word for it; others stay as they are.
        classes: the corpus' own label → class, unless the user says otherwise.
        skip: tells from a match which files are no picture of a face, such as sound alone.
    """

    name: str
    pattern: re.Pattern[str]
    words: Mapping[str, str]
    classes: Mapping[str, str]
    skip: Callable[[re.Match[str]], bool] = lambda found: False


def _blends(*pairs: tuple[str, str]) -> dict[str, str]:
    return {f"{first}_{second}": f"{first}_{second}" for first, second in pairs}


CORPORA: Mapping[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "ravdess",
            re.compile(r"(?P<modality>0[123])-(?P<channel>0[12])-(?P<label>0[1-8])-\d\d-\d\d-\d\d-(?P<person>\d\d)"),
            {"01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fearful",
             "07": "disgust", "08": "surprised"},
            {"happy": _JOY, "surprised": _JOY, "sad": _GRIEF, "fearful": _GRIEF, "neutral": OTHER, "calm": OTHER,
             "angry": OTHER, "disgust": OTHER},
            lambda found: found["modality"] == "03",  # sound alone
        ),
        Corpus(
            "crema-d",
            re.compile(r"(?P<person>1\d{3})_[A-Z]{3}_(?P<label>ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX|X)"),
            {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"},
            {"happy": _JOY, "sad": _GRIEF, "fear": _GRIEF, "neutral": OTHER, "anger": OTHER, "disgust": OTHER},
        ),
        Corpus(
            "blemore",
            re.compile(
                r"(?P<person>A\d{3})_(?:mix_(?P<first>[a-z]+)_(?P<second>[a-z]+)_\d\d_\d\d|(?P<label>[a-z]+)_(?:int|sit)\d)"
                r"_ver\d"
            ),
            {"ang": "anger", "dis": "disgust", "disg": "disgust", "fea": "fear", "hap": "happiness",
             "neu": "neutral", "sad": "sadness"},
            {"neutral": OTHER, "fear_sadness": _GRIEF, **_blends(
                ("anger", "disgust"), ("anger", "fear"), ("anger", "happiness"), ("anger", "sadness"),
                ("disgust", "fear"), ("disgust", "happiness"), ("disgust", "sadness"), ("fear", "happiness"),
                ("happiness", "sadness"))},
        ),
    )
}  # fmt: skip
"""Corpus by name. RAVDESS and CREMA-D have single emotions, which stand in for the pair that they belong to."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an import found.

    Attributes:
        clips: with the class that the map gives them; only those that it names.
        counts: the corpus' own label → number of clips.
        unmapped: labels that the map does not name → number of clips, left out.
        num_unknown: files whose name is not in the corpus' scheme, left out.
    """

    clips: tuple[DatasetClip, ...]
    counts: Mapping[str, int]
    unmapped: Mapping[str, int]
    num_unknown: int


def find_clips(corpus: Corpus, source: Path, classes: Mapping[str, str]) -> Found:
    """Clips of a corpus below a folder.

    Args:
        corpus: how its files are named.
        source: folder; its subfolders are looked into.
        classes: the corpus' own label → class.

    Raises:
        DatasetError: the folder is missing, or no file in it is named so, or the map names no class for any.
    """
    if not source.is_dir():
        raise DatasetError(
            f"There is no folder {clean_name(source.name)}: give the one that the corpus was unpacked into."
        )
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in CLIP_SUFFIXES and path.is_file())
    clips, counts, unknown = [], Counter[str](), 0
    taken = set[str]()  # RAVDESS has every performance with sound and without, others come in several formats
    for path in files:
        found = corpus.pattern.fullmatch(path.stem)
        if found is None:
            unknown += 1
        elif (
            not corpus.skip(found)
            and (key := path.stem.removeprefix(found.groupdict().get("modality", ""))) not in taken
        ):
            taken.add(key)
            label = _label(corpus, found)
            counts[label] += 1
            if label in classes:
                person = f"{corpus.name}-{found['person']}"
                clips.append(DatasetClip(path, classes[label], person, corpus.name, story=label, session=person))
    if not counts:
        raise DatasetError(
            f"{clean_name(source.name)} holds no video that is named as {corpus.name} names its files ({len(files)} "
            "videos were looked at): choose the folder that the corpus was unpacked into, or another --from."
        )
    if not clips:
        raise DatasetError(
            f"The map names no class for any label found ({', '.join(sorted(counts))}): add lines to it."
        )
    unmapped = {label: count for label, count in sorted(counts.items()) if label not in classes}
    return Found(tuple(clips), dict(sorted(counts.items())), unmapped, unknown)


def read_map(path: Path) -> dict[str, str]:
    """A map from labels to classes: CSV with columns label, class; an empty class leaves a label out.

    Raises:
        DatasetError: it cannot be read, or a class cannot be called so.
    """
    name = clean_name(path.name)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"The map {name} cannot be read: give a CSV file with columns label and class.") from error
    if not rows or not {"label", "class"} <= set(rows[0]):
        raise DatasetError(f"The map {name} is empty: it needs columns label and class and a line for each label.")
    return {row["label"]: check_label(row["class"]) for row in rows if row["label"] and row["class"]}


def map_text(classes: Mapping[str, str]) -> str:
    """A map as CSV, to be edited."""
    return "\n".join(["label,class", *(f"{label},{name}" for label, name in sorted(classes.items()))]) + "\n"


def import_clips(
    clips: Sequence[DatasetClip],
    target: Path,
    *,
    copy: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make a data set of the clips: its manifest names them where they are, or copies of them.

    Args:
        clips: as :func:`find_clips` gives them.
        target: folder of the new data set.
        copy: copy the files; an import that was interrupted goes on when it is called again.
        progress: called with the number of files copied and of all.

    Raises:
        DatasetError: the folder holds a data set already, or the disk takes no more.
    """
    if (target / MANIFEST).exists():
        raise DatasetError(f"{clean_name(target.name)} holds a data set already: choose another folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        kept = list(_copies(clips, target, progress)) if copy else list(clips)
    except OSError as error:
        raise DatasetError(
            f"Copying into {clean_name(target.name)} failed ({error.strerror or error}): free some space and import "
            "again; it goes on where it stopped."
        ) from error
    write_manifest(target, kept)


def _copies(clips: Sequence[DatasetClip], target: Path, progress: Callable[[int, int], None]) -> Iterable[DatasetClip]:
    for number, clip in enumerate(clips):
        progress(number, len(clips))
        path = target / clip.label / f"{clip.person}__{clip.path.stem}{clip.path.suffix.lower()}"
        if not path.exists() or path.stat().st_size != clip.path.stat().st_size:
            path.parent.mkdir(exist_ok=True)
            with replaced_whole(path) as part:
                shutil.copyfile(clip.path, part)
        yield replace(clip, path=path)
    progress(len(clips), len(clips))


def _label(corpus: Corpus, found: re.Match[str]) -> str:
    """The corpus' own label; the two emotions of a blend in alphabetical order, joined."""
    groups = found.groupdict()
    if groups.get("first"):
        return "_".join(sorted(corpus.words.get(groups[name], groups[name]) for name in ("first", "second")))
    return corpus.words.get(found["label"], found["label"])
