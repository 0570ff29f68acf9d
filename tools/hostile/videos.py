"""Videos that are damaged, and files that are no videos but call themselves so."""

import gzip
import io
import os
import pickle
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emo_core.files.formats import VIDEO_SUFFIXES
from emo_core.files.quiet import native_messages_dropped
from emo_core.inference.pipeline import analyze
from emo_core.model.bundle import Bundle
from emo_core.video.reader import open_video
from tests import sample
from tests.encoding import encode
from tools.hostile.apart import OutsideError
from tools.hostile.damage import Numbers, damaged

CONTAINERS: Mapping[str, tuple[str, str, Sequence[bytes]]] = {
    "mp4": ("libx264", "yuv420p", (b"mvhd", b"tkhd", b"mdhd", b"stts", b"stsz", b"stsc", b"stco", b"avc1", b"avcC",
                                   b"elst", b"moov", b"mdat", b"dref", b"stsd")),
    "mov": ("mjpeg", "yuvj420p", (b"mvhd", b"tkhd", b"mdhd", b"stts", b"stsz", b"stsc", b"jpeg", b"moov", b"stsd")),
    "mkv": ("libx265", "yuv420p", (b"\x2a\xd7\xb1", b"\x44\x89", b"\xb0", b"\xba", b"\xe7", b"\xa3", b"\x23\xe3\x83",
                                   b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x63\xa2", b"\x86")),
    "webm": ("libvpx", "yuv420p", (b"\x2a\xd7\xb1", b"\x44\x89", b"\xb0", b"\xba", b"\xe7", b"\xa3", b"\x9d\x01\x2a",
                                   b"\x1f\x43\xb6\x75")),
    "avi": ("mpeg4", "yuv420p", (b"avih", b"strh", b"strf", b"idx1", b"movi", b"LIST", b"00dc", b"FMP4")),
    "gif": ("gif", "rgb8", (b"GIF89a", b"\x21\xf9\x04", b"\x2c", b"NETSCAPE2.0")),
    "ts": ("mpeg2video", "yuv420p", (b"\x47", b"\x00\x00\x01\xe0", b"\x00\x00\x01\xb3", b"\x00\x00\x01\x00")),
    "flv": ("flv", "yuv420p", (b"FLV", b"onMetaData", b"duration", b"width", b"\x09\x00")),
}  # fmt: skip
"""File name ending → codec, pixel format and the bytes behind which numbers stand."""

_MOST_ANALYZED_S = 20.0  # a copy behind the other makes whole, long videos, whose analysis takes as long as they are
_RATE_HZ = 10.0
_FRAMES = 16
_LAUGHTER_S = 13.0  # where a face laughs in the sample
_CANARY = "canary.mp4"


@dataclass(frozen=True, slots=True)
class Videos:
    """What the cases are made from.

    Attributes:
        folder: holds the canary, a whole video that no other file may pull in.
        whole: file name ending → content of a small, whole video with a face.
        port: of this machine; whoever connects to it was sent there by a file.
        bundle: model that judges what can be read.
    """

    folder: Path
    whole: Mapping[str, bytes]
    port: int
    bundle: Bundle


def prepare(folder: Path, port: int, bundle: Bundle) -> Videos:
    """Encode the whole videos into a folder."""
    with open_video(sample.PATH, max_side_px=256) as reader:
        frames = [
            frame.copy()
            for clip in reader.clips(_RATE_HZ)
            for frame, time_s in zip(clip.frames, clip.timestamps_s, strict=True)
            if time_s >= _LAUGHTER_S
        ][:_FRAMES]
    whole = {}
    for ending, (codec, pixels, _) in CONTAINERS.items():
        quiet = {"x265-params": "log-level=none:pools=none"} if codec == "libx265" else {}
        path = encode(folder / f"whole.{ending}", frames, rate=10, codec=codec, pixels=pixels, options=quiet)
        whole[ending] = path.read_bytes()
    (folder / _CANARY).write_bytes(whole["mp4"])
    return Videos(folder, whole, port, bundle)


def mutant(videos: Videos, ending: str, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """A damaged video in `folder`: what was done to it, and reading it; every eighth is analyzed."""
    what, content = damaged(videos.whole[ending], rng, CONTAINERS[ending][2])
    if rng.random() < 0.2:
        more, content = damaged(content + bytes(16), rng, CONTAINERS[ending][2])
        what = f"{what}; {more}"
    path = folder / f"mutant.{ending}"
    path.write_bytes(content)
    if rng.random() < 0.125:
        return what, lambda: _analyze(path, videos.bundle)
    return what, lambda: _read(path)


def pretender(videos: Videos, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """A file in `folder` that is no video, with the name of one: what it is, and reading it."""
    made = _texts(videos) | _bytes(videos, rng)
    what = sorted(made)[int(rng.integers(len(made)))]
    endings = (*VIDEO_SUFFIXES, ".m3u8", ".svg", ".sdp", ".ffconcat", ".mpd", ".png", "")
    path = folder / f"pretender{endings[int(rng.integers(len(endings)))]}"
    path.write_bytes(made[what])

    def read() -> None:
        _read(path)
        if what in _texts(videos):
            raise OutsideError(f"{what} was read as a video")

    return f"{what} as {path.name}", read


def was_asked(listener: socket.socket) -> bool:
    """Whether somebody has connected since the last time."""
    listener.setblocking(False)
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True


def _read(path: Path) -> None:
    with open_video(path) as reader:
        for _ in reader.clips(_RATE_HZ):
            pass
        reader.info()


def _analyze(path: Path, bundle: Bundle) -> None:
    with native_messages_dropped():
        analyze(path, bundle, part=(0.0, _MOST_ANALYZED_S))


def _texts(videos: Videos) -> dict[str, bytes]:
    """Files of text that name others: the canary, the port, files of the system."""
    own, web = f"file://{videos.folder}/{_CANARY}", f"http://127.0.0.1:{videos.port}/a.mp4"
    found: dict[str, str] = {}
    targets = {
        "a file": own, "a path": f"{videos.folder}/{_CANARY}", "a neighbor": f"../{_CANARY}", "an address": web,
        "part of a file": f"subfile,,start,0,end,0,,:{own}", "joined files": f"concat:{own}|{own}",
        "the passwords": "file:///etc/passwd", "a filter": "lavfi:testsrc", "data": "data:video/mp4;base64,AAAA",
    }  # fmt: skip
    for name, target in targets.items():
        head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
        found |= {
            f"a playlist of {name}": f"{head}#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
            f"a playlist with a key of {name}": f'{head}#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:2,\na\n',
            f"a list to join of {name}": f"ffconcat version 1.0\nfile '{target}'\n",
            f"a manifest of DASH for {name}": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
            'type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4">'
            f'<Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet>'
            "</Period></MPD>",
            f"a picture with {name} in it": f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image '
            f'href="{target}"/><script>alert(1)</script></svg>',
            f"a redirection to {name}": f"[Reference]\nRef1={target}\n",
        }
    found |= {
        "a session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {videos.port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "entities without end": '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9))
        + "]><svg>&j;</svg>",
        "an entity of a file": '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        "a page": f'<!doctype html><video src="{own}" autoplay></video><script src="{web}"></script>',
        "subtitles": "1\n00:00:00,000 --> 00:00:02,000\n<script>alert(1)</script>\n",
        "a script": "#!/bin/sh\ncat /etc/passwd\n",
    }
    return {name: text.encode() for name, text in found.items()}


def _bytes(videos: Videos, rng: Numbers) -> dict[str, bytes]:
    """Archives, pictures and raw streams whose headers ask for more than there is."""
    whole, huge = videos.whole["mp4"], 2**31 - 1
    return {
        "a zip": _zipped(whole), "a tar": _tarred(whole), "a gzip": gzip.compress(whole),
        "a pickle": _Pickled().content, "zeros in a zip": _zipped(bytes(2**24)), "zeros": bytes(2**20),
        "noise": rng.bytes(2**18), "bytes of synchronization": b"G" * 2**20, "start codes": b"\0\0\x01\xe0" * 2**17,
        "sound": b"\xff\xfb" * 2**18,
        "a program": b"\x7fELF\x02\x01\x01" + rng.bytes(2**14), "a document": b"%PDF-1.7\n" + rng.bytes(2**14),
        "a huge PNG": _png(huge, huge), "a long PNG": _png(1, huge),
        "a picture without end": b"P6 1000000 1000000 255\n",
        "a raw video without end": b"YUV4MPEG2 W60000 H60000 F1000000:1 C420\n" + b"FRAME\n" * 1000,
        "a raw video without a rate": b"YUV4MPEG2 W16 H16 F0:0 C420\n" + (b"FRAME\n" + bytes(384)) * 2000,
        "a huge GIF": _gif(0xFFFF, 0xFFFF, 3), "a GIF that stands still": _gif(8, 8, 20000),
        "a large GIF that stands still": _gif(1024, 1024, 300), "boxes in boxes": _boxes(20000),
        "a box of all sizes": struct.pack(">I4sI4sQ", 12, b"ftypisom"[:4], 0x69736F6D, b"moov", 2**63),
        "a video of another kind": whole[:4] + b"free" + whole[8:], "elements in elements": _elements(20000),
        "many videos": videos.whole["ts"] * 40, "H.264 of noise": b"".join(
            b"\0\0\0\x01" + bytes([kind]) + rng.bytes(200) for kind in rng.choice([0x67, 0x68, 0x65, 0x41, 0x06], 500)
        ),
        "IVF": struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"VP80", 16383, 16383, 1, 1, huge, 0) + rng.bytes(4000),
        "a huge BMP": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, huge, huge, 1, 24, 0, 0, 0, 0, 0, 0),
        "a huge TIFF": _tiff(huge), "a WAV without end": b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(64),
    }  # fmt: skip


class _Pickled:
    """Whoever unpickles it ends the process."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[int]]:
        return os._exit, (99,)

    @property
    def content(self) -> bytes:
        return pickle.dumps(self)


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mp4", content)
    return buffer.getvalue()


def _tarred(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.mp4")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(2**20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _gif(width: int, height: int, count: int) -> bytes:
    """Frames of one pixel on a canvas, without a delay."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x21\xf9\x04\x08\x00\x00\x00\x00\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * count + b";"


def _tiff(extent: int) -> bytes:
    entries = [(256, 4, extent), (257, 4, extent), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, extent)]
    rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + rows + bytes(4)


def _boxes(depth: int) -> bytes:
    """An mp4 whose index holds an index, and so on."""
    inner = b"".join(struct.pack(">I4s", 8 * (depth - k), b"moov" if k % 2 else b"trak") for k in range(depth))
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + inner


def _elements(depth: int) -> bytes:
    """A Matroska file of groups of unknown length, each in the one before."""
    head = b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska"
    return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * depth
