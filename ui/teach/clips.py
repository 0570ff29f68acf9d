"""Clips into a data set on the Teach page: uploaded or recorded, seen through the pipeline first; and out again."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import EmoError
from ui.shell import errors, navigation
from ui.state import session, sources
from ui.state.datasets import CACHE, KnownSet
from ui.teach import archive
from ui.widgets import progress, recorder, uploads
from ui.widgets.clip_list import still
from ui.work import new_clips
from ui.work.new_clips import NewClip

if TYPE_CHECKING:
    from emo_core.datasets.clips import DatasetClip

_TAKES, _TOLD, _FORM_OF = "_teach_takes", "_teach_told", "_teach_form_of"


def render(chosen: KnownSet, labels: tuple[str, ...]) -> None:
    """The form and both ways to a clip."""
    if not chosen.writable:
        st.info("The demo data set is read only. Make a new data set to add clips of your own.")
        return
    _forget_form(chosen)
    what, who, when = st.columns(3)
    label = what.selectbox("Class", labels, key="teach-label", format_func=display_name, accept_new_options=True,
                           help="Choose one, or type a new one, such as anger_disgust.")  # fmt: skip
    person = who.text_input("Person", key="teach-person", placeholder="anna", max_chars=40,
                            help="One name for one person: models are measured on other people.")  # fmt: skip
    occasion = when.text_input("Session (optional)", key="teach-session", placeholder="monday", max_chars=40)
    unknown = " Without a person each clip counts as one unknown person, and figures may flatter."
    st.caption(
        f"Clips that you add are kept in {errors.plain(chosen.path.name)} on this server until they are removed here, "
        f"and train models. Add only clips of adults who agreed to that.{'' if person.strip() else unknown}"
    )
    agreed = st.checkbox("Everyone shown agreed", key="teach-agreed")
    with st.container():
        tell()
    if label is None or not agreed:
        st.caption("Choose a class and confirm, then upload or record.")
        return
    upload, camera, many = st.tabs(["Upload", "Record", "Folder or ZIP"], key="teach-ways", on_change="rerun")
    if upload.open:
        with upload:
            _upload(chosen, str(label), person, occasion)
    if camera.open:
        with camera, errors.shown():
            clip = recorder.record("teach-recorder")
            if clip is not None:
                _tell(
                    progress.add_clips(chosen.path, [NewClip(clip, str(label), person, occasion.strip(), "recorded")])
                )
    if many.open:
        with many:
            told = archive.render(chosen, _takes())
            if told is not None:
                _tell(told)


def _forget_form(chosen: KnownSet) -> None:
    """Who is shown, and that they agreed, was said of one data set: with another one it is asked again."""
    if st.session_state.get(_FORM_OF) != chosen.path:
        st.session_state.update({_FORM_OF: chosen.path, "teach-person": "", "teach-session": "", "teach-agreed": False})


def _takes() -> int:
    return int(st.session_state.get(_TAKES, 0))


def _tell(told: new_clips.Told) -> None:
    """Begin anew with empty uploaders, and say what became of the clips."""
    st.session_state[_TAKES] = _takes() + 1
    st.session_state[_TOLD] = told
    st.rerun()


def tell() -> None:
    """What became of the last clips that were added or removed, once."""
    for good, text in st.session_state.pop(_TOLD, []):
        (st.success if good else st.error)(errors.plain(text))


def _upload(chosen: KnownSet, label: str, person: str, occasion: str) -> None:
    key = session.fresh_key(f"teach-upload-{_takes()}")
    files = uploads.many("Clips of one face, 2 – 10 s each", key)
    if files and navigation.pressed(f"Add {_clips(len(files))}", type="primary", key="teach-add"):
        found = [sources.uploaded(file) for file in files]
        clips = [NewClip(source, label, person, occasion.strip(), "uploaded") for source in found]
        _tell(progress.add_clips(chosen.path, clips))


def render_removal(chosen: KnownSet, clips: tuple["DatasetClip", ...]) -> None:
    """Choose clips, or the whole data set, confirm, delete for good."""
    if not chosen.writable:
        return
    with st.expander("Remove clips, or the data set"):
        names = _names(clips)
        gone = st.multiselect("Clips", list(names), key="teach-gone", placeholder="Choose clips to remove")
        if gone and len(gone) == 1:
            st.video(names[gone[0]], width=320)
        sure = st.checkbox(
            f"Delete {_clips(len(gone))} for good; this cannot be undone.", key="teach-sure", disabled=not gone
        )
        st.button("Delete", key="teach-delete", disabled=not (gone and sure), on_click=_remove,
                  args=[chosen, [names[name] for name in gone]])  # fmt: skip
        all_sure = st.checkbox(
            f"Delete the data set {errors.plain(chosen.path.name)} with its {_clips(len(clips))} for good.",
            key="teach-sure-all",
        )
        st.button("Delete the data set", key="teach-delete-all", disabled=not all_sure, on_click=_remove_all,
                  args=[chosen, [clip.path for clip in clips]])  # fmt: skip
        st.caption(
            "What was computed from a clip is deleted with it. Files that an import left outside the "
            "data set stay there."
        )


def _names(clips: tuple["DatasetClip", ...]) -> dict[str, Path]:
    """Clips by folder and name, numbered where two are called so."""
    names: dict[str, Path] = {}
    for clip in clips:
        name = f"{clip.path.parent.name}/{clip.path.name}"
        others = sum(known == name or known.startswith(f"{name} (") for known in names)
        names[f"{name} ({others + 1})" if others else name] = clip.path
    return names


def _remove(chosen: KnownSet, paths: list[Path]) -> None:
    """Callback: delete what was confirmed."""
    from emo_core.datasets.editable import remove_clips

    _tell_removed(chosen, lambda: remove_clips(chosen.path, paths, CACHE), paths, f"Deleted {_clips(len(paths))}.")


def _remove_all(chosen: KnownSet, paths: list[Path]) -> None:
    """Callback: delete the whole data set, as was confirmed."""
    from emo_core.datasets.editable import remove_dataset

    told = f"Deleted the data set {chosen.path.name} with {_clips(len(paths))}."
    _tell_removed(chosen, lambda: remove_dataset(chosen.path, CACHE), paths, told)


def _tell_removed(chosen: KnownSet, remove: Callable[[], list[Path]], paths: list[Path], told: str) -> None:
    """Do it, with stills and evaluations of the clips, and say what stays."""
    from emo_core.evaluation.store import forget

    place = chosen.path.resolve()
    forget(CACHE, chosen.name, [Path(os.path.relpath(path.resolve(), place)).as_posix() for path in paths])
    for path in paths:
        if path.is_file():
            still.clear(path, path.stat().st_mtime_ns)
    try:
        outside = remove()
    except EmoError as error:
        st.session_state[_TOLD] = [(False, str(error))]
        return
    if outside:
        one = len(outside) == 1
        told += (f" {len(outside)} of them {'lies' if one else 'lie'} outside the data set: the "
                 f"{'file stays where it is' if one else 'files stay where they are'}.")  # fmt: skip
    st.session_state[_TOLD] = [(True, told)]
    for key in ("teach-gone", "teach-sure", "teach-sure-all"):
        st.session_state.pop(key, None)


def _clips(count: int) -> str:
    return f"{count} clip" if count == 1 else f"{count} clips"
