"""The verdict of this moment as a card: how sure, what would make the picture better, and whether every link holds."""

from html import escape
from typing import TYPE_CHECKING

from emo_core.emotions import UNSURE, class_colour, display_percent
from emo_core.live.overlay import moment_words
from emo_core.model.limits import warning_of
from ui.live import status

if TYPE_CHECKING:
    from emo_core.live.analyzer import LiveResult
    from ui.state.live_session import LiveSession

_FINE, _WAITING = "#3E9C6A", "#C3C8D2"


def card_html(live: "LiveSession") -> str:
    """The card of a live view as HTML."""
    if not live.wanted:
        begun = live.worker.latest is not None
        return _card(live, "Live view", "Stopped" if begun else "Not started", UNSURE, "")
    kicker = "Paused" if live.worker.paused else "Now"
    latest = live.tell()
    if latest is None:
        return _card(live, kicker, "Waiting for the first picture …", UNSURE, _chain_html(live))
    rest = _sureness(latest) + _others(latest) + _tips_html(latest) + _chain_html(live)
    return _card(live, kicker, moment_words(latest), latest.label, rest)


def _card(live: "LiveSession", kicker: str, title: str, label: str, rest: str) -> str:
    model, limits = live.worker.bundle.info, warning_of(live.worker.bundle.metrics, live.worker.bundle.info.labels)
    words = f'<p class="es-soft" data-testid="limits">⚠️ {escape(limits)}</p>' if limits else ""
    return (
        f'<div class="es-card" style="--tone:{class_colour(label, model.labels)}"><div class="es-kicker">{kicker}</div>'
        f'<div class="es-verdict" data-testid="live-verdict">{escape(title)}</div>{rest}{words}'
        f'<p class="es-soft" data-testid="model">Model {escape(model.title)}</p></div>'
    )


def _sureness(latest: "LiveResult") -> str:
    if latest.box_xyxy is None:
        return "<div>Nothing to judge.</div>"
    if latest.label == UNSURE:
        return "<div>No class passes its threshold.</div>"
    return f"<div>Probability {display_percent(latest.probability)}</div>"


def _others(latest: "LiveResult") -> str:
    """How many faces beside the judged one there are."""
    if not latest.num_others:
        return ""
    others = "1 other face is" if latest.num_others == 1 else f"{latest.num_others} other faces are"
    return f'<div data-testid="live-others">{others} in the picture; the largest is judged.</div>'


def _tips_html(latest: "LiveResult") -> str:
    tips = latest.hints or ("The picture is good as it is.",)
    return "".join(f'<p data-testid="live-hint">→ {escape(tip)}</p>' for tip in tips)


def _chain_html(live: "LiveSession") -> str:
    """Camera, connection, server: how each of them is, with frame rates and delay."""
    rows = status.chain(live.worker.stats(), failure=live.worker.error, paused=live.worker.paused)
    items = [
        f'<div><i class="es-dot" style="background:{_FINE if fine else _WAITING}"></i>'
        f"<b>{escape(name)}</b> {escape(text)}</div>"
        for name, text, fine in rows
    ]
    return f'<div class="es-soft" data-testid="live-chain" style="margin-top:.7rem">{"".join(items)}</div>'
