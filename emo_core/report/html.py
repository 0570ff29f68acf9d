"""One HTML file that tells an analysis to somebody who has nothing else: no script, no network, fit for printing."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

import emo_core
from emo_core.analysis import Analysis, Prediction
from emo_core.emotions import UNSURE, class_colour, display_name, display_percent
from emo_core.model.bundle import Bundle
from emo_core.model.limits import trust_line
from emo_core.model.presence import emotion_words, headline, verdict_words
from emo_core.report.annotations import Annotations
from emo_core.report.charts.catalog import Chart
from emo_core.report.charts.images import to_svg
from emo_core.report.key_frames import KeyFrame
from emo_core.report.pages import render_page

_PAGE = Path(__file__).with_name("report_page.html")
_CARD_LEFT_OUT = re.compile(r"^(Seeds|Salience|Q-based|What each part|Random|Two protocols|How it was made)")


def html_report(
    analysis: Analysis,
    annotations: Annotations,
    bundle: Bundle,
    charts: Sequence[Chart],
    frames: Sequence[KeyFrame] = (),
    credit: str = "",
    made_at: datetime | None = None,
) -> str:
    """The report as the text of one HTML file; whatever a clip, note or label is called, it stays text.

    Args:
        analysis: what to tell.
        annotations: what a person says, told apart from it.
        bundle: the model that made the analysis; its card is quoted.
        charts: to show, in order.
        frames: key frames; their section is left out where there are none.
        credit: whose clip it is, if that is known.
        made_at: when the report is written; now by default.
    """
    prediction = analysis.prediction
    return render_page(
        _PAGE,
        video=analysis.video,
        model=analysis.model,
        prediction=prediction,
        warnings=analysis.warnings,
        annotations=annotations,
        frames=frames,
        credit=credit,
        software=emo_core.SOFTWARE,
        made_at=(made_at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
        tone=class_colour(prediction.label, prediction.labels),
        headline=headline(prediction),
        frames_show=emotion_words(prediction.emotions),
        why=_why(prediction),
        parts=_parts(prediction),
        charts=[{"title": c.title, "caption": c.caption, "data": _base64(to_svg(c.figure))} for c in charts],
        quality=_quality_rows(analysis),
        counted=_counted(analysis),
        trust=trust_line(bundle.metrics),
        card=Markup(_card_html(bundle)),
        display=display_name,
        percent=display_percent,
        b64=_base64,
    )


def _why(prediction: Prediction) -> str:
    """How the verdict came about, in one sentence."""
    own = sum(window.label == prediction.label for window in prediction.windows)
    return (
        f"{own} of the {len(prediction.windows)} windows that the LSTM read have this verdict; its probability, a mean "
        "weighted by the quality of their frames, passes the threshold for that quality."
    )


def _parts(prediction: Prediction) -> list[dict[str, Any]]:
    return [
        {
            "start_s": item.start_s,
            "end_s": item.end_s,
            "name": verdict_words(item),
            "colour": class_colour(item.label, prediction.labels),
            "sure": ("best class " if item.label == UNSURE else "") + display_percent(item.probability),
            "frames_show": emotion_words(item.emotions),
        }
        for item in prediction.segments
    ]


def _quality_rows(analysis: Analysis) -> list[tuple[str, str, str]]:
    clip = analysis.normalized
    columns = {"Overall": clip.quality, **clip.components}
    return [
        (name.replace("_", " ").capitalize(), f"{values[clip.mask].mean():.0%}", f"{values[clip.mask].min():.0%}")
        for name, values in columns.items()
        if clip.mask.any()
    ]


def _counted(analysis: Analysis) -> str:
    mask = analysis.normalized.mask
    if mask.all():
        return f"All {len(mask)} frames show a usable face and count."
    return (
        f"{int(mask.sum())} of {len(mask)} frames count; the others show no usable face and are left out, never filled "
        "in."
    )


def _card_html(bundle: Bundle) -> str:
    """Use, limits, data and figures of the model's card; HTML in it stays text, a picture becomes a link to it."""
    if not bundle.card:
        return "<p>This model came without a card.</p>"
    head, *sections = re.split(r"^## ", bundle.card, flags=re.MULTILINE)
    kept = [section for section in sections if not _CARD_LEFT_OUT.match(section)]
    text = re.sub(r"^# .*\n", "", head) + "".join(f"### {section}" for section in kept)
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(text))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
