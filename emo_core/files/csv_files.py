"""Tables as CSV: read as any spreadsheet program writes them, written so that none runs a cell as a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_core.errors import DatasetError, printable
from emo_core.files.formats import describe_pointer

_MOST_BYTES, _START_BYTES = 64 * 2**20, 1 << 16
_DELIMITERS = (",", ";", "\t", "|")
_BEFORE_HEADER = 5  # lines such as sep=; or the name of a table
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SAVE_AGAIN = "save it as “CSV UTF-8” and try again"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its number in the file, from 1, and its cells without blanks around them, by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns in order, and the rows that hold anything."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_csv(path: Path, needs: Sequence[str] = (), may: Sequence[str] = ()) -> Table:
    """A table from a CSV file.

    UTF-8 or UTF-16, with or without a byte order mark; parted by commas, semicolons, tabs or bars; any line ends; lines
    such as ``sep=;`` before the columns. Names of known columns may be written in any case and with blanks around.

    Args:
        path: of the file.
        needs: columns without which it is of no use.
        may: further columns that are known; others keep the names that they have in the file.

    Raises:
        DatasetError: it is missing, in another encoding, lacks a column, or a row is not as CSV asks; names the lines.
    """
    wanted = f"a CSV file with columns {' and '.join(needs)}" if needs else "a CSV file"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DatasetError(f"{_shown(path)} has more than {_MOST_BYTES >> 20} MB: give {wanted}.")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {_shown(path)}: give the path of {wanted}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{_shown(path)} cannot be read ({reason}): give {wanted} that you may open.") from error
    return parse_csv(content, _shown(path), needs, may)


def parse_csv(content: bytes, name: str, needs: Sequence[str] = (), may: Sequence[str] = ()) -> Table:
    r"""As :func:`read_csv`, from the content of a file called `name`.

    Args:
        content: of the file, in any encoding that spreadsheets write.
        name: of the file, for errors.
        needs: columns that must be there.
        may: columns that may be there.

    Example:
        >>> table = parse_csv(b"\xef\xbb\xbfPath ;label\r\na.mp4; joy\r\n", "manifest.csv", ["path", "label"])
        >>> table.columns, table.rows[0].line, dict(table.rows[0].cells)
        (('path', 'label'), 2, {'path': 'a.mp4', 'label': 'joy'})
    """
    text = _decode(content, name)
    delimiter, number, columns = _header(text, name, needs, (*needs, *may))
    rows, faults = [], []
    for start, cells in _records(text, delimiter, name):
        if start <= number or not any(cells):
            continue
        if fault := _fault(cells, columns, needs, delimiter):
            faults.append((start, fault))
        values = [*cells, *[""] * (len(columns) - len(cells))]
        rows.append(Row(start, dict(zip(columns, map(unescaped, values), strict=False))))
    check_lines(name, faults)
    return Table(columns, tuple(rows))


def has_columns(path: Path, needs: Sequence[str]) -> bool:
    """Whether a file begins as a CSV file with these columns does.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    try:
        text = start.decode(_encoding(start), "replace").removeprefix("\ufeff")
        return bool(_header(text, path.name, needs, needs))
    except DatasetError:
        return False


def check_lines(name: str, faults: Sequence[tuple[int, str]]) -> None:
    """Raise one error for the lines of a file called `name` with what is the matter with each, if there are any."""
    if not faults:
        return
    (line, text), others = faults[0], [number for number, _ in faults[1:]]
    more = (
        f" {len(others)} more: line {', '.join(map(str, others[:8]))}{' …' if len(others) > 8 else ''}."
        if others
        else ""
    )
    raise DatasetError(f"{name}, line {line}: {text}{more}")


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""CSV text of a table; text that a spreadsheet would run as a formula gets an apostrophe before it.

    Example:
        >>> to_csv(("name", "n"), [("=1+1", 0.5), ("joy", "-2.0")])
        "name,n\n'=1+1,0.5\njoy,-2.0\n"
    """
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([_escaped(value) for value in columns])
    writer.writerows([_escaped(value) for value in row] for row in rows)
    return "".join(lines)


class _Lines(list[str]):
    """What a writer writes; a StringIO takes four bytes a letter when all of it is asked for."""

    def write(self, line: str) -> None:
        self.append(line)


def _escaped(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    is_formula = value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula or _looks_escaped(value) else value


def unescaped(cell: str) -> str:
    """Text of a cell as it was before :func:`to_csv`."""
    return cell[1:] if _looks_escaped(cell) else cell


def _looks_escaped(cell: str) -> bool:
    return cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)


def _shown(path: Path) -> str:
    return printable(path.name)[-80:] or "The file"


def _decode(content: bytes, name: str) -> str:
    """Text of a file in one of the encodings that tell themselves; any other one is named, not guessed."""
    if pointer := describe_pointer(content):
        raise DatasetError(f"{name} {pointer}.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise DatasetError(f"{name} is a workbook of a spreadsheet program, no CSV file: {_SAVE_AGAIN}.")
    encoding = _encoding(content)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise DatasetError(f"{name} is not whole {encoding.upper()} text: {_SAVE_AGAIN}.") from error
        raise _wrong_encoding(content, name) from error
    if "\0" in text:
        raise DatasetError(f"{name} holds zero bytes, so it is no text: {_SAVE_AGAIN}.")
    return text


def _encoding(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
                           (b"\xfe\xff", "utf-16")):  # fmt: skip
        if content.startswith(mark):
            return encoding
    start = content[:400]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.6 * len(start) / 2:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def _wrong_encoding(content: bytes, name: str) -> DatasetError:
    """Names the lines that are not UTF-8, and Windows-1252 where it may be that."""
    faults = []
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content), start=1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            start, end = (re.split(rb"[,;\t|\"]", part)[side] for part, side in
                          ((line[: error.start], -1), (line[error.start :], 0)))  # fmt: skip
            faults.append((number, _named(start + end)))
    try:
        check_lines(name, faults)
    except DatasetError as error:
        return error
    return DatasetError(f"{name} is not UTF-8 text: {_SAVE_AGAIN}.")


def _named(cell: bytes) -> str:
    try:
        text = printable(cell.decode("windows-1252")).strip()[:60]
        return f"“{text}” is not UTF-8 but, it seems, Windows-1252; {_SAVE_AGAIN}."
    except UnicodeDecodeError:
        return f"this is not UTF-8 text but in another encoding; {_SAVE_AGAIN}."


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the first line and cells of every record."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):
                what = (
                    f"a cell has more than {csv.field_size_limit():,} letters; shorten it or close its quotation mark."
                )
            else:
                what = "a quotation mark is opened and not closed, or stands inside a quoted cell; close or double it."
            raise DatasetError(f"{name}, line {start}: {what}") from error
        yield start, [cell.strip("\ufeff\u200b \t\r\n\xa0\u3000") for cell in cells]
        start = reader.line_num + 1


def _header(text: str, name: str, needs: Sequence[str], known: Sequence[str]) -> tuple[str, int, tuple[str, ...]]:
    """Delimiter, number of the line and names of the columns."""
    told = re.match(r'"?sep=([^\w"\s]|\t)"?[;,\t]*[\r\n]', text, re.IGNORECASE)
    first = None
    for delimiter in (told[1],) if told else _DELIMITERS:
        head = "".join(io.StringIO(text, newline="").readlines()[:_BEFORE_HEADER])
        lines = [(number, cells) for number, cells in _lenient(head, delimiter) if any(cells)]
        for number, cells in lines[1 if told else 0 :]:
            names = [_folded(cell) for cell in cells]
            if set(needs) <= set(names) and (needs or len(names) > 1):
                return delimiter, number, _columns(cells, name, known)
            first = first or cells
    if needs:
        seen = "; it begins with “{}”".format(printable(" ".join(first))[:60]) if first else ", and it is empty"
        raise DatasetError(
            f"{name} needs columns {' and '.join(needs)} in its first line{seen}: name the columns there."
        )
    return ",", 1, _columns(first or [], name, known)


def _lenient(head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(io.StringIO(head, newline=""), start=1):
        with suppress(csv.Error):  # it is told where the rows are read
            yield number, [cell.strip() for cells in csv.reader([line], delimiter=delimiter) for cell in cells]


def _columns(cells: Sequence[str], name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns: known ones as we write them; those that have none are numbered."""
    columns = [_folded(cell) if _folded(cell) in known else cell or f"column {number}" for number, cell in
               enumerate((cell.strip("\ufeff\u200b \t\r\n\xa0") for cell in cells), start=1)]  # fmt: skip
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise DatasetError(f"{name} has two columns {printable(twice[0])[:60]}: rename or remove one.")
    return tuple(columns)


def _folded(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip("\ufeff\u200b \t\r\n\xa0").casefold()


def _fault(cells: Sequence[str], columns: Sequence[str], needs: Sequence[str], delimiter: str) -> str:
    """What is the matter with a row; empty if nothing is."""
    if any(cells[len(columns) :]):
        return (f"there are {len(cells)} cells for {len(columns)} columns; put text that holds “{delimiter}” into "
                "quotation marks.")  # fmt: skip
    for column, cell in zip(columns, cells, strict=False):
        lines = re.split(r"\r\n|\r|\n", cell)  # where CSV has lines: other separators of Unicode are letters like any
        if len(lines) > 1 and (column in needs or any(_like_row(line, columns, delimiter) for line in lines)):
            return "a quotation mark is opened here and closed some lines below, so a cell holds whole rows; close it."
    return ""


def _like_row(line: str, columns: Sequence[str], delimiter: str) -> bool:
    return len(columns) > 1 and line.count(delimiter) == len(columns) - 1
