"""Addresses of a kept result: one for this browser, and read-only ones for others, until they end or are withdrawn."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from emo_core.errors import EmoError
from ui.shell import errors, links
from ui.state import session, sharing

_LASTS, _AGREED, _PROBLEM = "share-lasts", "share-agreed", "_share_problem"


def render(result: session.Result) -> None:
    """Both, for the result on show."""
    with st.popover("Link to this result"):
        st.caption("Opens this result at the moment on show, in this browser, as long as it is kept.")
        st.code(links.to_moment(result), language=None, wrap_lines=True)
    made = sharing.own(result)
    with st.popover(f"Share this result ({len(made)})" if made else "Share this result", key="share"):
        _make(result)
        for item in made:
            _one(item)


def _make(result: session.Result) -> None:
    """What is said before a link is made, and the button that makes it."""
    st.markdown(
        "Whoever has the link sees this clip, its verdict, the player, heatmaps and charts, and can neither change nor "
        "delete them. Your marks, and your other results, are not shown."
    )
    if links.is_for_this_machine():
        st.caption("You call this server by an address that only this machine knows, so the link opens here alone.")
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(errors.plain(problem), icon="⚠️")
    st.segmented_control("The link ends after", list(sharing.LASTING_S), default="1 hour", key=_LASTS, required=True)
    agreed = st.checkbox("Everyone shown agreed to be seen by whoever has the link", key=_AGREED)
    st.button("Make a link", key="share-make", disabled=not agreed, on_click=_on_make, args=[result])


def _one(item: sharing.Share) -> None:
    """One link, its end, and the button that ends it at once."""
    with st.container(border=True, key=f"share-{item.name}"):
        if item.key:
            st.code(links.to_shared(item.key), language=None, wrap_lines=True)
        else:
            st.caption("A link made before this page was loaded; its address is shown only then.")
        st.markdown(f"Ends {_moment(item.until_s)}.")
        st.button("Withdraw this link", key=f"share-end-{item.name}", on_click=sharing.withdraw, args=[item.name])


def _on_make(result: session.Result) -> None:
    """Callback."""
    try:
        sharing.make(result, sharing.LASTING_S[st.session_state[_LASTS]])
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)


def _moment(until_s: float) -> str:
    """A moment of today or tomorrow by the clock of the visitor, with its time zone."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    when = datetime.fromtimestamp(until_s, zone)
    return f"{when:%A} at {when:%H:%M} ({zone.key.replace('_', ' ')})"
