"""A model against a data set: every clip judged as the app judges it, on people that the model has not seen.

Runs on LiteRT, without TensorFlow. What is seen of a clip is kept by its content, so that a second model with the same
frame CNN, or the same model once more, judges in milliseconds.
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from emo_core import SOFTWARE
from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.seen_by_model import exposure, without_unnamed
from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError, NoFaceError, VideoError
from emo_core.evaluation.results import EvaluatedClip, Evaluation, LeftOut, store
from emo_core.evaluation.store import evaluation_path
from emo_core.files import folders
from emo_core.inference.window_plan import covered_s
from emo_core.inference.windows import ABSTAIN, aggregate_windows, judge_windows
from emo_core.model.bundle import Bundle, FrameNetwork, HeadNetwork
from emo_core.types import QUALITY_COMPONENTS, FeatureSequence, Floats, NormalizedClip

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done in [0, 1]; an exception it raises stops the evaluation."""

_THREADS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a data set is judged.

    Attributes:
        clips: to judge.
        num_seen_clips, num_seen_people: left out, because the model has seen these people.
        exposure: what is known about that, one sentence.
    """

    clips: tuple[DatasetClip, ...]
    num_seen_clips: int
    num_seen_people: int
    exposure: str


def choose_clips(model: Path, clips: Sequence[DatasetClip], labels: Sequence[str], *, everyone: bool = False) -> Choice:
    """Clips of people that a model was neither trained nor calibrated on.

    Clips of *other* are left out, and it is said, where the model has no such class.

    Args:
        model: bundle directory.
        clips: of the data set.
        labels: classes of the model.
        everyone: keep the people that it has seen, too; the figures then flatter.

    Raises:
        DatasetError: a label is none of the model's, or the model has seen everyone.
    """
    named = without_unnamed(clips, labels) or clips  # of other alone: nothing to measure it on
    unnamed = _unnamed_words(len(clips) - len(named))
    clips = named
    if unknown := {clip.label for clip in clips} - set(labels):
        raise DatasetError(
            f"Clips are labeled {', '.join(sorted(unknown))}; this model knows {', '.join(labels)}: "
            "choose a model that was taught these classes."
        )
    found = exposure(model, clips)
    if everyone:
        flattering = f"{len(found.people)} people that the model has seen are among them, which flatters its figures."
        return Choice(tuple(clips), 0, 0, (flattering if found.people else found.sentence(0)) + unnamed)
    kept = tuple(clip for clip in clips if clip.person not in found.people)
    if not kept:
        raise DatasetError("The model has seen everyone in this data set: measure it on clips of other people.")
    num_seen = len(clips) - len(kept)
    return Choice(kept, num_seen, len(found.people), found.sentence(num_seen) + unnamed)


def _unnamed_words(count: int) -> str:
    """What is left out for want of a class, as a further sentence; empty for none."""
    if not count:
        return ""
    return f" {count} clips of other are left out: the model has no such class and would call each one of its own."


def evaluate(
    data: Path | str,
    bundle: Bundle,
    *,
    everyone: bool = False,
    cache: Path | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Evaluation:
    """Measure a model on a data set of labelled clips; the verdicts are kept in the cache, where the app finds them.

    Args:
        data: a folder for each label, or a manifest, as :func:`emo_core.datasets.clips.read_dataset` reads them.
        bundle: the model.
        everyone: judge people that the model has seen, too; the figures then flatter.
        cache: folder for what is seen of clips; that of the program by default.
        command: that gives the same figures, for the record.
        progress: called as the work goes on.

    Returns:
        The verdict on every clip; :func:`emo_core.summarize` gives the figures.

    Raises:
        DatasetError: the data set cannot be read, or holds no clip that can be judged.

    Example:
        >>> import shutil, tempfile
        >>> from emo_core import evaluate, load_bundle, summarize
        >>> folder = Path(tempfile.mkdtemp())
        >>> for label in ("amusement_surprise_0", "other_4"):
        ...     (folder / label[:-2]).mkdir()
        ...     clip = f"assets/demo/clips/person_02/{label}.mp4"
        ...     _ = shutil.copy(clip, folder / label[:-2] / "person_02__clip.mp4")
        >>> found = evaluate(folder, load_bundle(), everyone=True, cache=folder / "cache")
        >>> len(found.clips), summarize(found).num_people
        (2, 1)
        >>> shutil.rmtree(folder)
    """
    data, kept = Path(data), cache or folders.cache()
    clips = read_dataset(data)
    chosen = choose_clips(bundle.path, clips, bundle.info.labels, everyone=everyone)
    name = folder_of(data).resolve().name
    found = evaluate_dataset(bundle, chosen, data, kept, name=name, command=command, progress=progress)
    store(found, evaluation_path(kept, bundle.path, clips, everyone=everyone))
    return found


def evaluate_dataset(
    bundle: Bundle,
    clips: Choice,
    data: Path,
    cache: Path,
    *,
    name: str,
    command: str = "",
    progress: Progress | None = None,
) -> Evaluation:
    """Judge every clip as the app does.

    Args:
        bundle: the model.
        clips: what to judge, of :func:`choose_clips`.
        data: the data set, a folder or a manifest.
        cache: folder for what is seen of clips.
        name: of the data set for people.
        command: that gives the same figures.
        progress: called as the work goes on.

    Raises:
        DatasetError: none of the clips can be judged.
    """
    tell = progress or (lambda stage, share: None)
    judged, left_out = judge_clips(bundle, clips.clips, data, cache, tell)
    if not judged:
        raise DatasetError(f"None of the clips shows a face that can be judged: use other clips. {left_out[0].reason}")
    tell("Done", 1.0)
    return Evaluation(
        model=bundle.info.name,
        version=bundle.info.version,
        model_digest=bundle.digest,
        data=name,
        labels=bundle.info.labels,
        quality_edges=tuple(map(float, bundle.scores.edges)),
        clips=tuple(judged),
        left_out=tuple(left_out),
        num_seen_clips=clips.num_seen_clips,
        num_seen_people=clips.num_seen_people,
        exposure=clips.exposure,
        command=command,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        software=SOFTWARE,
    )


def judge_clips(
    bundle: Bundle, clips: Sequence[DatasetClip], data: Path, cache: Path, progress: Progress
) -> tuple[list[EvaluatedClip], list[LeftOut]]:
    """Clips of a data set judged as the app does, whatever their labels, and those that cannot be judged.

    Args:
        bundle: the model.
        clips: to judge.
        data: the data set, whose folder the paths are told from.
        cache: folder for what is seen of clips.
        progress: called as the work goes on.
    """
    judge, folder = _ClipJudge(bundle, cache), folder_of(data).resolve()
    judged, left_out = [], []
    for index, clip in enumerate(clips):
        progress(f"Judging clip {index + 1} of {len(clips)}: {clip.path.name}", index / len(clips))
        path = Path(os.path.relpath(clip.path.resolve(), folder)).as_posix() + span_of(clip)
        try:
            judged.append(judge(clip, path))
        except (NoFaceError, VideoError) as error:
            left_out.append(LeftOut(path, str(error)))
    return judged, left_out


def folder_of(data: Path) -> Path:
    """The folder that the paths of a data set, given as a folder or a manifest, are relative to."""
    return data if data.is_dir() else data.parent


class _ClipJudge:
    """A bundle's networks, and the way from a file to its verdict."""

    def __init__(self, bundle: Bundle, cache: Path) -> None:
        self._bundle = bundle
        self._cnn: FrameNetwork = bundle.frame_network(_THREADS)
        self._head: HeadNetwork = bundle.head_network()
        self._reader = ClipReader(self._cnn, bundle.config, cache)

    def __call__(self, clip: DatasetClip, path: str) -> EvaluatedClip:
        """Judge a clip, called `path` in the result."""
        config = self._bundle.config
        seen = self._reader.read(clip.path).within(clip.start_s, clip.end_s)
        features, weights = seen.features, seen.weights
        kept = features if config.blendshapes else features[:, : self._cnn.num_features]
        read = FeatureSequence(kept, seen.emotions, weights > 0)
        windows, _ = judge_windows(self._bundle, self._head, read, as_seen(weights), seen.times_s)
        ruling = aggregate_windows(self._bundle, windows)
        counts = weights > 0
        return EvaluatedClip(
            path=path,
            label=clip.label,
            person=clip.person,
            session=clip.session,
            source=clip.source,
            story=clip.story,
            degradation=clip.degradation,
            duration_s=covered_s(seen.times_s, config.sample_rate_hz),
            quality=float(weights[counts].mean()),
            share_usable=float(counts.mean()),
            num_windows=len(windows),
            probabilities=tuple(map(float, ruling.probabilities)),
            scores=tuple(map(float, ruling.scores)),
            verdict=UNSURE if ruling.verdict == ABSTAIN else self._bundle.info.labels[ruling.verdict],
            settled=ruling.settled,
        )


def as_seen(weights: Floats) -> NormalizedClip:
    """What the judge reads of a clip beside its features, from weights (T,): no pictures, no components of quality."""
    nothing = np.zeros(len(weights), np.float32)
    faces = np.zeros((len(weights), 0, 0), np.float32)
    return NormalizedClip(faces, weights, dict.fromkeys(QUALITY_COMPONENTS, nothing), weights > 0)


def span_of(clip: DatasetClip) -> str:
    """The part of a file that a clip is, as the fragment of a media address; empty where it is all of the file.

    Example:
        >>> span_of(DatasetClip(Path("a.mp4"), "other", "anna", start_s=1.5, end_s=4.0))
        '#t=1.5,4'
    """
    return "" if clip.end_s == math.inf else f"#t={clip.start_s:g},{clip.end_s:g}"
