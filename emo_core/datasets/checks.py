"""What to look at before a data set is trained on: each finding with the clips it is about and the remedy."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emo_core.datasets.clips import DatasetClip
from emo_core.datasets.feature_cache import ClipReader, content_key
from emo_core.datasets.names import same_but_case
from emo_core.datasets.perceptual_hash import Words, near_pairs
from emo_core.datasets.splits import LEAST_CLIPS, LEAST_PEOPLE
from emo_core.errors import NoFaceError, VideoError
from emo_core.inference.pipeline import Progress
from emo_core.model.bundle import load_frame_network

Severity = Literal["error", "warning", "note"]

_IMBALANCE = 3.0
_LARGEST_SHARE = 0.5
_ONE_CLASS = "one class"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a data set.

    Attributes:
        kind: which check it is of, for programs.
        severity: ``error``, training is refused or its figures would be worthless; ``warning``, they suffer; ``note``.
        text: what was found, one sentence.
        remedy: what to do, one sentence.
        clips: what it is about: clips, pairs of clips, people or classes in words.
    """

    kind: str
    severity: Severity
    text: str
    remedy: str
    clips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSize:
    """Clips of a class, and the people that they show."""

    num_clips: int
    num_people: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks found.

    Attributes:
        num_clips, num_people: of the data set; clips that name nobody are one person each.
        by_class: size of each class by its name.
        findings: errors first.
    """

    num_clips: int
    num_people: int
    by_class: Mapping[str, ClassSize]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings to mend before training."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def check_with(
    model: Path, cache: Path, clips: Sequence[DatasetClip], skipped: Mapping[str, int], *, progress: Progress
) -> CheckReport:
    """:func:`check_dataset` with the frame CNN of a model, for a process of its own.

    Args:
        model: bundle directory.
        cache: folder for what is seen of clips.
        clips: of the data set.
        skipped: why files in the folder are none of them, and how many.
        progress: called with which clip is looked at and the share done in [0, 1].

    Raises:
        BundleError: the model cannot be used.
    """

    def tell(done: int, total: int) -> None:
        progress(f"Clip {done} of {total}", done / max(total, 1))

    return check_dataset(clips, ClipReader(*load_frame_network(model), cache), tell, skipped)


def check_dataset(
    clips: Sequence[DatasetClip],
    reader: ClipReader,
    progress: Callable[[int, int], None] = lambda done, total: None,
    skipped: Mapping[str, int] | None = None,
) -> CheckReport:
    """Look at every clip through the pipeline, then at the whole.

    Args:
        clips: of the data set, as :func:`emo_core.datasets.clips.read_dataset` gives them.
        reader: sees clips; what it keeps serves the training too.
        progress: called with the number of clips seen and of all.
        skipped: why files in the folder are none of the clips, and how many, of
            :func:`emo_core.datasets.clips.count_skipped`.

    Example:
        >>> cnn, config = load_frame_network("models/hybrid")             # doctest: +SKIP
        >>> report = check_dataset(clips, ClipReader(cnn, config, cache))  # doctest: +SKIP
        >>> [finding.kind for finding in report.errors]                   # doctest: +SKIP
        ['leakage']
    """
    usable, prints, unreadable, faceless = [], [], [], []
    for number, clip in enumerate(clips):
        progress(number, len(clips))
        try:
            prints.append(reader.read(clip.path).within(clip.start_s, clip.end_s).prints)
            usable.append(clip)
        except VideoError as error:
            unreadable.append(f"{clip.short_name}: {error}")
        except NoFaceError as error:
            faceless.append(f"{clip.short_name}: {error}")
    progress(len(clips), len(clips))
    found = [*_unusable(unreadable, faceless), *_copies(usable, prints), *_names(clips), *_sessions(clips),
             *_balance(usable), *_skipped(skipped or {})]  # fmt: skip
    findings = [finding for finding in found if finding.clips or finding.kind == _ONE_CLASS]
    order = ("error", "warning", "note")
    people = {label: [clip.person for clip in clips if clip.label == label] for label in {c.label for c in clips}}
    return CheckReport(
        len(clips),
        len({clip.person for clip in clips}),
        {label: ClassSize(len(people[label]), len(set(people[label]))) for label in sorted(people)},
        tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
    )


# What follows yields every finding that there could be; one that is about no clip was not found.


def _unusable(unreadable: Sequence[str], faceless: Sequence[str]) -> Iterator[Finding]:
    yield Finding(
        "unreadable", "warning", f"Left out, because they cannot be read: {_count(unreadable, 'clip')}.",
        "Do what is said of each, export them again as MP4 (H.264), or remove them.", tuple(unreadable),
    )  # fmt: skip
    yield Finding(
        "no face", "warning", f"Left out, because no face can be judged: {_count(faceless, 'clip')}.",
        "Replace them by brighter, sharper clips of one face turned to the camera.", tuple(faceless),
    )  # fmt: skip


def _skipped(skipped: Mapping[str, int]) -> Iterator[Finding]:
    yield Finding(
        "skipped files", "note", f"Files in the folder that are none of its clips: {sum(skipped.values())}.",
        "Nothing, if they should not be; else name them as videos, or list them in manifest.csv.",
        tuple(f"{count} × {reason}" for reason, count in skipped.items()),
    )  # fmt: skip


def _names(clips: Sequence[DatasetClip]) -> Iterator[Finding]:
    """Classes, and people, whose names differ by so little that they may be meant to be one."""
    spelled: dict[tuple[str, str], set[str]] = defaultdict(set)
    for clip in clips:
        spelled["class", same_but_case(clip.label)].add(clip.label)
        if clip.person_known:
            spelled["person", same_but_case(clip.person)].add(clip.person)
    alike = [f"{kind}: {', '.join(sorted(names))}" for (kind, _), names in sorted(spelled.items()) if len(names) > 1]
    yield Finding(
        "similar names", "warning",
        f"Names that differ by case or blanks alone, {_count(alike, 'time')}: each counts as one of its own.",
        "Write them alike if they are the same: a person under two names may be on both sides of a split.",
        tuple(alike),
    )  # fmt: skip


def _copies(clips: Sequence[DatasetClip], prints: Sequence[Words]) -> Iterator[Finding]:
    """Clips that show the same frames: under two names they leak, under two labels one is wrong, or they are spare."""
    keys = [content_key(clip.path) for clip in clips]
    people, labels, spare = [], [], []
    for first, second, _ in near_pairs(prints):
        same = "the same file" if keys[first] == keys[second] else "nearly the same frames"
        pair = f"{clips[first].short_name} and {clips[second].short_name}: {same}"
        if clips[first].person != clips[second].person:
            people.append(f"{pair}, called {_who(clips[first])} and {_who(clips[second])}")
        if clips[first].label != clips[second].label:
            labels.append(f"{pair}, labeled {clips[first].label} and {clips[second].label}")
        elif clips[first].person == clips[second].person:
            spare.append(pair)
    yield Finding(
        "leakage", "error",
        f"The same face under two names in {_count(people, 'pair')} of clips: split by person, the one may train "
        "and the other measure.",
        "Give each person one name everywhere, or remove the copies.", tuple(people),
    )  # fmt: skip
    yield Finding(
        "two labels", "error", f"The same frames under two labels in {_count(labels, 'pair')} of clips.",
        "Keep each clip under one label.", tuple(labels),
    )  # fmt: skip
    yield Finding(
        "duplicates", "warning", f"The same frames twice in {_count(spare, 'pair')} of clips of one person.",
        "Remove the copies: they count twice, and in a random split they are on both sides.", tuple(spare),
    )  # fmt: skip


def _sessions(clips: Sequence[DatasetClip]) -> Iterator[Finding]:
    """A session with two names: two people in one recording, or one person called by two names."""
    people: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.session and clip.person_known:
            people[clip.session].add(clip.person)
    shared = [f"session {name}: {', '.join(sorted(who))}" for name, who in sorted(people.items()) if len(who) > 1]
    yield Finding(
        "shared sessions", "warning", f"More than one person in {_count(shared, 'session')}.",
        "Make sure that these are different people; rooms and light that they share help a model to cheat.",
        tuple(shared),
    )  # fmt: skip
    unknown = [clip.short_name for clip in clips if not clip.person_known]
    yield Finding(
        "unknown people", "warning",
        f"{_count(unknown, 'clip')} without the name of a person, each counted as one unknown person: the same "
        "face may be on both sides of a split by person, and figures may flatter.",
        "Name the file <person>__<anything>, or fill in the column person of manifest.csv.", tuple(unknown),
    )  # fmt: skip


def _balance(clips: Sequence[DatasetClip]) -> Iterator[Finding]:
    counts = Counter(clip.label for clip in clips)
    people = {label: Counter(clip.person for clip in clips if clip.label == label) for label in counts}
    everyone = {clip.person for clip in clips}
    if len(counts) < 2:
        yield Finding(
            _ONE_CLASS, "error", f"There is {'one class' if counts else 'no class'} with usable clips.",
            "Add clips of another class, or of other: neutral faces and everything else.", tuple(counts),
        )  # fmt: skip
    poor = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < LEAST_CLIPS]
    yield Finding(
        "too few clips", "error", f"Fewer than {LEAST_CLIPS} usable clips in {_count(poor, 'class', 'classes')}.",
        "Record more: ten people with three clips of each class are a start.", tuple(poor),
    )  # fmt: skip
    if clips and len(everyone) < LEAST_PEOPLE:
        yield Finding(
            "too few people", "error",
            f"All clips are of {_count(sorted(everyone), 'person', 'people')}: nobody is left to measure on.",
            f"Record {LEAST_PEOPLE} people or more; a random split can be trained, but tells nothing about others.",
            tuple(sorted(everyone)),
        )  # fmt: skip
    if len(counts) > 1 and max(counts.values()) > _IMBALANCE * min(counts.values()):
        yield Finding(
            "class balance", "warning", "The largest class has more than three times the clips of the smallest.",
            "Add clips to the small classes; the model favors the large ones.",
            tuple(f"{label}: {count}" for label, count in counts.most_common()),
        )  # fmt: skip
    yield from _people_per_class(people, everyone)


def _people_per_class(people: Mapping[str, Counter[str]], everyone: set[str]) -> Iterator[Finding]:
    """Classes that a model could tell by who is shown."""
    if len(everyone) < LEAST_PEOPLE:
        return
    few = [f"{label}: {', '.join(sorted(who))}" for label, who in sorted(people.items()) if len(who) < LEAST_PEOPLE]
    yield Finding(
        "people per class", "warning",
        f"Fewer than {LEAST_PEOPLE} people in {_count(few, 'class', 'classes')}.",
        "Record every class with several people, or the model learns who it is, not what is shown.", tuple(few),
    )  # fmt: skip
    heavy = [
        f"{label}: {who.most_common(1)[0][0]} has {who.most_common(1)[0][1]} of {who.total()}"
        for label, who in sorted(people.items())
        if len(who) >= LEAST_PEOPLE and who.most_common(1)[0][1] > _LARGEST_SHARE * who.total()
    ]
    yield Finding(
        "one person dominates", "warning", "One person has more than half the clips of a class.",
        "Record the others as often.", tuple(heavy),
    )  # fmt: skip


def _who(clip: DatasetClip) -> str:
    return clip.person if clip.person_known else "nobody"


def _count(items: Sequence[object], one: str, many: str = "") -> str:
    return f"{len(items)} {one if len(items) == 1 else many or one + 's'}"
