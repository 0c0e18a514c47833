"""Reads a file or standard input in blocks, decompresses it, decodes it to UTF-8 and splits it into lines."""

import codecs
import gzip
import io
import os
import select
import shlex
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nebius_cli.core.errors_and_exit_codes import BadInputError, ConfigError, UsageError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.request.read_prompt import DecodeOptions
from nebius_cli.system.read_and_replace_files import version_of
from nebius_cli.system.streams import Readable

BLOCK_BYTES = 1 << 18
MAX_LINE_BYTES = 64 << 20
MAX_SKIPPED_BYTES = 256 << 20  # of a line that is too long; after that, reading stops with an error
MAX_WINDOW_BYTES = 128 << 20  # the default limit of zstd decompressors

_NOT_COMPRESSED = ("Not a gzipped file", "Unknown frame descriptor")
_BROKEN = (OSError, EOFError)  # errors of damaged files, compressed or not


class ByteSource(io.RawIOBase):
    """A file, or standard input for `-`, that counts the bytes read; `file` is read instead if given.

    `size` is None if unknown; `regular` tells whether it is a regular file. Raises UsageError if it cannot
    be opened.
    """

    def __init__(self, path: str, stdin: Readable | None, file: Readable | None = None) -> None:
        super().__init__()
        self.name = "stdin" if path == "-" else path
        self.position = 0
        self._file: Readable
        self._own: io.FileIO | None = None
        if path == "-" and file is None:
            if stdin is None:
                raise UsageError("nothing to read", "stdin is closed")
            file = stdin
        if file is not None:
            self._file, self.regular, self.size = file, False, None
            return
        try:
            self._file = self._own = io.FileIO(path)
            state = os.fstat(self._own.fileno())
        except OSError as error:
            raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None
        self.regular = stat.S_ISREG(state.st_mode)
        self.size = state.st_size if self.regular else None

    @property
    def version(self) -> tuple[int, ...]:
        """A value that changes when the file is replaced, removed or written to; empty for standard input."""
        if self._own is None:
            return ()
        try:
            return version_of(Path(self.name).stat() if self._own.closed else os.fstat(self._own.fileno()))
        except OSError:
            return ()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read the bytes available."""
        while (data := self._file.read(len(buffer))) is None:  # another process made the pipe non-blocking
            select.select([self._file], [], [])
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._own is not None:
            self._own.close()
        super().close()


def blocks(source: ByteSource, compression: str, reading: DecodeOptions) -> Iterator[bytes]:
    """Yield the content as UTF-8, in blocks.

    Strict UTF-8 is passed through unchecked; invalid bytes are reported later, with their line. Raises
    BadInputError for a damaged file or one in another encoding, ConfigError for a missing package.
    """
    content = _decompressed(source, compression)
    if reading.encoding == "utf-8" and not reading.replace_invalid:
        return content
    return _in_utf8(content, source, reading)


def lines(content: Iterable[bytes], ending: bytes) -> Iterator[bytes | int]:
    """Yield the lines without their ending; a line above MAX_LINE_BYTES is replaced by its length.

    A byte order mark at the beginning is dropped. Memory: one line and one block. Raises BadInputError for a
    line that does not end, as from /dev/zero.
    """
    start, held, size = codecs.BOM_UTF8, [b""], 0
    for block in content:
        first, *others = block.split(ending)
        held.append(first)
        size += len(first)
        if others:
            yield b"".join(held).removeprefix(start) if size <= MAX_LINE_BYTES else size
            yield from others[:-1]
            start, held, size = b"", others[-1:], len(others[-1])
        elif size > MAX_SKIPPED_BYTES:
            what = f"a line of the input is longer than {MAX_SKIPPED_BYTES >> 20} MiB"
            raise BadInputError(what, "perhaps the input is not text", "set --format NAME")
        elif size > MAX_LINE_BYTES:
            held.clear()
    last = b"".join(held).removeprefix(start) if size <= MAX_LINE_BYTES else size
    if last:
        yield last


def _decompressed(source: ByteSource, compression: str) -> Iterator[bytes]:
    stream, damage = _open(source, compression)
    begun = False
    try:
        while block := stream.read(BLOCK_BYTES):
            begun = True
            yield block
    except damage as error:
        raise _unreadable(source, compression, error, begun=begun) from None
    if compression and not source.position:
        raise BadInputError(f"{source.name} is damaged or truncated", "it is empty")


def _unreadable(source: ByteSource, compression: str, error: Exception, *, begun: bool) -> BadInputError:
    name, where = source.name, f"after byte {source.position}"
    if not compression:
        return BadInputError(f"cannot read {name}", f"{getattr(error, 'strerror', None) or error} {where}")
    if not begun and any(text in str(error) for text in _NOT_COMPRESSED):
        return BadInputError(
            f"{name} is not compressed", f"its name ends in .{compression}", "rename the file"
        )
    if "too much memory" in str(error):  # the message of zstd for a window above its default maximum
        what = f"{name} takes more memory to decompress than the limit of {MAX_WINDOW_BYTES >> 20} MiB"
        hint = f"zstd -dc --long=31 {shlex.quote(name)} | nbx bulk - --format jsonl"
        return BadInputError(what, "it was compressed with a larger window", hint)
    return BadInputError(f"{name} is damaged or truncated", f"{error}, {where}")


def _open(source: ByteSource, compression: str) -> tuple[BinaryIO | ByteSource, tuple[type[Exception], ...]]:
    """Return a stream of the content, and the errors that it raises if the file is damaged."""
    if compression == "gz":
        return gzip.GzipFile(fileobj=io.BufferedReader(source, BLOCK_BYTES)), (*_BROKEN, zlib.error)  # type: ignore[return-value]
    if compression == "zst":
        try:
            if sys.version_info >= (3, 14):
                from compression import zstd
            else:
                from backports import zstd
        except ImportError:
            what = f"{source.name} is compressed with zstd"
            why = "the package backports.zstd is not installed"
            raise ConfigError(what, why, install_hint("zstd")) from None
        return zstd.ZstdFile(io.BufferedReader(source, BLOCK_BYTES)), (*_BROKEN, zstd.ZstdError)  # type: ignore[return-value]
    return source, _BROKEN


def _in_utf8(content: Iterable[bytes], source: ByteSource, reading: DecodeOptions) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(reading.encoding)(
        "replace" if reading.replace_invalid else "strict"
    )
    try:
        for block in content:
            # Some encodings allow lone surrogates; they are reported with their line.
            yield decoder.decode(block).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeError as error:
        what = f"{source.name} is not valid {reading.encoding.upper()}"
        why = f"{error}, before byte {source.position}"
        raise BadInputError(what, why, "set --encoding NAME or --invalid replace") from None
