"""What training needs of a clip, seen through the pipeline of the app and kept by content, as long as the clip is."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_core.config import PipelineConfig
from emo_core.datasets.perceptual_hash import Words, face_prints
from emo_core.errors import NoFaceError
from emo_core.faces.blendshapes import BlendshapeModel
from emo_core.files.atomic_write import remove_leftovers
from emo_core.files.kept import keep, kept_arrays
from emo_core.inference.pipeline import Progress, extract_clip_features
from emo_core.model.bundle import FrameNetwork, load_frame_network
from emo_core.types import Doubles, Floats, check_shape
from emo_core.video.source import clean_name, video_error

_CACHE_VERSION = 5  # raise when what is seen of a clip changes
_FOLDER = "clips"
_KEY_LENGTH = 16
_NAME = re.compile(rf"[0-9a-f]{{{_KEY_LENGTH}}}-[0-9a-f]{{12}}\.npz")


@dataclass(frozen=True, slots=True, eq=False)
class SeenClip:
    """What is kept of a clip.

    Attributes:
        features: (T, m + K) float32, blendshapes behind the features of the CNN; 0 where no face counts.
        weights: (T,) float32, quality of the frames that count, else 0.
        prints: (N, 4) uint64, perceptual prints of the frames that count.
        times_s: (T,) float64, when each frame was sampled, on the file's clock.
        emotions: (T, 8) float32, as the frame CNN gives them; NaN where no face counts.
    """

    features: Floats
    weights: Floats
    prints: Words
    times_s: Doubles
    emotions: Floats

    def __post_init__(self) -> None:
        check_shape("features", self.features, (len(self.weights), None))
        check_shape("weights", self.weights, (None,))
        check_shape("prints", self.prints, (None, 4))
        check_shape("times_s", self.times_s, (len(self.weights),))
        check_shape("emotions", self.emotions, (len(self.weights), None))

    def within(self, start_s: float, end_s: float) -> "SeenClip":
        """What is seen from `start_s` on and before `end_s`, on the clock of the whole clip.

        Raises:
            NoFaceError: no face counts in this part.
        """
        inside = (self.times_s >= start_s) & (self.times_s < end_s)
        if inside.all():
            return self
        if not (self.weights[inside] > 0).any():
            raise NoFaceError(f"No face counts between {start_s:g} s and {end_s:g} s: choose another part of the clip.")
        return SeenClip(
            self.features[inside], self.weights[inside], self.prints[inside[self.weights > 0]], self.times_s[inside],
            self.emotions[inside],
        )  # fmt: skip


class ClipReader:
    """Sees clips through the pipeline, each content once: what was seen is kept in a folder, if that can be written.

    Args:
        cnn: frame CNN.
        config: how to sample and crop.
        cache: the folder.
    """

    def __init__(self, cnn: FrameNetwork, config: PipelineConfig, cache: Path) -> None:
        self._cnn, self._config, self._folder = cnn, config, cache / _FOLDER
        settings = f"{_CACHE_VERSION} {cnn.digest} {config.sample_rate_hz} {config.crop_side_px}"
        self._settings = hashlib.sha256(settings.encode()).hexdigest()[:12]
        self._blendshapes: BlendshapeModel | None = None
        remove_leftovers(self._folder)

    def read(self, path: Path) -> SeenClip:
        """What is seen of a clip.

        Raises:
            VideoError, NoFaceError: as :func:`emo_core.inference.pipeline.analyze`.
        """
        try:
            stored = self._folder / f"{content_key(path)}-{self._settings}.npz"
        except OSError as error:
            raise video_error(
                clean_name(path.name), "cannot be read; check that it is there and may be opened"
            ) from error
        found = kept_arrays(stored, lambda arrays: SeenClip(**arrays))
        if found is not None:
            return found
        self._blendshapes = self._blendshapes or BlendshapeModel()
        watched = extract_clip_features(path, self._cnn, self._config, self._blendshapes)
        mask = watched.normalized.mask
        weights = np.where(mask, watched.normalized.quality, 0).astype(np.float32)
        prints, emotions = face_prints(watched.track.crops[mask]), watched.features.emotions
        seen = SeenClip(watched.features.features, weights, prints, watched.times_s, emotions)
        if not path.is_file():
            return seen  # it was removed meanwhile
        keep(stored, lambda part: np.savez(part, **{name: getattr(seen, name) for name in seen.__slots__}))
        return seen


def see_clip(model: Path, cache: Path, path: Path, *, progress: Progress) -> None:
    """See a clip with the frame CNN of a model, so that it is kept; for a process of its own.

    Args:
        model: bundle directory.
        cache: folder for what is seen.
        path: of the clip.
        progress: called before; an exception that it raises ends it.

    Raises:
        VideoError, NoFaceError: as :func:`emo_core.inference.pipeline.analyze`.
        BundleError: the model cannot be used.
    """
    progress(clean_name(path.name), 0.0)
    ClipReader(*load_frame_network(model), cache).read(path)


def content_key(path: Path) -> str:
    """What stands for the content of a clip, in the records of a model and in the names of what is kept.

    Raises:
        OSError: the clip cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_KEY_LENGTH]


def forget(cache: Path, clips: Iterable[Path], *, still_there: Sequence[Path] = ()) -> None:
    """Delete what was seen of clips, with whatever model.

    Args:
        cache: folder that holds it.
        clips: that are about to go.
        still_there: clips that stay; what was seen of the same content is kept.
    """
    by_size = defaultdict[int, list[Path]](list)
    for path in still_there:
        with suppress(OSError):
            by_size[path.stat().st_size].append(path)
    for path in clips:
        with suppress(OSError):
            key = content_key(path)
            if all(content_key(other) != key for other in by_size.get(path.stat().st_size, ())):
                for stored in (cache / _FOLDER).glob(f"{key}-*.npz"):
                    stored.unlink(missing_ok=True)
    with suppress(OSError):
        for stored in (cache / _FOLDER).glob("*.npz"):
            if not _NAME.fullmatch(stored.name) and not stored.name.startswith("."):
                stored.unlink(missing_ok=True)  # of an earlier version, which did not tell what it was seen of
