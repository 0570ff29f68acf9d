"""Frames of rendered clips with the emotions drawn into them: what the frame CNN learns beside real stills."""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from emo_core.config import PipelineConfig
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError, NoFaceError, VideoError
from emo_core.files.csv_files import read_csv
from emo_core.files.kept import keep, kept_arrays
from emo_core.inference.pipeline import extract_clip_features
from emo_core.model.bundle import FrameNetwork
from emo_core.types import Bytes, Doubles, Floats

_CACHE_VERSION = 1  # raise when what is seen of a clip changes
_FULL = 0.6  # summed strengths from which nothing of a resting face is left

Keyframes = Sequence[tuple[float, Mapping[str, float]]]
"""Times in seconds with the strength of each emotion that is shown then, linear in between."""


def emotion_shares(keyframes: Keyframes, times_s: Doubles) -> Floats:
    """Shares (T, 8) of the basic emotions at times (T,); what is missing from a full expression is neutral.

    Example:
        >>> emotion_shares([(0.0, {}), (1.0, {"happiness": 0.9, "surprise": 0.3})], np.array([0.0, 1.0]))[:, :3]
        array([[1.  , 0.  , 0.  ],
               [0.  , 0.75, 0.25]], dtype=float32)
    """
    knots = [time_s for time_s, _ in keyframes]
    strengths = np.stack(
        [np.interp(times_s, knots, [shown.get(name, 0.0) for _, shown in keyframes]) for name in EMOTIONS], axis=1
    )
    shares = strengths / np.maximum(strengths.sum(axis=1, keepdims=True), _FULL)
    shares[:, EMOTIONS.index("neutral")] += np.maximum(1 - shares.sum(axis=1), 0)
    return np.asarray(shares, np.float32)


def rendered_frames(
    manifest: Path, people: Collection[str] | None, cnn: FrameNetwork, config: PipelineConfig, cache: Path
) -> tuple[Bytes, Floats]:
    """Faces of rendered clips as the pipeline crops them, with the emotions that were drawn; logs what is left out.

    Args:
        manifest: ``manifest.csv`` of the clips, with a column `components`.
        people: whose clips; None for everyone's.
        cnn: any frame CNN; it only helps to follow the face.
        config: how to sample and crop.
        cache: folder for the result, found again by content.

    Returns:
        Crops (N, S, S) uint8 and shares (N, 8) float32 of the frames that count.

    Raises:
        DatasetError: the manifest cannot be read or says nothing of what was drawn.
    """
    try:
        table = read_csv(manifest, ("path", "person", "components"))
        rows = [row.cells for row in table.rows if people is None or row.cells["person"] in people]
        drawn = [json.loads(row["components"]) for row in rows]
        paths = [manifest.parent / row["path"] for row in rows]
    except (DatasetError, ValueError) as error:
        raise DatasetError(f"{manifest.name} lists no rendered clips with their components: render them.") from error
    digest = hashlib.sha256(f"{_CACHE_VERSION} {_FULL} {config.to_dict()} {drawn}".encode())
    for path in paths:
        digest.update(path.read_bytes())
    stored = cache / f"rendered-{digest.hexdigest()[:20]}.npz"
    found = kept_arrays(stored, lambda arrays: (arrays["crops"], arrays["shares"]))
    if found is not None:
        return found
    crops, shares = [], []
    for path, keyframes in zip(paths, drawn, strict=True):
        try:
            seen = extract_clip_features(path, cnn, config)
        except (NoFaceError, VideoError) as error:
            logging.getLogger(__name__).warning("Left out: %s", error)
            continue
        crops.append(seen.track.crops[seen.normalized.mask])
        shares.append(emotion_shares(keyframes, seen.times_s[seen.normalized.mask]))
    if not crops:
        raise DatasetError(f"{manifest.name} lists no clip of these people that shows a face: render more.")
    faces, drawn_shares = np.concatenate(crops), np.concatenate(shares)
    keep(stored, lambda part: np.savez(part, crops=faces, shares=drawn_shares))
    return faces, drawn_shares
