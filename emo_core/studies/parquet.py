"""Parquet files that grow row by row or table by table, and the Arrow streams that they are made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pyarrow as arrow
    from pandas import DataFrame
    from pyarrow.parquet import ParquetWriter

_ROWS_TOGETHER = 20_000


class ParquetTables:
    """A Parquet file of tables of one shape, written a few thousand rows at a time; a context manager.

    Args:
        path: of the file.
        columns: text columns of the file if no table comes.
    """

    def __init__(self, path: Path, columns: Sequence[str] | Mapping[str, str]) -> None:
        self._path, self._columns = path, tuple(columns)
        self._writer: ParquetWriter | None = None
        self._waiting: list[arrow.Table] = []
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        import pyarrow as arrow

        if not any(error) and self._writer is None and not self._waiting:
            self._waiting = [arrow.table({name: arrow.array([], arrow.string()) for name in self._columns})]
        if not any(error):
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def write(self, table: "arrow.Table") -> None:
        """Add the rows of a table."""
        self._waiting.append(table)
        self._count += len(table)
        if self._count >= _ROWS_TOGETHER:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as arrow
        from pyarrow.parquet import ParquetWriter

        if not self._waiting:
            return
        whole = arrow.concat_tables(self._waiting).unify_dictionaries()
        if self._writer is None:
            self._writer = ParquetWriter(self._path, whole.schema, compression="zstd")
        self._writer.write_table(whole)
        self._waiting, self._count = [], 0


class ParquetRows(ParquetTables):
    """A Parquet file of rows.

    Args:
        path: of the file.
        columns: name → ``text``, ``number``, ``count`` or ``truth``.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        super().__init__(path, columns)
        self._kinds = columns

    def write_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; what a row does not have is empty."""
        import pyarrow as arrow

        kinds = {"text": arrow.string(), "number": arrow.float64(), "count": arrow.int64(), "truth": arrow.bool_()}
        schema = arrow.schema([(name, kinds[kind]) for name, kind in self._kinds.items()])
        self.write(arrow.Table.from_pylist([dict(row) for row in rows], schema))


def to_ipc(table: "DataFrame") -> bytes:
    """A table as an Arrow IPC stream."""
    import pyarrow as arrow

    sink = arrow.BufferOutputStream()
    whole = arrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    options = arrow.ipc.IpcWriteOptions(compression="zstd")
    with arrow.ipc.new_stream(sink, whole.schema, options=options) as writer:
        writer.write_table(whole)
    return bytes(sink.getvalue())


def from_ipc(content: bytes) -> "arrow.Table":
    """The table in an Arrow IPC stream."""
    import pyarrow as arrow

    with arrow.ipc.open_stream(content) as reader:
        return reader.read_all()


def behind(identity: Mapping[str, str], table: "arrow.Table") -> "arrow.Table":
    """The table behind columns that have one text each."""
    import pyarrow as arrow

    for place, (name, value) in enumerate(identity.items()):
        column = arrow.array([value] * len(table), arrow.string()).dictionary_encode()
        table = table.add_column(place, arrow.field(name, column.type), column)
    return table
