"""What tests of the Teach page share: a queue that only notes, and a small data set."""

import shutil

from emo_core.datasets.clips import read_dataset
from tests.evaluations import DEMO


class Jobs:
    """In the place of the server's queue."""

    def __init__(self):
        self.known, self.asked, self.stopped = [], [], []

    def submit(self, order):
        self.asked.append(order)

    def stop(self, name):
        self.stopped.append(name)

    def active(self):
        return [status for status in self.known if status.state in ("running", "waiting")]

    def all(self):
        return self.known


def told(app):
    kinds = ("markdown", "caption", "info", "error", "warning", "success")
    return "\n".join(item.value for kind in kinds for item in app.get(kind))


def few(folder, people=3):
    """Demo clips of a few people in a folder per label."""
    for clip in read_dataset(DEMO):
        if int(clip.person[-2:]) <= people and clip.degradation == "none":
            (folder / clip.label).mkdir(parents=True, exist_ok=True)
            shutil.copy(clip.path, folder / clip.label / f"{clip.person}__{clip.path.name}")
