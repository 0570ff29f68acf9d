"""Clips of a data set in a list: a still, truth and verdict, and a button that opens the clip in Analyze."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import UNSURE, display_name, display_percent
from ui.shell import errors, navigation
from ui.state import session, sources

if TYPE_CHECKING:
    from emo_core.evaluation.results import EvaluatedClip

_PAGE = 12


def render(
    clips: "Sequence[EvaluatedClip]", labels: Sequence[str], folder: Path, key: str,
    notes: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Show clips, a page of them at a time.

    Args:
        clips: what to list.
        labels: classes in the order of their probabilities.
        folder: that their paths are relative to.
        key: of the list; another list has another one.
        notes: path → what to add about a clip.
    """
    pages = -(-len(clips) // _PAGE)
    number = st.pagination(pages, key=f"page-{key}") if pages > 1 else 1
    shown = clips[(number - 1) * _PAGE : number * _PAGE]
    for start in range(0, len(shown), 3):
        for place, clip in zip(st.columns(3), shown[start : start + 3], strict=False):
            with place.container(border=True):
                guess = clip.most_probable(labels)
                _card(clip, guess, folder / clip.file, f"{key}-{clip.path}", (notes or {}).get(clip.path, ""))


def _card(clip: "EvaluatedClip", guess: str, path: Path, key: str, note: str) -> None:
    picture = still(path, path.stat().st_mtime_ns) if path.is_file() else None
    if picture is not None:
        st.image(picture, width="stretch", alt=f"A frame of {clip.path}")
    judged = f"judged {display_name(guess)} ({display_percent(max(clip.probabilities))})"
    unsure = ", the app is unsure" if clip.verdict == UNSURE else ""
    st.markdown(
        f"**{errors.plain(clip.person)}**: {errors.plain(display_name(clip.label))}  \n"
        f"{errors.plain(judged)}{unsure}; quality {clip.quality:.0%}"
    )
    if note:
        st.caption(errors.plain(note))
    if navigation.pressed("Open in Analyze", key=f"open-{key}", width="stretch", disabled=picture is None):
        session.submit(sources.Source(path.name, path))
        st.switch_page("pages/analyze.py")
    st.caption(errors.plain(clip.path))


@st.cache_data(max_entries=400, show_spinner=False)
def still(path: Path, changed_ns: int) -> bytes | None:
    """JPEG of a frame in the middle of a clip; None where it cannot be read."""
    del changed_ns  # part of the key
    import cv2

    from emo_core.errors import VideoError
    from emo_core.video.reader import open_video

    try:
        with open_video(path) as reader:
            half_s = (reader.duration_estimate_s or 0) / 2
            frame = None
            for clip in reader.clips(5.0):
                frame = clip.frames[min(int(clip.timestamps_s.searchsorted(half_s)), len(clip.frames) - 1)]
                if clip.timestamps_s[-1] >= half_s:
                    break
    except VideoError:
        return None
    if frame is None:
        return None
    height = round(200 * frame.shape[0] / frame.shape[1])
    small = cv2.resize(frame, (200, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small[..., ::-1])[1])
