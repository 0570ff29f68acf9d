"""Two protocols on the Evaluate page: what was measured, and a button that measures it in a process of its own."""

from typing import TYPE_CHECKING

import streamlit as st

from emo_core import config
from emo_core.records import Interval, Protocols
from ui.evaluate import run
from ui.evaluate.choice import Choice
from ui.shell import errors, preload
from ui.state import trainings
from ui.state.datasets import CACHE
from ui.widgets import charts, measured

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobQueue, JobStatus

_PERIOD_S = 1.0


def render(choice: Choice) -> None:
    """One recipe, the same clips, split at random and by person."""
    st.header("Two protocols, one recipe", anchor=False)
    st.caption(
        "At random, as in the paper, clips of one person are on both sides of the split, and the model is rewarded for "
        "knowing them. By person, nobody is. The difference is leakage, not skill: believe the figure by person."
    )
    preload.wait()
    found = run.find_protocols(choice)
    if found is not None:
        _protocols(found)
    else:
        st.info("Not measured yet. It trains ten heads on this data set, which takes minutes; the page stays usable.")
    name = run.protocols_path(choice).stem
    status = jobs().status(name)
    running = status is not None and status.state in ("waiting", "running")
    st.fragment(_job, run_every=_PERIOD_S if running else None)(choice, name, running, found is not None)
    st.caption("At the command line:")
    st.code(f".venv/bin/{choice.protocols_command}", language="bash", wrap_lines=True)


def jobs() -> "JobQueue":
    """The comparisons of this server: one at a time, each in a process of its own."""
    return trainings.queue("comparisons")


def _job(choice: Choice, name: str, was_running: bool, known: bool) -> None:
    """The button, or how far the comparison is; redrawn every second while it runs."""
    status = jobs().status(name)
    running = status is not None and status.state in ("waiting", "running")
    if running != was_running:
        st.rerun()  # it began or ended: the figures above may be there now
    if status is not None and running:
        _progress(status)
        return
    if status is not None and status.state in ("failed", "interrupted"):
        st.warning(errors.plain(status.progress.message or "The comparison ended before its time: start it again."))
    if config.is_public():
        st.caption("This server is open to everybody, so it trains no models.")
        return
    if trainings.jobs().active():
        st.caption("A model is being trained on the Teach page; compare the protocols when that is done.")
        return
    label = "Compare again" if known else "Compare the two protocols"
    st.button(label, key=f"compare-{name}", on_click=_submit, args=[choice, name])


def _submit(choice: Choice, name: str) -> None:
    """Callback: start it."""
    from emo_core.jobs.queue import Order

    config.refuse_if_public("trains no models")
    jobs().submit(Order("protocols", name, choice.shown_data, choice.shown_model, str(CACHE), "both"))


def _progress(status: "JobStatus") -> None:
    progress = status.progress
    words, button = st.columns([5, 1], vertical_alignment="center")
    told = f"{progress.what}: {progress.done + 1} of {progress.total}" if progress.total else progress.what
    waits = "Waiting for another comparison" if status.ahead else trainings.HELD_BACK
    text = waits if status.state == "waiting" else told
    words.progress(progress.done / progress.total if progress.total else 0.0, text=text)
    button.button("Stop", key="compare-stop", on_click=jobs().stop, args=[status.order.name], width="stretch")


def _points(interval: Interval) -> str | None:
    """An interval of a difference of shares, in points."""
    return f"{100 * interval[0]:+.1f} – {100 * interval[1]:+.1f} points" if interval else None


def _protocols(found: Protocols) -> None:
    """The gap, both figures as bars, and as a table."""
    from emo_core.report.charts.evaluation import protocols_figure

    if found.leakage is not None:
        st.metric(
            "Leakage (accuracy)", f"{100 * found.leakage:+.1f} points", _points(found.leakage_interval),
            delta_color="off", delta_arrow="off", border=True, width=260,
        )  # fmt: skip
    chart = protocols_figure(found, measured.SPLITS)
    charts.render(chart, "evaluate-protocols", "Accuracy by protocol", picture="protocols")
    measured.render_protocols(found)
    when = f" on {errors.plain(found.made_at[:10])}" if found.made_at else ""
    st.caption(f"Measured{when} by {errors.plain(found.command or 'a command that was not kept')}.")
