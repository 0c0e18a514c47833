"""Parquet files, read row group by row group through pyarrow, which the extra `parquet` brings."""

from collections.abc import Iterator
from typing import Any

from nebius_cli.core.errors import BadInputError, ConfigError

_BATCH = 512  # rows that are Python objects at once


class ParquetTable:
    """A table in a parquet file. `done` counts the rows that were given out, of `count`.

    Raises ConfigError where pyarrow is missing, BadInputError where the file is no parquet.
    """

    def __init__(self, path: str) -> None:
        try:
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        except ImportError:
            what, hint = f"{path} is parquet", "pip install 'nebius-cli[parquet]'"
            raise ConfigError(what, "the package that reads it is not installed", hint) from None
        self.path = path
        self.done = 0
        self._damage = (pa.ArrowException, OSError, ValueError, OverflowError)  # the last: of a date
        try:
            # A buffer for each column, not a whole row group in memory.
            self._file = ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        except self._damage as error:
            raise BadInputError(f"{path} cannot be read as parquet", _first_line(error)) from None
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.count: int = self._file.metadata.num_rows

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield rows with their numbers, from 1. Raises BadInputError where the file is damaged."""
        try:
            for batch in self._file.iter_batches(_BATCH, use_threads=False):
                for row in batch.to_pylist():
                    self.done += 1
                    yield self.done, row
        except self._damage as error:
            what = f"{self.path} is damaged or cut off"
            raise BadInputError(what, f"after row {self.done}: {_first_line(error)}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
