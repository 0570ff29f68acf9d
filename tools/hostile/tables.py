"""Manifests, maps of labels and tables of studies as somebody means them ill."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from emo_core.datasets.clips import count_skipped, is_dataset, read_dataset
from emo_core.datasets.corpora import read_map
from emo_core.studies.clips import find_clips
from tools.hostile.apart import OutsideError
from tools.hostile.damage import Numbers, damaged

_CELLS = (
    "", " ", "\0", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/a.mp4", "~/a.mp4",
    "clips/../clips/a.mp4", "clips\\a.mp4", ".", "..", "clips", "C:\\a.mp4", "a" * 200_000, "ä" * 300, "nan", "inf",
    "-1", "1e999", "9" * 5000, "0x10", "1_000", "\u202egpm", "\ud7ff\U0010ffff", "=1+1", "@SUM(A1)", "+1", "-1+1",
    "\t=1", '"', '""', "a\nb", "a\r\nb,c", "'", "<script>alert(1)</script>", "$(id)", "`id`", "%s%n", "{0}", "{{7*7}}",
    "unsure", "a" * 61, "CON", "NUL.mp4", "*", "?", "[", "\ufeff", "\u200b", "\x1b[31m", "/" * 5000, "../" * 2000,
    "a/" * 3000,
)  # fmt: skip
"""What a cell may hold."""

_TABLES: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "manifest": (
        "path,label,person,session\nclips/a.mp4,joy_fear,anna,1\nclips/b.mp4,other,ben,2\nclips/c.mp4,other,,\n",
        lambda folder: _read_folder(folder, "manifest.csv"),
    ),
    "segments": (
        "path,label,start_s,end_s,person,is_gif\nclips/a.mp4,joy_fear,0,1.5,anna,1\nclips/b.mp4,other,1,2,ben,0\n",
        lambda folder: _read_folder(folder, "segments.csv"),
    ),
    "study": (
        "path,participant,condition,session,start_s,end_s,mark_s\nclips/a.mp4,p1,film,1,0,2,1\nclips/b.mp4,p2,rest,1,,,\n",
        lambda folder: _inside(folder, [clip.path for clip in find_clips([folder / "study.csv"])]),
    ),
    "map": (
        "label,class\nhappy,joy_fear\nsad,sadness_fear\nneutral,other\n",
        lambda folder: read_map(folder / "map.csv"),
    ),
}
"""Kind → a whole table, and reading it from ``<kind>.csv`` in a folder."""

KINDS = tuple(_TABLES)


def table(kind: str, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """A table in `folder` with clips beside it: what was done to it, and reading it."""
    text, read = _TABLES[kind]
    (folder / "clips").mkdir()
    for name in "abc":
        (folder / "clips" / f"{name}.mp4").write_bytes(b"clip")
    ways = (_bytes_changed, _cell_changed, _cell_changed, _column_changed, _encoded, _no_text, _huge)
    what, content = ways[int(rng.integers(len(ways)))](text, rng)
    (folder / f"{kind}.csv").write_bytes(content)
    return what, lambda: read(folder)


def _read_folder(folder: Path, name: str) -> None:
    is_dataset(folder)
    clips = read_dataset(folder if name != "segments.csv" else folder / name)
    count_skipped(folder, clips)
    _inside(folder, [clip.path for clip in clips])


def _inside(folder: Path, paths: list[Path]) -> None:
    for path in paths:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise OutsideError(f"a table leads to {path}")


def _bytes_changed(text: str, rng: Numbers) -> tuple[str, bytes]:
    return damaged(text.encode(), rng)


def _cell_changed(text: str, rng: Numbers) -> tuple[str, bytes]:
    rows = [line.split(",") for line in text.splitlines()]
    told = []
    for _ in range(1 + int(rng.integers(3))):
        row = rows[int(rng.integers(len(rows)))]
        cell = _CELLS[int(rng.integers(len(_CELLS)))]
        row[int(rng.integers(len(row)))] = f'"{cell}"' if rng.random() < 0.3 else cell
        told.append(repr(cell[:20]))
    return f"cells {', '.join(told)}", "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


def _column_changed(text: str, rng: Numbers) -> tuple[str, bytes]:
    rows = [line.split(",") for line in text.splitlines()]
    place, way = int(rng.integers(len(rows[0]))), int(rng.integers(4))
    if way == 0:
        return "a column less", "\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows).encode()
    if way == 1:
        return "a column twice", "\n".join(",".join([*row, row[place]]) for row in rows).encode()
    if way == 2:
        return "ten thousand columns", "\n".join(",".join(row + ["x"] * 10_000) for row in rows).encode()
    return "a column called otherwise", text.replace(rows[0][place], _CELLS[int(rng.integers(len(_CELLS)))], 1).encode(
        "utf-8", "surrogatepass"
    )


def _encoded(text: str, rng: Numbers) -> tuple[str, bytes]:
    encodings = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp1252", "cp037", "shift_jis", "utf-8-sig")
    name = encodings[int(rng.integers(len(encodings)))]
    return name, damaged((text + "clips/é.mp4").encode(name, "replace"), rng)[1]


def _no_text(text: str, rng: Numbers) -> tuple[str, bytes]:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    kinds = {
        "a workbook": book.getvalue(), "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        "a page": b"<html><body><table><tr><td>path</td></tr></table></body></html>", "nothing": b"",
        "noise": rng.bytes(9000), "zeros": bytes(9000), "a record": b'[{"path": "clips/a.mp4", "label": "joy"}]',
        "a line end": b"\r\r\n\n\r",
        "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "quotes": b'"' * 9001,
    }  # fmt: skip
    what = sorted(kinds)[int(rng.integers(len(kinds)))]
    return what, kinds[what]


def _huge(text: str, rng: Numbers) -> tuple[str, bytes]:
    head, *rows = text.splitlines()
    ways = {
        "many rows": head + "\n" + (rows[0] + "\n") * 20_000, "many blank lines": text + "\n" * 500_000,
        "one row of a megabyte": f"{head}\n{rows[0]}{'x' * 2**20}\n",
        "a cell without end": f'{head}\n"{rows[0] * 9000}', "many delimiters": head + "\n" + "," * 300_000,
        "many broken rows": head + "\n" + "a,b,c,d,e,f,g,h,i\n" * 20_000,
        "many clips that are not there": head + "\n" + "".join(f"clips/{k}.mp4,joy,0,1\n" for k in range(5000)),
    }  # fmt: skip
    what = sorted(ways)[int(rng.integers(len(ways)))]
    return what, ways[what].encode()
