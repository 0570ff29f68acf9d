"""Whether a file ends before its format says that it should, or goes on with another file behind it: by its own bytes.

FFmpeg reads what is there and asks no questions; for formats that write their length only into their first bytes, or
nowhere, the bytes are what tells.
"""

import os
import struct
from typing import BinaryIO

_HEAD_BYTES = 64 * 1024
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_MAX_STEPS = 4096  # parts of a file that are looked at; a hostile one may have millions


def present_share(file: BinaryIO, format_name: str) -> float | None:
    """Share of the bytes that a file says it has, in [0, 1]; None where its format does not tell.

    0 stands for an end that is missing by an unknown length.

    Args:
        file: open for reading; left at an arbitrary place.
        format_name: as FFmpeg calls it.
    """
    num_bytes = file.seek(0, os.SEEK_END)
    if format_name == "avi":
        told = _riff_bytes(file, num_bytes)
    elif format_name == "asf":
        told = _asf_bytes(_read(file, 0, _HEAD_BYTES))
    elif format_name == "flv":
        return 1.0 if _flv_ends_with_a_tag(file, num_bytes) else 0.0
    elif format_name == "gif":
        return 1.0 if _read(file, num_bytes - 32, 32).rstrip(b"\0")[-1:] == b";" else 0.0
    else:
        return None
    return min(1.0, num_bytes / told) if told else None


def is_followed_by_another(file: BinaryIO, format_name: str) -> bool:
    """Whether a second file of the same kind lies behind the first, which is all that would be read of the two."""
    num_bytes = file.seek(0, os.SEEK_END)
    if "mp4" in format_name:
        return _boxes(file, num_bytes).count(b"moov") > 1
    if "matroska" in format_name:
        return _num_ebml_headers(file, num_bytes) > 1
    if format_name == "flv":
        return _has_second_flv(file, num_bytes)
    return False


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(max(position, 0))
    return file.read(count)


def _riff_bytes(file: BinaryIO, num_bytes: int) -> int:
    """Where the last of the RIFF chunks that follow one another says that it ends; 0 where one does not say."""
    position = 0
    for _ in range(_MAX_STEPS):
        head = _read(file, position, 8)
        if position and head[:4] != b"RIFF":
            break
        size = struct.unpack("<I", head[4:])[0] if len(head) == 8 else 0
        if size in (0, 0xFFFFFFFF):  # a recorder that was switched off on the way
            return 0
        position += 8 + size + size % 2
        if position >= num_bytes:
            break
    return position - position % 2


def _asf_bytes(head: bytes) -> int:
    place = head.find(_ASF_FILE_PROPERTIES)
    return int.from_bytes(head[place + 40 : place + 48], "little") if place >= 0 else 0


def _flv_ends_with_a_tag(file: BinaryIO, num_bytes: int) -> bool:
    """Whether the last four bytes are the length of a tag that lies right before them."""
    length = int.from_bytes(_read(file, num_bytes - 4, 4), "big")
    head = _read(file, num_bytes - 4 - length, 4) if 11 <= length < num_bytes else b""
    return len(head) == 4 and head[0] & 0x1F in (8, 9, 18) and int.from_bytes(head[1:], "big") + 11 == length


def _has_second_flv(file: BinaryIO, num_bytes: int) -> bool:
    """Whether a header stands where a tag should; tags are hopped over one by one."""
    position = int.from_bytes(_read(file, 5, 4), "big") + 4
    while position + 11 < num_bytes:
        head = _read(file, position, 4)
        if head == b"FLV\x01":
            return True
        if head[0] & 0x1F not in (8, 9, 18):
            return False
        position += 15 + int.from_bytes(head[1:], "big")
    return False


def _boxes(file: BinaryIO, num_bytes: int) -> list[bytes]:
    """Types of the boxes of an mp4, in order."""
    found: list[bytes] = []
    position = 0
    while position + 8 <= num_bytes and len(found) < _MAX_STEPS:
        size, kind = struct.unpack(">I4s", _read(file, position, 8))
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
        found.append(kind)
        if size < 8:  # 0: as far as the file goes
            break
        position += size
    return found


def _num_ebml_headers(file: BinaryIO, num_bytes: int) -> int:
    """Headers of Matroska files that follow one another; where a segment does not tell its length, it is searched."""
    count = position = 0
    while position + 12 <= num_bytes and count < 2:
        head = _read(file, position, 12)
        name, size, used = int.from_bytes(head[:4], "big"), *_ebml_size(head[4:])
        if name == _EBML:
            count += 1
        if size is None and name == _SEGMENT:
            return count + _is_found_behind(file, position + 12, b"\x1a\x45\xdf\xa3")
        position += 4 + used + (size or 0)
        if name not in (_EBML, _SEGMENT):
            break
    return count


def _ebml_size(data: bytes) -> tuple[int | None, int]:
    """A size as Matroska writes it, None if it is unknown, and the bytes that it takes."""
    used = 9 - data[0].bit_length()
    value = int.from_bytes(data[:used], "big") & ((1 << 7 * used) - 1)
    return (None if value == (1 << 7 * used) - 1 else value), used


def _is_found_behind(file: BinaryIO, position: int, magic: bytes) -> bool:
    """Whether a header of Matroska, with the name of its kind, stands anywhere behind a place."""
    file.seek(position)
    before = b""
    while block := file.read(1 << 20):
        text = before + block
        place = text.find(magic)
        while place >= 0:
            if any(kind in text[place : place + 64] for kind in (b"webm", b"matroska")):
                return True
            place = text.find(magic, place + 1)
        before = text[-64:]
    return False
