"""Reads Parquet files in small batches, with pyarrow from the extra `parquet`."""

from collections.abc import Iterator
from typing import Any

from nebius_cli.core.errors import BadInputError, ConfigError

_BATCH_ROWS = 512  # rows converted to Python objects at a time


class ParquetTable:
    """A Parquet file of `count` rows, of which `done` have been read.

    Raises ConfigError if pyarrow is missing, BadInputError if the file is not Parquet.
    """

    def __init__(self, path: str) -> None:
        try:
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        except ImportError:
            what, hint = f"{path} is parquet", "pip install 'nebius-cli[parquet]'"
            raise ConfigError(what, "the package to read it is not installed", hint) from None
        self.path = path
        self.done = 0
        self._damage = (pa.ArrowException, OSError, ValueError, OverflowError)  # the last: a bad date
        try:
            # A buffer per column, rather than a whole row group in memory.
            self._file = ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        except self._damage as error:
            raise BadInputError(f"{path} cannot be read as parquet", _first_line(error)) from None
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.count: int = self._file.metadata.num_rows

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield rows with their numbers, from 1. Raises BadInputError if the file is damaged."""
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    self.done += 1
                    yield self.done, row
        except self._damage as error:
            what = f"{self.path} is damaged or truncated"
            raise BadInputError(what, f"after row {self.done}: {_first_line(error)}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
