"""The camera in the visitor's browser: our own small components, and words for everything that can go wrong with it."""

import math
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import streamlit as st

from ui.shell import browser

PROBLEMS: dict[str, str] = {
    "denied": "The browser was not allowed to use the camera. Allow it with the camera sign in the address bar (or in "
    "the system's privacy settings), then try again; or upload a clip instead.",
    "missing": "No camera was found. Plug one in or switch it on, then try again; or upload a clip instead.",
    "busy": "The camera is in use by another program or tab. Close that one, then try again; or upload a clip instead.",
    "insecure": "Browsers give the camera only to secure pages, and this address is none. Open it with https:// or as "
    "localhost; or upload a clip instead.",
    "unsupported": "This browser cannot do that with a camera. Use a current Chrome, Edge, Firefox or Safari; or "
    "upload a clip instead.",
    "lost": "The camera was unplugged or switched off. Connect it again, then try again; or upload a clip instead.",
    "failed": "The camera could not be used, for a reason the browser does not tell. Reload the page and try again; or "
    "upload a clip instead.",
}
"""What a component reports → one sentence with the remedy and the way on."""


_SENT = "_sent_by-"


def sent(name: str, key: str, event: str, data: Mapping[str, Any], *, lasts_s: float = math.inf) -> Any:
    """Show a component; what it sent, in every run until it is :func:`taken`: a run may end before it is used.

    Args:
        name: of the component.
        key: of the element.
        event: name under which the component sends.
        data: for the component.
        lasts_s: what is older is dropped: the visitor left the page meanwhile.
    """
    component(name)(key=key, data=data, **{f"on_{event}_change": partial(_arrived, key, event)})
    message, since_s = st.session_state.get(f"{_SENT}{key}", (None, 0.0))
    return message if time.monotonic() - since_s <= lasts_s else None


def _arrived(key: str, event: str) -> None:
    """Callback."""
    if (message := getattr(st.session_state[key], event)) is not None:
        st.session_state[f"{_SENT}{key}"] = message, time.monotonic()


def taken(key: str) -> None:
    """What the component of this key sent has been used."""
    st.session_state.pop(f"{_SENT}{key}", None)


@lru_cache
def component(name: str) -> Callable[..., Any]:
    """The component whose files in ``ui/browser`` carry `name`; it can use everything in ``camera.js``."""
    html, css, script = (browser.read(f"{name}.{kind}") for kind in ("html", "css", "js"))
    shared = browser.read("camera.js")
    return st.components.v2.component(f"studio_{name}", html=html, css=css, js=f"{shared}\n{script}")
