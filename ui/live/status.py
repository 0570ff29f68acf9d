"""How the live view fares, in words: camera, connection or server, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ui.widgets import camera

if TYPE_CHECKING:
    from emo_core.live.worker import LiveStats

RECORD_INSTEAD = "Recording a clip works without such a connection."

NO_ADDRESS = (
    "The connection for live video is blocked: your browser or network lets no UDP through, which live video needs. "
    f"Try another network or browser. {RECORD_INSTEAD}"
)
NO_RELAY = (
    "The connection failed: the relay (TURN) server of this installation did not answer. Tell whoever runs it. "
    f"{RECORD_INSTEAD}"
)
NO_PATH = (
    "The connection failed: camera and server work, but no video came from the one to the other; a firewall on the way "
    f"is the usual reason, and a TURN server the remedy (the documentation says how). {RECORD_INSTEAD}"
)
BROKEN = (
    "The connection broke: no video has come for a while. Start again; if it happens again, use another network. "
    f"{RECORD_INSTEAD}"
)


@dataclass(frozen=True, slots=True)
class Check:
    """What the browser found when the visitor pressed start.

    Attributes:
        problem: why the live view cannot start, one sentence; empty if nothing stands in its way.
        device: id of the camera that worked; empty, which is any camera, for whatever is no id.
        another: whether the visitor chose it instead of the one before.
    """

    problem: str
    device: str = ""
    another: bool = False

    @classmethod
    def from_message(cls, message: Any, *, relay_only: bool) -> "Check":
        """Take the component's message apart; it comes from outside, so anything may be in it."""
        fields = message if isinstance(message, Mapping) else {}
        found, device, counts = fields.get("camera"), fields.get("device"), fields.get("addresses")
        if found != "ok":
            return cls(camera.PROBLEMS.get(str(found), camera.PROBLEMS["failed"]))
        kinds = {str(kind) for kind, count in counts.items() if count} if isinstance(counts, Mapping) else set()
        if relay_only and "relay" not in kinds:
            return cls(NO_RELAY)
        if not kinds:
            return cls(NO_ADDRESS)
        known = device if isinstance(device, str) and len(device) <= 128 else ""
        return cls("", known, fields.get("another") is True)


def chain(stats: "LiveStats", *, failure: str, paused: bool) -> list[tuple[str, str, bool]]:
    """The links from camera to server: name, how it is, and whether that is fine.

    Args:
        stats: speed over the last seconds.
        failure: why the analysis on the server ended, if it did.
        paused: whether the visitor paused it.
    """
    carries = stats.received_hz > 0
    connection = f"brings {stats.received_hz:.0f} pictures a second" if carries else "is being made …"
    if failure:
        return [("Camera", "works", True), ("Connection", connection, carries), ("Server", failure, False)]
    analyses = stats.analysed_hz > 0
    server = (
        f"analyzes {stats.analysed_hz:.0f} a second, each within {stats.latency_ms:.0f} ms"
        if analyses
        else ("pauses" if paused else "waits for pictures")
    )
    return [("Camera", "works", True), ("Connection", connection, carries), ("Server", server, analyses)]
