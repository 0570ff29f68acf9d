"""Loads what the first analysis needs while the visitor still reads the first page.

The libraries for video, charts and networks take about a second to import; none of them is needed to paint a page.
"""

import gc
import logging
import threading
from importlib import import_module

from emo_core.errors import BundleError

_MODULES = (
    "plotly.graph_objects",
    "emo_core.report.charts.analysis",
    "emo_core.report.serialization",
    "emo_core.model.bundle",
    "emo_core.inference.pipeline",
    "emo_core.explain.attribution",
    "emo_core.live.worker",
    "emo_core.live.overlay",
)
_PAINT_S = 1.0  # the first page is on its way to the browser, which loading would slow down
_lock = threading.Lock()
_wanted = threading.Event()
_loaded = threading.Event()
_worker: threading.Thread | None = None


def start() -> None:
    """Begin in the background, once per process."""
    global _worker
    with _lock:
        if _worker is None:
            _worker = threading.Thread(target=_load, name="preload", daemon=True)
            _worker.start()


def wait() -> None:
    """Return once everything is loaded: two threads must not import the same package at the same time."""
    _wanted.set()
    start()
    _loaded.wait()


def _load() -> None:
    _wanted.wait(_PAINT_S)
    try:
        for name in _MODULES:
            try:
                import_module(name)
            except Exception:
                logging.getLogger(__name__).exception("could not preload %s", name)
        gc.collect()
        gc.freeze()  # Streamlit collects garbage after every run: what stays for good need not be looked through
    finally:
        _loaded.set()
    _start_workers()
    _try_models()


def _start_workers() -> None:
    """Have the workers ready for the first work."""
    from ui.work import turns

    turns.of_server()


def _try_models() -> None:
    """Have the networks of every model tried, which takes a third of a second each: what comes out is kept."""
    from emo_core.model.bundle import load_bundle
    from ui.state import models

    for folder in models.found().values():
        try:
            load_bundle(folder)
        except BundleError:
            logging.getLogger(__name__).warning("the model in %s cannot be used", folder.name)
