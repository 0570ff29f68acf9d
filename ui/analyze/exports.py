"""Every export of a result; each file is made when it is asked for, never before."""

import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import streamlit as st

from emo_core import config
from emo_core.files import scratch
from emo_core.report.annotations import Annotations
from ui.shell import errors, navigation
from ui.state import datasets, session, sources, visits
from ui.widgets import progress
from ui.work import new_clips, turns

_loading = threading.Lock()
_PERIOD_S = 1.0
_ADDED = "_corrected_added"
_ANONYMOUS = "Leave it empty if you do not know; clips of one person must carry one name."


def render(result: session.Result) -> None:
    """A button for each export; those that need the clip itself say so when it is no longer kept."""
    if not result.source.is_kept:
        st.info(
            "The clip itself was dropped to make room for newer ones: upload it again for the video and the report."
        )
    makers = Makers(result)
    rows = (
        (
            ("Report (one HTML file)", "report.html", "text/html", makers.report, True),
            ("Annotated video (MP4)", "annotated.mp4", "video/mp4", makers.video, True),
            ("Everything (ZIP)", "everything.zip", "application/zip", makers.everything, True),
            ("Charts (PNG in a ZIP)", "charts.zip", "application/zip", makers.charts, False),
        ),
        (
            ("Every frame (CSV)", "frames.csv", "text/csv", makers.frames, False),
            ("Every window (CSV)", "windows.csv", "text/csv", makers.windows, False),
            ("Verdicts as subtitles (VTT)", "segments.vtt", "text/vtt", makers.subtitles, False),
            ("Everything as JSON", "analysis.json", "application/json", makers.json, False),
        ),
    )
    for row in rows:
        for column, (label, name, mime, make, needs_clip) in zip(st.columns(len(row)), row, strict=True):
            column.download_button(
                label,
                data=make,
                file_name=f"{Path(result.analysis.video.name).stem}.{name}",
                mime=mime,
                key=f"export-{name}",
                on_click="ignore",
                width="stretch",
                disabled=needs_clip and not result.source.is_kept,
            )
    st.fragment(_under_way, run_every=_PERIOD_S)()
    st.caption(
        "Each file is made when you ask for it. Report and video read the clip again; the video takes up to half as "
        "long as the clip. Most players show the subtitles when their file lies next to the clip."
    )


def _under_way() -> None:
    """How far the export is that was asked for, and a way to stop it; looks once a second."""
    found = visits.export_under_way()
    if found is None:
        return
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.progress(found[1], text=f"{errors.plain(found[0])} ({found[1]:.0%})")
    button.button("Stop", key="stop-export", on_click=visits.stop_export, width="stretch")


class Makers:
    """Makes the exports of a result; called on a thread of the server, so it takes along what it needs.

    Those that take long are made one at a time for a visit, and end with it.
    """

    _visit = ""

    def __init__(self, result: session.Result) -> None:
        self._result, self._visit = result, visits.own_id()
        self._said = session.said()

    @property
    def _annotations(self) -> Annotations:
        return self._said.get(self._result.key, Annotations())

    def json(self) -> bytes:
        """What ``analyze --json`` writes, and what the visitor says."""
        return self._file(_exporting().write_json)

    def frames(self) -> bytes:
        """A row for every frame."""
        return self._file(_exporting().write_table, _exporting().frames_csv)

    def windows(self) -> bytes:
        """A row for every window."""
        return self._file(_exporting().write_table, _exporting().windows_csv)

    def subtitles(self) -> bytes:
        """A cue for every segment and mark."""
        return self._file(_exporting().write_table, _exporting().segments_vtt)

    def _file(self, write: Callable[..., None], *what: Any) -> bytes:
        """What is written of the analysis, in a temporary file: the JSON of two hours has 80 MB."""
        place = scratch.Lasting()
        path = place.path / "told"
        work = partial(write, path, *what, self._result.analysis, self._annotations)
        if len(self._result.analysis.timestamps_s) > turns.AT_ONCE_FRAMES:
            self._made(work)
        else:
            work(progress=lambda stage, share: None)
        return sources.Source(path.name, path).content

    def charts(self) -> bytes:
        """Every chart as PNG."""
        export = _exporting()
        return bytes(self._made(partial(export.zipped_charts, self._result.analysis, self._annotations)))

    def report(self) -> bytes:
        """The one-file report."""
        export, result = _exporting(), self._result
        return bytes(
            self._made(
                partial(
                    export.report_of, result.source.path, result.analysis, result.bundle, self._annotations,
                    result.made_at,
                )
            )
        )  # fmt: skip

    def video(self) -> bytes:
        """The annotated video, which stays in a temporary file."""
        export, result, place = _exporting(), self._result, scratch.Lasting()
        path = place.path / "annotated.mp4"
        self._made(partial(export.write_annotated, path, result.source.path, result.analysis, self._annotations))
        return sources.Source(path.name, path).content

    def everything(self) -> bytes:
        """All of it, as ``analyze --out`` writes it, which stays in a temporary file."""
        export, result, place = _exporting(), self._result, scratch.Lasting()
        path = place.path / "everything.zip"
        self._made(partial(export.zip_all, path, result.source.path, result.analysis, result.bundle, self._annotations))
        return sources.Source(path.name, path).content

    def _made(self, work: Callable[..., Any]) -> Any:
        """What the work of an export returns, once it was its turn."""
        with visits.one_export(self._visit) as tell:
            return turns.run(work, "export", tell, visit=self._visit)


def corrected(result: session.Result) -> None:
    """Offer the clip with its right label as a data set, once the verdict is corrected."""
    label, source = session.annotations(result.key).label, result.source
    _tell_added()
    if not label or not source.is_kept:
        st.caption(
            "Once you correct the verdict, you can add the clip to a data set here, or download it, to teach a model."
        )
        return
    person = st.text_input("Who is shown", key=f"person-{result.key}", max_chars=60, help=_ANONYMOUS) or ""
    st.download_button(
        f"Clip labeled {errors.plain_name(label)} (ZIP)",
        data=partial(_corrected_clip, source, label, person),
        file_name=f"{Path(result.analysis.video.name).stem}.labeled.zip",
        mime="application/zip",
        key="export-corrected",
        on_click="ignore",
    )
    st.caption("A folder for the label and a manifest.csv: the Teach page takes it as it is.")
    _add_to_a_data_set(source, label, person)


def _add_to_a_data_set(source: sources.Source, label: str, person: str) -> None:
    """One button that keeps the clip, with its right label, in a data set of the server."""
    places = {name: item.path for name, item in datasets.known().items() if item.writable}
    if config.is_public():
        return
    if not places:
        st.page_link("pages/teach.py", label="Make a data set on the Teach page to add the clip to →")
        return
    name = st.selectbox("Data set", list(places), key="corrected-set")
    agreed = st.checkbox(
        "Everyone shown agreed that the clip is kept on this server and used to train models",
        key=f"corrected-agreed-{name}",
    )
    if navigation.pressed(f"Add it to {errors.plain(name)}", key="corrected-add", disabled=not agreed):
        clip = new_clips.NewClip(source, label, person, origin="corrected")
        st.session_state[_ADDED] = progress.add_clips(places[name], [clip])
        st.rerun()


def _tell_added() -> None:
    """What became of the clip that was added just now, once."""
    for good, text in st.session_state.pop(_ADDED, []):
        (st.success if good else st.error)(errors.plain(text))


def _corrected_clip(source: sources.Source, label: str, person: str) -> bytes:
    _exporting()
    from emo_core.datasets.corrections import Correction, zip_corrections

    place = scratch.Lasting()
    zip_corrections(place.path / "labelled.zip", [Correction(source.path, source.name, label, person)])
    return sources.Source("labelled.zip", place.path / "labelled.zip").content


def _exporting() -> ModuleType:
    """What draws and writes, loaded: two threads must not import the same package at the same time."""
    with _loading:
        return import_module("emo_core.report.export")
