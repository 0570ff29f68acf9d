"""The data set on the Teach page: choose one, make one, see what is in it."""

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import EmoError
from emo_core.files import folders
from ui.shell import errors
from ui.state import datasets
from ui.state.datasets import KnownSet
from ui.widgets import tables
from ui.widgets.clip_list import still

if TYPE_CHECKING:
    from emo_core.datasets.clips import DatasetClip

_CHOSEN, _PROBLEM = "_teach_set", "_teach_problem"
_PICTURES = 6


def choose() -> KnownSet | None:
    """Show the choice; None while nothing is chosen."""
    sets = datasets.known()
    chosen = st.session_state.get(_CHOSEN)
    left, demo, new = st.columns([5, 3, 2], vertical_alignment="bottom")
    names = list(sets)
    name = left.selectbox(
        "Data set", names, index=names.index(chosen) if chosen in sets else None, key=f"teach-set-{chosen}",
        placeholder="Choose a data set" if names else "None yet: make a new one",
    )  # fmt: skip
    if name != chosen and name is not None:
        st.session_state[_CHOSEN] = name
    if datasets.DEMO_NAME in sets:
        demo.button("Open the demo data set", key="teach-demo", on_click=_open, args=[datasets.DEMO_NAME],
                    width="stretch", type="secondary" if name else "primary")  # fmt: skip
    with new.popover("New data set", width="stretch"):
        _new_form()
        _folder_form()
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(errors.plain(problem), icon="⚠️")
    return sets.get(name) if name else None


def _open(name: str) -> None:
    st.session_state[_CHOSEN] = name


def _new_form() -> None:
    with st.form("teach-new", border=False):
        st.text_input("Name", key="teach-new-name", placeholder="my_people", max_chars=40)
        st.text_area(
            "Classes, one in each line",
            "joy_fear\nother",
            key="teach-new-classes",
            height=110,
            help="Two basic emotions joined by _ make a pair, such as joy_fear or anger_disgust: its mix is shown. "
            "Keep a class other for neutral faces and everything else.",
        )
        st.form_submit_button("Create", type="primary", on_click=_create)


def _folder_form() -> None:
    """Data sets that lie elsewhere on the server."""
    with st.form("teach-elsewhere", border=False):
        st.text_input(
            "Or use the data sets of another folder",
            key="teach-folder",
            placeholder="the usual one" if datasets.folder() == folders.data() else f"now: {datasets.folder().name}",
            help="Its name below the data folder of the server, or one that whoever runs it allows with EMO_ROOTS.",
        )
        st.form_submit_button("Open the folder", on_click=_open_folder)


def _open_folder() -> None:
    """Callback: choose from the data sets of a folder, or say that there is none."""
    try:
        place = folders.visitors_folder(st.session_state["teach-folder"])
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    if place.is_dir():
        datasets.choose_folder(place)
        st.session_state.pop(_CHOSEN, None)
    else:
        st.session_state[_PROBLEM] = f"There is no folder {place.name}: give one that holds data sets, each a folder."


def _create() -> None:
    """Callback: make the data set, or say why not."""
    from emo_core.datasets.editable import create
    from emo_core.datasets.names import check_name

    name = st.session_state["teach-new-name"].strip()
    labels = [line for line in st.session_state["teach-new-classes"].splitlines() if line.strip()]
    try:
        place = datasets.folder()
        create(place / check_name(name, "data set"), labels)
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_CHOSEN] = name


def read(chosen: KnownSet) -> tuple[tuple[str, ...], tuple["DatasetClip", ...]]:
    """Classes and clips of a data set; empty ones of one that may still grow.

    Raises:
        DatasetError: it cannot be read.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.datasets.editable import open_collection

    if chosen.writable and (chosen.path / "manifest.csv").exists():
        found = open_collection(chosen.path)
        return found.labels, found.clips
    clips = tuple(read_dataset(chosen.path))
    return tuple(sorted({clip.label for clip in clips})), clips


def overview(labels: tuple[str, ...], clips: tuple["DatasetClip", ...]) -> None:
    """How much there is of each class, of how many people, and what it looks like."""
    people = len({clip.person for clip in clips})
    unknown = sum(not clip.person_known for clip in clips)
    words = (
        f"{len(clips)} {'clip' if len(clips) == 1 else 'clips'}",
        f"{people} {'person' if people == 1 else 'people'}",
    )
    st.markdown("**{}** of **{}**".format(*words))
    counts = Counter(clip.label for clip in clips)
    rows = []
    for label in labels:
        who = {clip.person for clip in clips if clip.label == label}
        rows.append((errors.plain(display_name(label)), str(counts[label]), str(len(who))))
    tables.render(("Class", "Clips", "People"), rows)
    if unknown:
        st.warning(
            f"Clips without the name of a person: {unknown}. Each counts as one unknown person, so one face may be "
            "on both sides of a split by person, and the figures may flatter. Name people when you add clips."
        )
    for label in labels:
        shown = [clip for clip in clips if clip.label == label]
        if shown:
            _pictures(label, shown)


def _pictures(label: str, clips: list["DatasetClip"]) -> None:
    """Some clips of a class, of as many people as there are."""
    step = max(1, len(clips) // _PICTURES)
    st.caption(errors.plain(display_name(label)))
    with st.container(horizontal=True, gap="small", key=f"teach-pictures-{label}"):
        for clip in clips[::step][:_PICTURES]:
            picture = still(clip.path, clip.path.stat().st_mtime_ns) if clip.path.is_file() else None
            if picture is not None:
                st.image(picture, width=74, caption=errors.plain(clip.person), alt=f"A frame of {clip.path.name}")
