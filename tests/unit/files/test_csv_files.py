"""CSV as people's programs write it: each spelling of a table is read alike; what is broken is named with its line."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emo_core.errors import DatasetError
from emo_core.files.csv_files import parse_csv, read_csv, to_csv

TEXT = "path,label,person\na.mp4,joy,Anna\nb.mp4,Überraschung,बेन\n"
ROWS = [("a.mp4", "joy", "Anna"), ("b.mp4", "Überraschung", "बेन")]
NEEDS = ("path", "label")

SPELLINGS = {
    "plain": TEXT.encode(),
    "byte order mark": TEXT.encode("utf-8-sig"),
    "Excel in Germany": TEXT.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"),
    "sep line": ("sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"),
    "sep line, quoted": ('"sep=;"\n' + TEXT.replace(",", ";")).encode(),
    "sep line of a sign of its own": ("SEP=^\n" + TEXT.replace(",", "^")).encode(),
    "sep tab": ("sep=\t\n" + TEXT.replace(",", "\t")).encode(),
    "Unicode text of Excel": TEXT.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.replace("बेन", "Ben").encode("utf-16-le"),
    "old Mac": TEXT.replace("\n", "\r").encode(),
    "tabs": TEXT.replace(",", "\t").encode(),
    "bars": TEXT.replace(",", "|").encode(),
    "blank columns and lines": ("\n" + TEXT.replace("\n", ",,\n") + ",,,,\n\n").encode(),
    "case and blanks": TEXT.replace("path,label,person", " Path ,LABEL , Person\u00a0")
    .replace("joy", "  joy ")
    .encode(),
    "quoted": "".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in TEXT.split("\n")[:3]
    ).encode(),
    "quoted, blanks before": TEXT.replace("joy", ' "joy"').encode(),
    "no end of the last line": TEXT.rstrip("\n").encode(),
    "index of a table program": "\n".join(f"{k or ''},{line}" for k, line in enumerate(TEXT.split("\n")[:3])).encode(),
    "name of the table first": ("Table 1\n" + TEXT).encode(),
}


@pytest.mark.parametrize("how", SPELLINGS)
def test_one_table_in_every_spelling(how, tmp_path):
    (tmp_path / "a.csv").write_bytes(SPELLINGS[how])
    read = read_csv(tmp_path / "a.csv", NEEDS, ("person",)).rows
    expected = [tuple(cell.replace("बेन", "Ben") for cell in row) for row in ROWS] if "without a mark" in how else ROWS
    assert [tuple(row.cells[name] for name in ("path", "label", "person")) for row in read] == expected


def test_lines_are_those_of_the_file():
    table = parse_csv(b'sep=,\r\n\r\npath,label,note\r\na,joy,"one\r\ntwo"\r\n\r\nb,calm,\r\n', "m.csv", NEEDS)
    assert [(row.line, row.cells["note"]) for row in table.rows] == [(4, "one\r\ntwo"), (7, "")]


BROKEN = {
    b"path,label\na.mp4,\"joy\nb.mp4,calm\n": r"m\.csv, line 2: a quotation mark is opened and not closed",
    b"path,label,person\na.mp4,joy,\"anna\nb.mp4,calm,ben\nc.mp4,calm,\"cleo\"\n": "line 2: a quotation mark",
    b"path,label,note\nz,joy,\na.mp4,joy,\"x\nb.mp4,calm,y\nc.mp4,calm,z\"\nd,joy,\n": "line 3: a quotation mark is",
    b"path,label\n\"a.mp4\nb.mp4\",calm\n": "line 2: a quotation mark is opened here",
    "path,label\na,joy\nb,Überraschung\nc,Müller\nd,joy\n".encode("windows-1252"):
        r"line 3: “Überraschung” is not UTF-8 but, it seems, Windows-1252; save it .* 1 more: line 4\.",
    b"path,label\na,\x81\x8d\n": "line 2: this is not UTF-8 text but in another encoding",
    b"path,label\na,joy\nb," + b"x" * 200_000 + b"\n": r"line 3: a cell has more than 131,072 letters",
    b"path,label\na,joy,x,y\nb,joy\nc,joy,z\n": "line 2: there are 4 cells for 2 columns.* 1 more: line 4",
    b"path,label\na,jo\0y\n": "holds zero bytes",
    b"": r"needs columns path and label in its first line, and it is empty",
    b"file,class\na,b\n": "it begins with “file class”",
    b"path,label,Label\na,b,c\n": "two columns label",
    b"PK\x03\x04rest": "is a workbook of a spreadsheet program",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n": "run “git lfs pull”",
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_what_is_broken_is_named_with_its_line(content):
    with pytest.raises(DatasetError, match=BROKEN[content]):
        parse_csv(content, "m.csv", NEEDS)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(
        DatasetError, match=r"There is no file a\.csv: give the path of a CSV file with columns path and"
    ):
        read_csv(tmp_path / "a.csv", NEEDS)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_csv(tmp_path, NEEDS)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_csv(tmp_path / ("x" * 5000), NEEDS)


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12).map(str.strip)


@example([("a\u2028b.mp4", "joy")])
@example([("a.mp4", "joy\u2029fear")])
@given(st.lists(st.tuples(CELLS, CELLS.filter(lambda cell: cell.strip("\ufeff\u200b'"))), max_size=5))
def test_what_is_written_is_read_again_and_no_cell_is_a_formula(rows):
    text = to_csv(("path", "label"), rows)
    tidy = [tuple(cell.strip("\ufeff\u200b \xa0\u3000") for cell in row) for row in rows]
    read = [(row.cells["path"], row.cells["label"]) for row in parse_csv(text.encode(), "m.csv", NEEDS).rows]
    assert read == tidy
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        for cell in row:
            assert not cell.startswith(("=", "@", "+", "-")) or cell[1:].replace(".", "").isdecimal()


def test_numbers_stay_numbers_and_formulas_do_not():
    cells = ["-0.5", "+3", "-1e-7", "=1", "-a", "@x", "+1+1", "\tx", -2, 0.25, ""]
    assert to_csv(["a"] * 11, [cells]).splitlines()[1] == "-0.5,+3,-1e-7,'=1,'-a,'@x,'+1+1,'\tx,-2,0.25,"


@given(st.sampled_from(sorted(SPELLINGS)), st.integers(0, 400), st.binary(max_size=6), st.integers(0, 6))
def test_damage_is_read_or_told_and_never_anything_else(how, place, what, cut):
    content = SPELLINGS[how]
    damaged = content[:place] + what + content[place + cut :]
    error, rows = outcome(damaged)
    assert error.startswith("m.csv") or all({"path", "label"} <= set(row.cells) for row in rows)
    assert "\n" not in error


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(content):
    error, rows = outcome(content)
    assert error.startswith("m.csv") or rows is not None


def outcome(content):
    """What is told, or the rows."""
    try:
        return "", parse_csv(content, "m.csv", NEEDS).rows
    except DatasetError as error:
        return str(error), None
