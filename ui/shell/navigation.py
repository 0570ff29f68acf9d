"""The way in: every page runs inside the entry script, whatever address the visitor typed.

On a fresh server Streamlit serves a deep link such as ``/about`` by running that page alone, without the entry script:
no page settings, no navigation. A page that finds itself alone hands over to the entry script, which then opens the
page that was asked for.
"""

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.navigation.page import Page

from emo_core import config
from ui.serve import metrics
from ui.shell import browser, links, preload, presenting, theme, tour
from ui.state import keeping, live_session, visits

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_TITLE = "Hybrid Emotion Studio"
_ENTERED = "_entered"
_WANTED = "_wanted_page"
_GOING = "_going_to"
_LOST = "_lost_words"
_PRESSED = "_pressed-"
_IN_FLIGHT_S = 2.0
_PRESS_LASTS_S = 10.0


def run(pages: Sequence[Page]) -> None:
    """Show the navigation and run the current page, or the one that a deep link asked for."""
    page = st.navigation(list(pages), position="top")
    if not st.session_state.get(_ENTERED):
        _begin()
    st.session_state[_ENTERED] = True
    wanted = st.session_state.pop(_WANTED, None)
    if wanted is not None:
        page_file, asked = wanted
        if Path(page_file).name in {Path(known.url_path or "home").name + ".py" for known in pages}:
            st.switch_page(page_file, query_params=asked)
        st.session_state[_LOST] = (
            "This server is open to everybody: it keeps no data sets and studies, and trains nothing."
        )
    links.take()
    st.set_page_config(page_title=_TITLE if page.title == "Home" else f"{page.title} · {_TITLE}")
    theme.apply()
    keeping.save()  # before the browser is given the key, and before a page that may take long
    with visits.page_run():
        told = st.empty()  # always there, so that nothing below it moves
        if notice := visits.take_notice():
            told.error(notice, icon="⚠️")
        with st.container(key="unseen"):
            browser.announcer()
            browser.keep_focus()
            _keeper()(key="keeper", data={**keeping.for_browser(), "seconds": int(keeping.MOST_S)})
        with st.container(key="above"):  # always there, so that nothing below it moves
            _tell_lost()
            presenting.render()
            tour.render()
        page.run()
    preload.start()


def unless_public(*pages: tuple[str, str]) -> list[Page]:
    """Pages by file and title that a server which is open to everybody lacks: they keep and train what all see."""
    return [] if config.is_public() else [st.Page(file, title=title) for file, title in pages]


def _begin() -> None:
    """The first run of a visit: what was kept is there again, and one that takes the place of a lost one says so."""
    kept, lost = keeping.restore(), visits.was_lost()
    metrics.visit_began(lost=lost)
    if lost:
        again = f" Kept results that are here again: {kept}." if kept else ""
        st.session_state[_LOST] = (
            "Your visit began anew: this part of the server was restarted, or your page was away for long. Clips and "
            f"results that were not kept are gone, and so is what was under way.{again} Choose your clip again."
        )


def _tell_lost() -> None:
    """What was lost with an earlier visit, until the visitor has read it."""
    if words := st.session_state.get(_LOST):
        st.warning(words, icon="⚠️")
        st.button("I have read this", key="lost-read", on_click=st.session_state.pop, args=[_LOST])


@lru_cache
def _keeper() -> "ComponentRenderer":
    """What holds the key of kept results in the browser."""
    script = (Path(__file__).resolve().parents[1] / "browser" / "keep.js").read_text("utf-8")
    return st.components.v2.component("studio_keep", js=script)


def pressed(label: str, key: str, *, disabled: bool = False, **looks: Any) -> bool:
    """Show a button; whether it was pressed, told once, to the first run of the page that gets here.

    That need not be the run that the press began: a component that reports meanwhile, or the next click, ends that one,
    and what only `st.button` returns is lost with it.

    Args:
        label: on the button.
        key: of the element.
        disabled: whether it cannot be pressed.
        looks: passed on to :func:`streamlit.button`.
    """
    st.button(label, key=key, disabled=disabled, on_click=_note_press, args=[key], **looks)
    until_s: float = st.session_state.pop(f"{_PRESSED}{key}", 0.0)
    return not disabled and time.monotonic() < until_s


def _note_press(key: str) -> None:
    """Callback."""
    st.session_state[f"{_PRESSED}{key}"] = time.monotonic() + _PRESS_LASTS_S


def go(page_file: str) -> None:
    """Callback that leads to the page ``pages/page_file``, whatever else is on its way.

    A page whose components report on their own may be run again at any moment: that run still names the old page, and a
    click that is only looked at in the middle of a run can be lost to it. So the wish is noted, and for a moment every
    run leads to the page that was asked for.
    """
    st.session_state[_GOING] = (page_file, time.monotonic() + _IN_FLIGHT_S)


def _go_on(page_file: str) -> None:
    """Leave the page that is running if :func:`go` leads to another one."""
    wanted, until_s = st.session_state.get(_GOING, (page_file, 0.0))
    if time.monotonic() > until_s:
        st.session_state.pop(_GOING, None)
    elif wanted != page_file:
        st.switch_page(f"pages/{wanted}")


def guard(page_file: str) -> None:
    """Call first in every page, with its ``__file__``: leaves for the entry script if the page runs alone.

    A page that is not the live page ends the live view, for the visitor has left it.
    """
    _go_on(Path(page_file).name)
    if (stop := tour.take_page()) is not None and stop != (f"pages/{Path(page_file).name}", {}):
        st.switch_page(stop[0], query_params=stop[1])
    if Path(page_file).stem != "live":
        live_session.end()
    if not st.session_state.get(_ENTERED):
        st.session_state[_WANTED] = f"pages/{Path(page_file).name}", st.query_params.to_dict()
        st.switch_page("streamlit_app.py")
