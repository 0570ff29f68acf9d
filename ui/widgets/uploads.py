"""The uploaders of every page: what they take is told before."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from emo_core.files import limits
from emo_core.files.formats import VIDEO_SUFFIXES
from ui.state import visits

TYPES = [suffix.removeprefix(".") for suffix in VIDEO_SUFFIXES]


def one(label: str, key: str, on_change: Callable[[str], None], advice: str) -> None:
    """Take one clip.

    Args:
        label: above the uploader.
        key: of the element.
        on_change: called with `key` when the clip is there.
        advice: shown on demand.
    """
    visits.allow_uploads()
    st.file_uploader(
        label, type=TYPES, key=key, max_upload_size=limits.MAX_MB, on_change=on_change, args=[key], help=advice
    )
    st.caption(limits.WORDS)


def many(label: str, key: str) -> list[Any]:
    """Take clips; those that are there."""
    visits.allow_uploads()
    files = st.file_uploader(label, type=TYPES, accept_multiple_files=True, key=key, max_upload_size=limits.MAX_MB)
    st.caption(limits.WORDS)
    return list(files)


def archive(label: str, key: str) -> Any:
    """Take a zip, of labelled clips or a model; the file that is there, or None."""
    visits.allow_uploads()
    return st.file_uploader(label, type=["zip"], key=key, max_upload_size=limits.MAX_MB)


def folder(label: str, key: str) -> list[Any]:
    """Take a folder of labelled clips; the files that are there, each named by its path in it."""
    visits.allow_uploads()
    kinds = [*TYPES, "csv"]
    files = st.file_uploader(
        label, type=kinds, accept_multiple_files="directory", key=key, max_upload_size=limits.MAX_MB
    )
    st.caption(limits.WORDS)
    return list(files)
