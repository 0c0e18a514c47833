"""Reads Parquet files in small batches, with the package pyarrow."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nebius_cli.bulk.input.parse_row import RawRow, UnreadableRow
from nebius_cli.core.errors_and_exit_codes import BadInputError, ConfigError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.core.short_text import first_line, invalid_byte

_BATCH_ROWS = 512  # rows converted to Python objects at a time
_NANOSECONDS = ("timestamp[ns", "time64[ns", "duration[ns")
# Errors for text that is not UTF-8, a year above 9999, and a map with a duplicate key.
_NO_VALUE = (ValueError, OverflowError, KeyError)


class ParquetTable:
    """A Parquet file of `count` rows, of which `done` have been read. `file` is the file if already open.

    Raises ConfigError if pyarrow is missing, BadInputError if the file is not Parquet.
    """

    def __init__(self, path: str, file: Any = None) -> None:
        try:
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        except ImportError:
            what, why = f"{path} is a Parquet file", "the package pyarrow is not installed"
            raise ConfigError(what, why, install_hint("parquet")) from None
        self.path = path
        self.done = 0
        self._damage = (pa.ArrowException, OSError, ValueError)
        try:
            # Keeps a buffer per column in memory, rather than a whole row group.
            self._file = ParquetFile(file or path, buffer_size=1 << 20, pre_buffer=False)
        except self._damage as error:
            raise BadInputError(f"cannot read {path} as Parquet", first_line(error)) from None
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.count: int = self._file.metadata.num_rows

    def rows(self, needs: Callable[[str], bool]) -> Iterator[RawRow]:
        """Yield rows with their numbers, from 1, and only the columns for which `needs` is true.

        A row with a value that Python cannot hold is an UnreadableRow. Raises BadInputError if the file is
        damaged.
        """
        names = [name for name in self.columns if needs(name)]
        if len(names) > len(set(names)):
            double = next(name for name in names if names.count(name) > 1)
            raise BadInputError(
                f"{self.path} has two columns named {double!r}", "column names must be unique"
            )
        batches = self._file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except self._damage as error:
                what = f"{self.path} is damaged or truncated"
                raise BadInputError(what, f"after row {self.done}: {first_line(error)}") from None
            if batch is None:
                return
            columns = {name: _values(batch.column(name), name) for name in names}
            for place in range(batch.num_rows):
                self.done += 1
                row = {name: values[place] for name, values in columns.items()}
                yield self.done, _row(row)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _values(column: Any, name: str) -> Sequence[Any]:
    """Return the values of a column; an UnreadableRow for each that Python cannot hold."""
    if str(column.type).startswith(_NANOSECONDS):
        return [_value(scalar, name) for scalar in column]
    try:
        values: Sequence[Any] = column.to_pylist(maps_as_pydicts="strict")
    except _NO_VALUE:
        values = [_value(scalar, name) for scalar in column]
    return values


def _value(scalar: Any, name: str) -> Any:
    kind = str(scalar.type)
    # Python has no nanoseconds. How pyarrow converts them depends on whether pandas is installed.
    if kind.startswith(_NANOSECONDS) and scalar.is_valid and scalar.value % 1000:
        if kind.startswith("duration"):
            return UnreadableRow(f"column {name!r}: {scalar.value} ns is not a whole number of microseconds")
        return scalar.cast("string").as_py()
    try:
        return _without_pandas(scalar.as_py(maps_as_pydicts="strict"))
    except UnicodeDecodeError as error:
        return UnreadableRow(f"column {name!r}: {invalid_byte(error)} is not UTF-8")
    except _NO_VALUE as error:
        return UnreadableRow(f"column {name!r}: {first_line(error)}")


def _without_pandas(value: Any) -> Any:
    """Convert a pandas time, which pyarrow returns if pandas is installed, to a Python time."""
    convert = getattr(value, "to_pydatetime", None) or getattr(value, "to_pytimedelta", None)
    return value if convert is None else convert()


def _row(row: dict[str, Any]) -> dict[str, Any] | UnreadableRow:
    for value in row.values():
        if isinstance(value, UnreadableRow):
            return value
    return row
