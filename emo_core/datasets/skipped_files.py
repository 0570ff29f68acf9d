"""Files in the folder of a data set that are none of its clips, counted by the reason."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from emo_core.files.formats import has_video_name, why_no_video


def skipped_files(folder: Path, clips: Iterable[Path], manifest: str) -> dict[str, int]:
    """Reasons and how many files each.

    Args:
        folder: of the data set.
        clips: files that are its clips.
        manifest: name of the file that lists them; empty where each label has a folder.
    """
    known, counts = {path.resolve() for path in clips}, Counter[str]()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        depth = len(Path(place).relative_to(folder).parts)
        for name in names:
            reason = "" if name == manifest else _why_skipped(name, depth, manifest)
            if reason and (Path(place) / name).resolve() not in known:
                counts[reason] += 1
    return dict(sorted(counts.items()))


def _why_skipped(name: str, depth: int, manifest: str) -> str:
    """Why a file is no clip; empty for what nobody would take for one."""
    if reason := why_no_video(name):
        return reason if reason != "hidden" or has_video_name(name.lstrip("._")) else ""
    if manifest:
        return f"a video that {manifest} does not list"
    return "a video outside the folders of labels" if depth == 0 else "a video in a folder below that of a label"
