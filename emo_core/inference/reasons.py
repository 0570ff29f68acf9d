"""Why a clip gets no verdict, each in one sentence."""

from emo_core.analysis import Segment
from emo_core.emotions import display_name
from emo_core.inference.window_plan import FEW_HZ, TOO_FEW_HZ, is_below, picture_rate_hz
from emo_core.model.bundle import Bundle
from emo_core.types import Doubles, Floats


def rate_reason(bundle: Bundle, times_s: Doubles) -> str:
    """Why a clip with few pictures a second gets no verdict, one sentence; empty if it has enough."""
    rate_hz = bundle.config.sample_rate_hz
    if not is_below(TOO_FEW_HZ, times_s, rate_hz):
        return ""
    return (
        f"With {picture_rate_hz(times_s, rate_hz):.1f} pictures a second nobody can say how a face changes: use a clip "
        f"with at least {TOO_FEW_HZ:.0f}, better {FEW_HZ:.0f} a second."
    )


def change_reason(segments: tuple[Segment, ...]) -> str:
    """Why windows that each have a verdict give none together, one sentence; empty if they are all of one kind."""
    spans: dict[str, float] = {}
    for segment in segments:
        spans[segment.label] = spans.get(segment.label, 0.0) + segment.end_s - segment.start_s
    if len(spans) < 2:
        return ""
    parts = ", ".join(f"{display_name(label)} for {length:.1f} s" for label, length in spans.items())
    return f"The clip changes on the way ({parts}), so no single verdict fits all of it: see its segments."


def weak_reason(probabilities: Floats, labels: tuple[str, ...], *, accepted: bool) -> str:
    """Why the most probable class is no verdict, one sentence; `accepted` if it is one but for its windows."""
    best, share = display_name(labels[int(probabilities.argmax())]), probabilities.max()
    fault = "most of the clip does not bear it out" if accepted else "does not pass the threshold for this quality"
    return f"The evidence is too weak: the most probable class, {best}, has {share:.0%} and {fault}."
