"""Public corpora by the names of their files: RAVDESS, CREMA-D, BLEMORE → clips with people and hybrid classes.

    RAVDESS   02-01-06-01-02-01-12.mp4       modality-channel-emotion-intensity-statement-repetition-actor
    CREMA-D   1001_DFA_ANG_XX.flv            actor_sentence_emotion_level
    BLEMORE   A102_ang_int1_ver1.mov, A102_neu_sit1_ver1.mov, A438_mix_disg_hap_30_70_ver1.mov
              test_0001.mov: of the test part, tells neither person nor emotion

What a corpus calls an emotion becomes a class by a map that the user can edit; what the map does not name is left out.
"""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emo_core.datasets.clip_paths import record_import
from emo_core.datasets.clips import MANIFEST, DatasetClip
from emo_core.datasets.editable import write_manifest
from emo_core.datasets.names import check_label, tidy
from emo_core.emotions import OTHER
from emo_core.errors import DatasetError, VideoError, os_remedy
from emo_core.files.atomic_write import replaced_whole
from emo_core.files.csv_files import check_lines, read_csv, to_csv
from emo_core.files.formats import POINTER_BYTES, describe_pointer, why_no_video
from emo_core.video.reader import open_video
from emo_core.video.source import clean_name

_TRIED = 12  # files that an import opens before it reports thousands
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
        unlabelled: of the stem of a file whose name tells neither person nor emotion, such as one of a test part.
    """

    name: str
    pattern: re.Pattern[str]
    words: Mapping[str, str]
    classes: Mapping[str, str]
    skip: Callable[[re.Match[str]], bool] = lambda found: False
    unlabelled: re.Pattern[str] = re.compile("(?!)")


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
            unlabelled=re.compile(r"test_\d{3,}"),
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
        skipped: why other files were left out → number of files.
        unreadable: what is the matter with those that cannot be opened among some that were tried.
    """

    clips: tuple[DatasetClip, ...]
    counts: Mapping[str, int]
    unmapped: Mapping[str, int]
    skipped: Mapping[str, int]
    unreadable: tuple[str, ...] = ()


def find_clips(corpus: Corpus, source: Path, classes: Mapping[str, str]) -> Found:
    """Clips of a corpus below a folder.

    Args:
        corpus: how its files are named.
        source: folder; its subfolders are looked into.
        classes: the corpus' own label → class.

    Raises:
        DatasetError: the folder is missing, or no file in it is named so, or the map names no class for any, or none of
            the files that are tried can be opened.
    """
    if not source.is_dir():
        raise DatasetError(
            f"There is no folder {clean_name(source.name)}: give the one that the corpus was unpacked into."
        )
    clips, counts, skipped = [], Counter[str](), Counter[str]()
    taken = set[str]()  # RAVDESS has every performance with sound and without, others come in several formats
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        found = corpus.pattern.fullmatch(path.stem)
        key = path.stem.removeprefix(found.groupdict().get("modality", "")) if found else ""
        if reason := _why_not(corpus, path, found, key in taken):
            skipped[reason] += 1
            continue
        assert found is not None
        taken.add(key)
        label = _label(corpus, found)
        counts[label] += 1
        if label in classes:
            person = f"{corpus.name}-{found['person']}"
            clips.append(DatasetClip(path, classes[label], person, corpus.name, story=label, session=person))
    if not counts:
        raise _nothing_named(corpus, source, skipped)
    if not clips:
        raise DatasetError(
            f"The map names no class for any label found ({', '.join(sorted(counts))}): add lines to it."
        )
    unmapped = {label: count for label, count in sorted(counts.items()) if label not in classes}
    return Found(tuple(clips), dict(sorted(counts.items())), unmapped, dict(sorted(skipped.items())), _try_some(clips))


def _why_not(corpus: Corpus, path: Path, found: re.Match[str] | None, taken: bool) -> str:
    """Why a file is none of the clips; empty for a clip."""
    if reason := why_no_video(path.name):
        return reason
    if corpus.unlabelled.fullmatch(path.stem):
        return "of the test part, whose names tell no emotion"
    if found is None:
        return f"not named as {corpus.name} names its files"
    if corpus.skip(found):
        return "sound alone"
    if taken:
        return "another file of the same performance"
    size = path.stat().st_size
    if size == 0:
        return "empty (0 bytes)"
    return describe_pointer(path.read_bytes()) if size <= POINTER_BYTES else ""


def _nothing_named(corpus: Corpus, source: Path, skipped: Mapping[str, int]) -> DatasetError:
    """The error for a folder without a clip, with the reasons."""
    for reason, count in skipped.items():
        if "pointer" in reason:
            return DatasetError(f"Each of the {count} videos of {clean_name(source.name)} {reason}.")
    reasons = ", ".join(f"{count} × {reason}" for reason, count in sorted(skipped.items())[:6]) or "it is empty"
    return DatasetError(
        f"{clean_name(source.name)} holds no video that is named as {corpus.name} names those with an emotion: "
        f"{reasons}. Choose the folder that the corpus was unpacked into, or another --from."
    )


def _try_some(clips: Sequence[DatasetClip]) -> tuple[str, ...]:
    """What is the matter with some clips, spread over all, that cannot be opened.

    Raises:
        DatasetError: none of them can be.
    """
    some = clips[:: max(1, len(clips) // _TRIED)]
    faults = []
    for clip in some:
        try:
            with open_video(clip.path):
                pass
        except VideoError as error:
            faults.append(str(error))
    if len(faults) == len(some):
        raise DatasetError(
            f"None of the {len(some)} files that were tried can be opened as a video: {faults[0]} Unpack or download "
            "the corpus again."
        )
    return tuple(faults)


def read_map(path: Path) -> dict[str, str]:
    """A map from labels to classes: CSV with columns label, class; an empty class leaves a label out.

    Raises:
        DatasetError: it cannot be read, or a class cannot be called so.
    """
    rows = read_csv(path, ("label", "class")).rows
    if not rows:
        raise DatasetError(
            f"The map {clean_name(path.name)} is empty: it needs a line with label and class for each label."
        )
    classes, faults = dict[str, str](), []
    for row in rows:
        label, name = tidy(row.cells["label"]).casefold(), row.cells["class"]
        try:
            if label and name and classes.setdefault(label, check_label(name)) != check_label(name):
                raise DatasetError(f"{label} has a class already; give it one.")
        except DatasetError as error:
            faults.append((row.line, str(error)))
    check_lines(clean_name(path.name), faults)
    return classes


def map_text(classes: Mapping[str, str]) -> str:
    """A map as CSV, to be edited."""
    return to_csv(("label", "class"), sorted(classes.items()))


def import_clips(
    clips: Sequence[DatasetClip],
    source: Path,
    target: Path,
    *,
    copy: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Make a data set of the clips: its manifest names them where they are, or copies of them.

    Args:
        clips: as :func:`find_clips` gives them.
        source: folder that they were found below; a data set without copies may name files there.
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
        if not copy:
            record_import(target, source, (clip.path for clip in clips))
    except OSError as error:
        raise DatasetError(
            f"Importing into {clean_name(target.name)} failed ({error.strerror or error}); what was copied is kept, "
            f"and the same command goes on from there. {os_remedy(error)}"
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
