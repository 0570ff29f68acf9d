"""The clips of a visit: each a file, that of the visitor in a temporary folder which goes with the last use of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

from emo_core.files import scratch
from ui.serve import on_disk


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A clip to analyse.

    Attributes:
        name: for the visitor.
        path: of its file. What the visitor brought lies in a temporary folder (see :func:`brought`), which goes with
            the last source in it.
        is_kept: whether the clip is still there; an old one makes room for newer ones.
    """

    name: str
    path: Path
    is_kept: bool = True
    _held: object = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_held", scratch.lasting_around(self.path) if self.is_kept else None)

    @property
    def mime(self) -> str:
        """Media type that lets a browser try to play it."""
        kinds = {"webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo"}
        return kinds.get(Path(self.name).suffix.lower().lstrip("."), "video/mp4")

    @property
    def content(self) -> bytes:
        """What a player or a download of Streamlit is given; a large clip stays on the disk.

        Raises:
            OSError: it cannot be read.
        """
        return on_disk.media(self.path)

    @property
    def is_own(self) -> bool:
        """Whether the visitor brought it, and it goes with the visit."""
        return self._held is not None


def brought(name: str, content: bytes) -> Source:
    """A clip that the visitor brought.

    Raises:
        OSError: the disk takes no more.
    """
    place = scratch.Lasting()
    (place.path / "clip").write_bytes(content)
    return Source(name, place.path / "clip")


def uploaded(upload: Any) -> Source:
    """What an uploader of Streamlit took, which lies on the disk as long as the uploader or this source has it.

    Raises:
        OSError: the disk takes no more.
    """
    context = get_script_run_ctx()
    records = context.uploaded_file_mgr.get_files(context.session_id, [upload.file_id]) if context else []
    for record in records:
        if isinstance(record.data, on_disk.OnDisk):
            return Source(upload.name, record.data.path)
    return brought(upload.name, upload.getvalue())  # of a page without a server around it
