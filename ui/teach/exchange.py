"""Models of this server on their way: one that was taught leaves as a file, one from elsewhere comes in."""

from functools import partial
from pathlib import Path

import streamlit as st

from emo_core import config
from emo_core.errors import EmoError
from ui.shell import errors, navigation, preload
from ui.state import models, sources
from ui.widgets import uploads

_TOLD = "_exchange_told"
_TAKES = "_exchange_takes"


def render() -> None:
    """Both ways, folded away until they are wanted."""
    with st.expander("Export or import a model", key="exchange", on_change="rerun") as place:
        if place.open:
            _take_away()
            _bring_in()
    if told := st.session_state.pop(_TOLD, None):
        good, text = told
        (st.success if good else st.error)(errors.plain(text))


def _take_away() -> None:
    taught = {name: folder for name, folder in models.found().items() if "taught" in models.manifest(folder)}
    if not taught:
        st.caption("No model was taught here yet. Once there is one, you can export it as a file.")
        return
    name = st.selectbox("Model to export", list(taught), key="exchange-name", format_func=errors.plain)
    st.download_button(
        "Export (ZIP)", data=partial(_exported, taught[name]), file_name=f"{name}.zip", mime="application/zip",
        key="exchange-out", on_click="ignore",
    )  # fmt: skip
    st.caption(
        "The file holds networks, settings, card and figures, but no clips. Import it on this page, or with "
        "“hybrid-emotion model import”."
    )


def _exported(folder: Path) -> bytes:
    preload.wait()
    from emo_core.model.archive import export_bundle

    return export_bundle(folder)


def _bring_in() -> None:
    turn = st.session_state.get(_TAKES, 0)
    file = uploads.archive("Model to import (ZIP)", f"exchange-in-{turn}")
    name = st.text_input("Name for it (empty: its own)", key=f"exchange-as-{turn}", max_chars=40)
    st.caption(
        "The whole file is checked, and nothing in it is executed. Every visitor of this server can then choose the "
        "model."
    )
    if file is not None and navigation.pressed("Import", type="primary", key="exchange-bring"):
        source = sources.uploaded(file)
        st.session_state[_TOLD] = _brought(source.path.read_bytes(), name.strip())
        st.session_state[_TAKES] = turn + 1
        st.rerun()


def _brought(content: bytes, name: str) -> tuple[bool, str]:
    """Bring a model in; whether that worked, and what to say."""
    preload.wait()
    from emo_core.datasets.names import check_name
    from emo_core.model.archive import import_bundle, name_in
    from emo_core.model.library import new_place

    try:
        config.refuse_if_public("takes no models")
        place = new_place(check_name(name or name_in(content)))
        import_bundle(content, place)
    except EmoError as error:
        return False, str(error)
    except OSError as error:
        return False, f"The model cannot be kept ({error.strerror}): free some space on the server and try again."
    return True, f"{place.name} was imported and can be chosen on every page."
