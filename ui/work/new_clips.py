"""Clips into a data set of the server: each is seen through the pipeline first, and kept if it shows a face."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core import config
from emo_core.emotions import display_name
from emo_core.errors import EmoError
from emo_core.files import scratch
from ui.state import models, sources
from ui.state.datasets import CACHE
from ui.work import turns

if TYPE_CHECKING:
    from emo_core.jobs.turns import Place

Told = list[tuple[bool, str]]
"""What became of clips, in sentences; whether each is good news."""


@dataclass(frozen=True, slots=True)
class NewClip:
    """A clip to add: what it shows, who, on which occasion, and where it is from."""

    source: sources.Source
    label: str
    person: str
    session: str = ""
    origin: str = ""


def add(
    place: Path,
    clips: Sequence[NewClip],
    tell: Callable[[str, float], None],
    waiting: "Callable[[Place], None] | None" = None,
) -> Told:
    """See each clip through the pipeline; keep those that show a face, and say why others are not kept.

    Args:
        place: folder of the data set.
        clips: to add.
        tell: called with the name of the clip that is looked at and the share done in [0, 1].
        waiting: called with the place in line, as long as others go first.
    """
    from emo_core.datasets.names import check_label, check_person

    try:
        config.refuse_if_public("keeps no clips")
        for clip in clips:
            check_label(clip.label)
            check_person(clip.person)
    except EmoError as error:  # before anything is made of a face
        return [(False, f"Nothing was added: {error}")]
    kept, told = [], Told()
    for number, clip in enumerate(clips):
        name, share = clip.source.name, number / len(clips)
        try:
            _add_one(place, clip, partial(_tell_of, tell, name, share), waiting)
            kept.append(clip)
        except EmoError as error:
            told.append((False, f"Not added: {error}"))
        except OSError as error:
            told.append(
                (False, f"Not added, the disk takes no more ({error.strerror}): free some space and try again.")
            )
    return [(True, _words(kept)), *told] if kept else told


def _tell_of(tell: Callable[[str, float], None], name: str, share: float, *_: object) -> None:
    tell(name, share)


def _add_one(
    place: Path, clip: NewClip, tell: Callable[[str, float], None], waiting: "Callable[[Place], None] | None"
) -> None:
    from emo_core.datasets.editable import add_clip
    from emo_core.datasets.feature_cache import forget, see_clip

    name, content = Path(clip.source.name), clip.source.path
    suffix = name.suffix.lower() or ".mp4"
    with scratch.folder() as folder:
        path = folder / f"{name.stem[:60] or 'clip'}{suffix}"
        shutil.copyfile(content, path)
        turns.run(partial(see_clip, models.MODEL_DIR, CACHE, path), "clip", tell, waiting)
        try:
            add_clip(place, content, suffix, clip.label, clip.person, session=clip.session, source=clip.origin)
        except EmoError:
            forget(CACHE, [path])
            raise


def _words(kept: Sequence[NewClip]) -> str:
    """What was added, in one sentence."""
    people, labels = {clip.person.strip() for clip in kept}, {clip.label for clip in kept}
    whom = (people.pop() or "an unknown person") if len(people) == 1 else f"{len(people)} people"
    what = display_name(labels.pop()) if len(labels) == 1 else f"{len(labels)} classes"
    return f"Added {len(kept)} clip{'' if len(kept) == 1 else 's'} of {whom} to {what}."
