"""Writes rows to a Parquet file as they arrive, one row group at a time, with pyarrow."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from nebius_cli.bulk.export.choice_rows import COST_DECIMALS, COST_DIGITS, Row, flat_size_of, size_of
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.optional_packages import install_hint

MAX_GROUP_ROWS = 10_000
MAX_GROUP_BYTES = 16 << 20  # of rows in memory, before they are written as a row group


class ParquetFile:
    """A Parquet file of `choice_rows`; `write` gets its bytes, in order. Leaving the context finishes it.

    `make_schema` gets the module pyarrow and returns the schema of other rows, which hold only texts and
    numbers. Raises ConfigError if pyarrow is missing.
    """

    def __init__(
        self, write: Callable[[bytes], object], make_schema: Callable[[Any], Any] | None = None
    ) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            why = "the package pyarrow is not installed"
            raise ConfigError("cannot write Parquet", why, install_hint("parquet")) from None
        self._table = pa.Table
        self._schema = (make_schema or schema)(pa)
        self._size_of = flat_size_of if make_schema else size_of
        self._sink = _Sink(write)
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._rows: list[Row] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        else:
            self._sink.dropped = True  # closing would write the footer of an unwanted file
        self._writer.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for row in rows:
            self._rows.append(row)
            self._bytes += self._size_of(row)
            if len(self._rows) >= MAX_GROUP_ROWS or self._bytes >= MAX_GROUP_BYTES:
                self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._table.from_pylist(self._rows, self._schema))
        self._rows, self._bytes = [], 0


def schema(pa: Any) -> Any:
    """Return the columns of `choice_rows`; `pa` is pyarrow."""
    token = [("token", pa.string()), ("bytes", pa.binary()), ("logprob", pa.float64())]
    usage = [("prompt_tokens", pa.int64()), ("completion_tokens", pa.int64())]
    error = [("exit", pa.int64()), ("status", pa.int64()), ("message", pa.string())]
    return pa.schema(
        [
            ("id", pa.string()),
            ("index", pa.int64()),
            ("choice", pa.int64()),
            ("prompt", pa.string()),
            ("prompt_token_ids", pa.list_(pa.int64())),
            ("text", pa.string()),
            ("finish_reason", pa.string()),
            ("error", pa.struct(error)),
            ("model", pa.string()),
            ("usage", pa.struct(usage)),
            ("cost", pa.decimal128(COST_DIGITS, COST_DECIMALS)),
            ("attempts", pa.int64()),
            ("latency_s", pa.float64()),
            ("logprobs", pa.list_(pa.struct([*token, ("top", pa.list_(pa.struct(token)))]))),
        ]
    )


class _Sink:
    """The file object that pyarrow writes to. It only appends, so it can write to stdout and pipes, too."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._position = 0
        self.closed = False
        self.dropped = False

    def write(self, data: Any) -> int:
        """Append bytes, unless the file was abandoned."""
        piece = bytes(data)
        if not self.dropped:
            self._write(piece)
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self._position

    def flush(self) -> None:
        """Do nothing: the bytes are passed on at once."""

    def close(self) -> None:
        """Do nothing: the owner of `write` finishes the file."""
        self.closed = True
