"""Addresses that lead to a model, a kept result and a moment of it: ``?model=hybrid``, ``?result=KEY&t=2.5``."""

import math
from urllib.parse import urlencode, urlsplit

import streamlit as st

from ui.state import models, position, session

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names by which every machine calls itself."""

_TAKEN = "_link_taken"


def take() -> None:
    """Follow what the address of a new visit asks for; what is not there is passed over."""
    if st.session_state.get(_TAKEN):
        return
    st.session_state[_TAKEN] = True
    asked = st.query_params
    if (name := asked.get("model", "")) and (folder := models.found().get(name)):
        models.choose(folder)
    if key := asked.get("result", ""):
        session.show(key)
    shown, time_s = session.result(), _seconds(asked.get("t", ""))
    if shown is not None and time_s is not None:
        position.put(shown, time_s)


def to_moment(result: session.Result) -> str:
    """Address of a result at the moment on show; it opens where the result is kept, in this browser."""
    here = urlsplit(str(st.context.url or ""))
    words = urlencode({"result": result.key, "t": f"{position.get(result):.1f}"})
    return f"{here.scheme}://{here.netloc}{here.path}?{words}"


def to_shared(key: str) -> str:
    """Address of the page that shows what the key of a share opens, on the server as this visitor calls it."""
    here = urlsplit(str(st.context.url or ""))
    return f"{here.scheme}://{here.netloc}{here.path.rpartition('/')[0]}/shared?{urlencode({'key': key})}"


def is_for_this_machine() -> bool:
    """Whether the visitor calls the server by a name that leads to it on this machine alone."""
    return urlsplit(str(st.context.url or "")).hostname in LOOPBACK


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
