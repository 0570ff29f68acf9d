"""The choice between the model that came with the application and those that were taught here."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import BundleError
from ui.shell import errors
from ui.state import live_session, session
from ui.state import models as model

if TYPE_CHECKING:
    from emo_core.model.bundle import Bundle


def render(key: str) -> None:
    """A choice of models, where there is one; models that are damaged are named and cannot be chosen.

    Args:
        key: one for each page.
    """
    models = model.found()
    if len(models) < 2:
        return
    whole: dict[str, Bundle] = {}
    damaged = []
    for name, folder in models.items():
        try:
            whole[name] = model.load(folder)
        except BundleError as error:
            damaged.append(str(error))
    current = next((name for name in whole if models[name] == model.directory()), None)
    st.selectbox(
        "Model",
        list(whole),
        index=None if current is None else list(whole).index(current),
        format_func=lambda name: f"{name}: {_classes(whole[name])}",
        key=f"model-{key}-{current}",
        on_change=_change,
        args=[f"model-{key}-{current}", {name: models[name] for name in whole}],
        placeholder="Choose a model",
        width=520,
    )
    for text in damaged:
        st.warning(f"Left out of the choice: {errors.plain(text)}")


def _change(key: str, models: dict[str, Path]) -> None:
    """Use the chosen model; the clip on show is judged again, the live view starts anew."""
    name = st.session_state.get(key)
    if name in models:
        use(models[name])


def use(folder: Path) -> None:
    """Callback: use the model in `folder` on every page."""
    model.choose(folder)
    live_session.end()
    session.again()


def _classes(bundle: "Bundle") -> str:
    """Classes of a model in words."""
    return ", ".join(display_name(item.name).lower() for item in bundle.classes)
