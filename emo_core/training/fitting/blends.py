"""Fit when a verdict of a finished bundle is called a blend, on stills and on rendered clips, and measure it.

It hangs on the frame emotions alone. The frame CNN knows nobody of the rendered clips, so the people who train the LSTM
choose here, too: those who calibrate it show single sadness and fear in eight clips and never quietly, and one of eight
is more than 5%.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import to_builtins

from emo_core.datasets.clips import read_manifest
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.pictures.ferplus import read_votes
from emo_core.datasets.seen_by_model import HELD_OUT_SEED, PEOPLE_SHARES
from emo_core.datasets.splits import split_people
from emo_core.emotions import EMOTIONS, HybridClass
from emo_core.errors import BundleError, DatasetError, NoFaceError, VideoError
from emo_core.files.csv_files import read_csv
from emo_core.method_records import PresenceRow
from emo_core.model.bundle import Bundle, load_bundle
from emo_core.model.presence import mean_emotions
from emo_core.training.fitting.presence import (
    ALL,
    FIRST,
    SECOND,
    Told,
    components_shown,
    evidence_of,
    fit_presence,
    told_by_votes,
)
from emo_core.training.records import read_predictions, write_with_records
from emo_core.types import FeatureSequence, Floats

Say = Callable[[str], None]
Shown = tuple[Floats, int]
"""Mean emotions (8,) of a clip, and how many emotions of its pair were drawn into it."""


def fit_blends(data: Path, demo: Path, out: Path, cache: Path, command: str, say: Say) -> tuple[PresenceRow, ...]:
    """Fit and measure; see the module.

    Args:
        data: folder in FER+ layout, of which the votes of ``valid.npz`` are read.
        demo: ``manifest.csv`` of the rendered clips.
        out: bundle directory of a finished model.
        cache: folder for what was seen.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.

    Returns:
        What was measured: a row for each pair and kind of faces.

    Raises:
        BundleError: `out` holds no finished model, or its records do not say what it sees in the stills.
        DatasetError: pictures or clips cannot be read.
    """
    bundle, votes, stored = load_bundle(out), read_votes(data / "valid.npz")[1], read_predictions(out)
    if len(stored.get("stills_probabilities", ())) != len(votes):
        raise BundleError(f"The records of {out.name} are not of these stills: run train-frames with them first.")
    second = stored["stills_is_second_half"]
    parts = {FIRST: ~(stored["stills_is_copy"] | second), SECOND: second, ALL: np.ones(len(votes), bool)}
    thresholds: dict[str, float] = {}
    rows: list[PresenceRow] = []
    for hybrid in (item for item in bundle.classes if item.is_pair):
        say(f"Seeing the rendered clips of {hybrid.name}")
        stills = {
            name: told_by_votes(stored["stills_probabilities"][which], votes[which], hybrid)
            for name, which in parts.items()
        }
        rendered = [_told(clips, hybrid) for clips in _see(bundle, demo, hybrid, cache, say)]
        thresholds[hybrid.name], found = fit_presence(hybrid.name, stills, rendered)
        rows += found
    manifest = {"blend_thresholds": thresholds, "presence_fit": {"command": command}}
    write_with_records(out, manifest, {"presence": to_builtins(rows)}, (), {}, {})
    return tuple(rows)


def _see(bundle: Bundle, demo: Path, hybrid: HybridClass, cache: Path, say: Say) -> list[list[Shown]]:
    """The clips of a pair as the app sees them: of the people who train, who calibrate, who are only measured on."""
    listed = read_manifest(demo)
    groups = split_people([clip.person for clip in listed], PEOPLE_SHARES, seed=HELD_OUT_SEED)
    try:
        told = {row.cells["path"]: json.loads(row.cells["components"]) for row in read_csv(demo, ("components",)).rows}
    except (DatasetError, ValueError) as error:
        raise DatasetError(f"{demo.name} lists no rendered clips with their components: render them.") from error
    drawn = {(demo.parent / path).resolve(): keyframes for path, keyframes in told.items()}
    reader = ClipReader(bundle.frame_network(), bundle.config, cache)
    found: list[list[Shown]] = [[] for _ in groups]
    for clip in (item for item in listed if item.label == hybrid.name):
        try:
            seen = reader.read(clip.path).within(clip.start_s, clip.end_s)
        except (NoFaceError, VideoError) as error:
            say(f"Left out: {error}")
            continue
        means = mean_emotions(FeatureSequence(seen.features, seen.emotions, seen.weights > 0), seen.weights)
        row = np.array([means[name] for name in EMOTIONS], np.float32)
        number = next(index for index, people in enumerate(groups) if clip.person in people)
        found[number].append((row, components_shown(drawn[clip.path.resolve()], hybrid)))
    return found


def _told(clips: Sequence[Shown], hybrid: HybridClass) -> Told:
    """Whether both emotions of a pair were drawn, beside what says so; clips of neither are left out."""
    shown = np.array([count for _, count in clips], np.intp)
    emotions = np.array([row for row, _ in clips], np.float32).reshape(-1, len(EMOTIONS))
    return Told(evidence_of(emotions[shown > 0], hybrid), shown[shown > 0] == 2)
