"""The clips of a study: a still, who and what is shown, the verdict or why there is none; each opens in Analyze."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.emotions import UNSURE, display_name, display_percent
from ui.shell import errors, navigation
from ui.state import session, sources
from ui.study.server import ServerStudy
from ui.widgets import tables
from ui.widgets.clip_list import still

if TYPE_CHECKING:
    from pandas import DataFrame

    from emo_core.studies.tables import Study

_PAGE = 12
_FAILED = "failed"


def render(study: ServerStudy, found: "Study") -> None:
    """Filters, and a page of clips at a time."""
    clips = found.clips()
    record = found.record
    st.caption(
        f"{record.num_done} of {tables.count(len(record.clips), 'clip')}, {record.num_failed} failed; "
        f"model {errors.plain(record.model.name)} {errors.plain(record.model.version)}."
    )
    shown = _filtered(clips, (*record.model.labels, UNSURE))
    pages = -(-len(shown) // _PAGE)
    number = st.pagination(pages, key=f"study-page-{study.key}-{len(shown)}") if pages > 1 else 1
    if not len(shown):
        st.info("No clip is like that: change the filter.")
    rows = shown.iloc[(number - 1) * _PAGE : number * _PAGE].to_dict("records")
    for start in range(0, len(rows), 3):
        for place, row in zip(st.columns(3), rows[start : start + 3], strict=False):
            with place.container(border=True):
                _card(row, Path(record.folder), study)


def _filtered(clips: "DataFrame", verdicts: tuple[str, ...]) -> "DataFrame":
    left, middle, right = st.columns(3)
    words = left.text_input("Name, participant or condition", key="study-filter")
    verdict = middle.selectbox(
        "Verdict", [*verdicts, _FAILED], index=None, key="study-verdict", format_func=display_name, placeholder="Any"
    )
    least = right.slider("Quality at least (%)", 0, 100, 0, 5, key="study-quality") / 100
    if words.strip():
        names = clips["clip"] + " " + clips["participant"] + " " + clips["condition"] + " " + clips["session"]
        clips = clips[names.str.contains(words.strip(), case=False, regex=False)]
    if verdict == _FAILED:
        return clips[clips["error"] != ""]
    if verdict is not None:
        clips = clips[clips["verdict"] == verdict]
    return clips[clips["quality"] >= least] if least > 0 else clips


def _card(row: dict[str, Any], folder: Path, study: ServerStudy) -> None:
    name, _, _ = str(row["clip"]).partition("#t=")
    path = folder / name
    is_there = path.is_file() and path.resolve().is_relative_to(study.path.resolve())
    picture = still(path, path.stat().st_mtime_ns) if is_there else None
    if picture is not None:
        st.image(picture, width="stretch", alt=f"A frame of {name}")
    groups = ", ".join(str(row[key]) for key in ("participant", "condition", "session") if row[key])
    if row["error"]:
        st.markdown(f"**{errors.plain(groups or name)}**  \n{errors.plain(str(row['error']))}")
    else:
        sure = "best class " * (row["verdict"] == UNSURE) + display_percent(row["probability"])
        person = f", person {row['person']:.0f}" if row["person"] > 1 else ""
        st.markdown(
            f"**{errors.plain(groups or name)}**{person}  \n{errors.plain_name(str(row['verdict']))} ({sure}); "
            f"quality {row['quality']:.0%}, {row['judged_s']:.1f} s judged"
        )
    key = f"study-open-{row['clip']}-{row['person']}"
    if navigation.pressed("Open in Analyze", key=key, width="stretch", disabled=picture is None):
        session.submit(sources.Source(path.name, path))
        st.switch_page("pages/analyze.py")
    st.caption(errors.plain(str(row["clip"])))
