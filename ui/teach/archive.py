"""Many labelled clips at once on the Teach page: a zip or a folder that is a data set already."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.errors import DatasetError, EmoError
from emo_core.files import archives, scratch
from ui.shell import navigation
from ui.state import session, sources
from ui.state.datasets import KnownSet
from ui.widgets import progress, tables, uploads
from ui.work import new_clips

if TYPE_CHECKING:
    from emo_core.datasets.clips import DatasetClip


def render(chosen: KnownSet, take: int) -> new_clips.Told | None:
    """Both uploaders and the button; what became of the clips once it was pressed.

    Args:
        chosen: the data set to add to.
        take: another number gives empty uploaders.
    """
    st.caption(
        "A folder for each class with clips named person__anything.mp4, or clips with a manifest.csv (path, label, "
        "person), such as the ZIP of a corrected clip. Classes and people are taken from there."
    )
    zipped = uploads.archive("A ZIP", session.fresh_key(f"teach-zip-{take}"))
    files = uploads.folder("Or a folder", session.fresh_key(f"teach-folder-upload-{take}"))
    if not zipped and not files:
        return None
    if not navigation.pressed("Add its clips", type="primary", key="teach-add-all"):
        return None
    if zipped:
        source = sources.uploaded(zipped)
        return _add(chosen, lambda place: archives.unpack(source.path, place))
    clips = [sources.uploaded(file) for file in files]
    return _add(chosen, lambda place: archives.place_all([(item.name, item.path) for item in clips], place))


def _add(chosen: KnownSet, fill: Callable[[Path], None]) -> new_clips.Told:
    """Read what `fill` puts into a folder as a data set, and add its clips."""
    from emo_core.datasets.clips import count_skipped, read_dataset

    try:
        with scratch.folder() as folder:
            fill(folder)
            root = archives.content_root(folder)
            clips = read_dataset(root)
            told = progress.add_clips(chosen.path, [_new(clip) for clip in clips])
            skipped = count_skipped(root, clips)
    except EmoError as error:
        return [(False, f"Nothing was added: {error}")]
    left = "; ".join(f"{tables.count(number, 'file')} left out: {reason}" for reason, number in skipped.items())
    return [*told, *([(True, left)] if left else [])]


def _new(clip: "DatasetClip") -> new_clips.NewClip:
    if clip.start_s > 0 or math.isfinite(clip.end_s):
        raise DatasetError("it lists parts of videos (segments.csv): cut them into clips of their own first.")
    person = clip.person if clip.person_known else ""
    source = sources.Source(clip.path.name, clip.path)
    return new_clips.NewClip(source, clip.label, person, clip.session, clip.source or "uploaded")
