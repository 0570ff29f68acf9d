"""The tab of the what-if lens: the clip changed, judged by the same pipeline, beside the clip as it is."""

import base64
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.emotions import UNSURE, display_percent
from ui.shell import errors
from ui.state import session
from ui.widgets import tables
from ui.work import what_if_run

if TYPE_CHECKING:
    from emo_core.explain.perturbations import Kind
    from emo_core.explain.what_if import Outcome

_PERIOD_S = 0.4


def render(result: session.Result) -> None:
    """Choose a part and a change, or try all; the outcomes stand in one table."""
    from emo_core.explain.perturbations import KINDS

    st.caption(
        "Each change is made to the frames, and the same pipeline judges the clip again. A verdict that holds is not "
        "proved right by it. One that flips shows what this model relies on in this clip, not what people look at: a "
        "covered face also looks unlike any face that the network was trained on."
    )
    if not result.source.is_kept:
        st.info("The clip itself was dropped to make room for newer ones: upload it again to try changes on it.")
        return
    part = _part(result)
    if part is None:
        return
    run = what_if_run.of(result, part)
    left, middle, right = st.columns([4, 5, 4], gap="medium", vertical_alignment="bottom")
    with left:
        titles = {kind.title: kind for kind in KINDS}
        chosen = st.selectbox("Change", list(titles), key="what-if-change")
        kind = titles[chosen]
    with middle:
        strength = _strength(kind)
    with right:
        one, every = st.columns(2)
        one.button(
            "Try it", key="what-if-one", type="primary", width="stretch", disabled=run.is_running,
            on_click=what_if_run.begin, args=[[kind.key], strength],
        )  # fmt: skip
        every.button(
            "Try all", key="what-if-all", width="stretch", disabled=run.is_running,
            on_click=what_if_run.begin, args=[[item.key for item in KINDS]],
        )  # fmt: skip
    st.fragment(_outcomes, run_every=_PERIOD_S if run.is_running else None)(run)


def _part(result: session.Result) -> tuple[float, float] | None:
    """The part of the clip to ask about; None with a word on why, if it is too long or too short."""
    from emo_core.explain.what_if import MAX_PART_S, MIN_PART_S, default_part

    video = result.analysis.video
    begin_s, end_s = round(video.start_s, 1), round(video.end_s, 1)
    if video.end_s - video.start_s <= MIN_PART_S:
        return video.start_s, video.end_s
    start, stop = (round(time_s, 1) for time_s in default_part(result.analysis))
    key = f"what-if-part-{result.key}"
    st.session_state.setdefault(key, (max(start, begin_s), min(stop, end_s)))
    first, last = _span(key, begin_s, end_s)
    if not MIN_PART_S <= last - first <= MAX_PART_S:
        st.info(
            f"Choose a part of {MIN_PART_S:.0f} to {MAX_PART_S:.0f} seconds: every change is a whole analysis of it."
        )
        return None
    return (video.start_s if first <= begin_s else first), (video.end_s if last >= end_s else last)


def _span(key: str, begin_s: float, end_s: float) -> tuple[float, float]:
    chosen: Any = st.slider(
        "Part of the clip (s)", begin_s, end_s, key=key, step=0.1, format="%.1f"
    )  # a pair, as its state holds one
    return chosen[0], chosen[1]


def _strength(kind: "Kind") -> float | None:
    if kind.strengths is None:
        st.caption("Nothing to set for this change.")
        return None
    least, most, usual = kind.strengths
    value = st.slider(
        "Strength (%)", round(100 * least), round(100 * most), round(100 * usual), 5,
        key=f"what-if-strength-{kind.key}", help=f"100% would be: {kind.meaning}.",
    )  # fmt: skip
    return float(value / 100)


def _outcomes(run: what_if_run.Run) -> None:
    """Progress while there is any, and the table; reruns alone until the work is done."""
    task = run.task
    if run.is_running and task is not None:
        bar, button = st.columns([6, 1], vertical_alignment="center")
        bar.progress(task.share, text=f"{task.stage} ({task.share:.0%})")
        button.button("Stop", key="what-if-stop", on_click=what_if_run.stop, width="stretch")
        st.session_state["_what_if_ran"] = True
    elif st.session_state.pop("_what_if_ran", False):
        st.rerun()  # the buttons above come back
    elif task is not None and task.problem:
        st.error(errors.plain(task.problem), icon="⚠️")
    if run.unchanged is None:
        if task is None:
            st.info(f"Nothing tried yet. {_duration(run)}")
        return
    _table(run)


def _duration(run: what_if_run.Run) -> str:
    """How long trying takes here, by what the analysis of the clip took."""
    from emo_core.explain.perturbations import KINDS

    analysis = run.result.analysis
    share = (run.part[1] - run.part[0]) / max(analysis.video.duration_s, 1e-3)
    one_s = max(1.0, analysis.timing_ms.total / 1000 * share)
    return (
        f"Every change is a whole analysis of the part: one takes about {one_s:.0f} s, all {len(KINDS)} and the clip "
        f"as it is about {(len(KINDS) + 1) * one_s:.0f} s."
    )


def _pictures(tried: "list[Outcome]", titles: Mapping[str, str]) -> None:
    """The middle frame of the part as it is, and as each change made it."""
    shown = [(_title(titles[item.key], item), item.after) for item in tried if item.after]
    before = next((item.before for item in tried if item.before), b"")
    cells = "".join(
        f'<figure><img alt="{escape(words)}" src="data:image/jpeg;base64,{base64.b64encode(data).decode("ascii")}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for words, data in [("As it is", before), *shown]
        if data
    )
    if cells:
        st.html(f'<div class="es-tried">{cells}</div>')


def _table(run: what_if_run.Run) -> None:
    """Every outcome beside the unchanged clip."""
    from emo_core.explain.perturbations import KINDS

    assert run.unchanged is not None
    base = run.unchanged.outcome
    titles = {kind.key: kind.title for kind in KINDS}
    tried = [run.outcomes[key] for key in titles if key in run.outcomes]
    best = errors.plain_name(run.result.analysis.prediction.labels[run.unchanged.best])
    rows = [("**As it is**", *_row(base, base), "")]
    rows += [(_title(titles[item.key], item), *_row(item, base), _flip(item)) for item in tried]
    tables.render(("Change", "Verdict", "Probability", "Margin", "Against as it is", "Quality", "Flips?"), rows)
    _pictures(tried, titles)
    flips = [titles[item.key].lower() for item in tried if item.flips]
    st.caption(
        f"Margin: by how many points of probability {best} leads the next class; below 0, another one leads. "
        + (f"Of {len(tried)} tried, {len(flips)} flip the verdict: {', '.join(flips)}." if flips else "")
        + (f"None of the {len(tried)} tried flips the verdict." if tried and not flips else "")
    )


def _title(title: str, item: "Outcome") -> str:
    return title if item.strength is None else f"{title} ({item.strength:.0%})"


def _row(item: "Outcome", base: "Outcome") -> tuple[str, ...]:
    if item.probability is None or item.margin is None or item.quality is None:
        return errors.plain(item.problem.split(":")[0]), "", "", "", ""
    verdict = "Unsure" if item.label == UNSURE else errors.plain_name(item.label)
    change = "" if item is base or base.margin is None else f"{round(100 * (item.margin - base.margin), 1) + 0.0:+.1f}"
    return verdict, display_percent(item.probability), f"{100 * item.margin:.1f}", change, f"{item.quality:.0%}"


def _flip(item: "Outcome") -> str:
    return "**yes**" if item.flips else "no"
