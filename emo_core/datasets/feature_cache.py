"""What training needs of a clip, seen through the pipeline of the app and kept by content."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_core.config import PipelineConfig
from emo_core.datasets.perceptual_hash import Words, face_prints
from emo_core.faces.blendshapes import BlendshapeModel
from emo_core.files.atomic_write import replaced_whole
from emo_core.inference.pipeline import watch
from emo_core.model.bundle import FrameNetwork
from emo_core.types import Floats
from emo_core.video.source import clean_name, video_error

_CACHE_VERSION = 2  # raise when what is seen of a clip changes


@dataclass(frozen=True, slots=True, eq=False)
class SeenClip:
    """What is kept of a clip.

    Attributes:
        features: (T, m + K) float32, blendshapes behind the features of the CNN; 0 where no face counts.
        weights: (T,) float32, quality of the frames that count, else 0.
        prints: (N, 4) uint64, perceptual prints of the frames that count.
    """

    features: Floats
    weights: Floats
    prints: Words


class ClipReader:
    """Sees clips through the pipeline, each content once: what was seen is kept in a folder.

    Args:
        cnn: frame CNN.
        config: how to sample and crop.
        cache: the folder.
    """

    def __init__(self, cnn: FrameNetwork, config: PipelineConfig, cache: Path) -> None:
        self._cnn, self._config, self._folder = cnn, config, cache / "clips"
        self._blendshapes: BlendshapeModel | None = None

    def read(self, path: Path) -> SeenClip:
        """What is seen of a clip.

        Raises:
            VideoError, NoFaceError: as :func:`emo_core.inference.pipeline.analyze`.
        """
        settings = f"{_CACHE_VERSION} {self._cnn.digest} {self._config.sample_rate_hz} {self._config.crop_side_px}"
        stored = self._folder / f"{hashlib.sha256(settings.encode() + _content(path)).hexdigest()[:24]}.npz"
        try:
            with np.load(stored, allow_pickle=False) as arrays:
                return SeenClip(arrays["features"], arrays["weights"], arrays["prints"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            stored.unlink()  # a disk that was full, or a machine that went down: see it again
        self._blendshapes = self._blendshapes or BlendshapeModel()
        watched = watch(path, self._cnn, self._config, self._blendshapes)
        mask = watched.normalized.mask
        weights = np.where(mask, watched.normalized.quality, 0).astype(np.float32)
        seen = SeenClip(watched.features.features, weights, face_prints(watched.track.crops[mask]))
        self._folder.mkdir(parents=True, exist_ok=True)
        with replaced_whole(stored) as part:
            np.savez(part, features=seen.features, weights=seen.weights, prints=seen.prints)
        return seen


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise video_error(clean_name(path.name), "cannot be read; check that it is there and may be opened") from error
