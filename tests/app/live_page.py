"""The live page without a browser: what stands in for it, and what a visitor does."""

import threading
from types import SimpleNamespace

import numpy as np
import streamlit as st

from emo_core.live.analyzer import LiveResult
from tests.factories import LABELS, make_probabilities

IMAGE = np.full((48, 64, 3), 90, np.uint8)


class Components:
    """In the place of the browser's components: what they send in the next run, and with what they were shown."""

    def __init__(self):
        self.next = {}
        self.keys = []

    def __call__(self, name):
        def show(*, key, data, **callbacks):
            ((event, callback),) = callbacks.items()
            self.keys.append(key)
            if (value := self.next.pop(name, None)) is not None:
                st.session_state[key] = SimpleNamespace(**{event.removeprefix("on_").removesuffix("_change"): value})
                callback()
                del st.session_state[key]

        return show


class Analyzer:
    def __init__(self, bundle):
        pass

    def analyze(self, image, time_s, smoothing_s):
        emotions = np.full(8, 1 / 8, np.float32)
        box = np.array([0.2, 0.2, 0.6, 0.8], np.float32)
        return LiveResult(
            time_s, box, LABELS[0], 0.8, make_probabilities(LABELS[0]), emotions, 0.9, ("Come closer.",), num_others=2,
            salience={"amusement": 0.9, "surprise": 0.1}, presence={"amusement": 0.7, "surprise": 0.05},
        )  # fmt: skip


def state(studio):
    kept = studio.app.session_state
    return kept["_live"] if "_live" in kept else None  # noqa: SIM401  (it has no get)


def press(studio, label):
    next(button for button in studio.app.button if button.label == label).click()
    app = studio.app.run()
    assert not app.exception
    return app


def labels(studio):
    return [button.label for button in studio.app.button]


def start(studio, components, **found):
    components.next["gate"] = {"camera": "ok", "device": "cam", "addresses": {"host": 1}, **found}
    return studio.app.run()


def feed(studio, count=12):
    """One frame through the worker, then `count` more into its ring, a tenth of a second apart."""
    found = state(studio)
    found.worker.submit(IMAGE)
    for _ in range(2000):
        if found.worker.latest is not None and len(found.worker.ring):
            break
        threading.Event().wait(0.005)
    for number in range(count):
        found.worker.ring.add(IMAGE, 1000 + number / 10)
    found.shown = IMAGE
    return found
