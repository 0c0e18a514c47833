"""Inserts a marked block into a shell's start-up file, and removes it again byte for byte.

The file is read as bytes and keeps its encoding; nothing else in it changes. A note after the start marker
records what else was done to the file (created, newline added), so that removing the block undoes that.
"""

import codecs

START_MARKER = "# >>> nbx completion >>>"
END_MARKER = "# <<< nbx completion <<<"

# The notes, in today's words first; older versions of nbx wrote the others.
_FILE_CREATED = (" file created by nbx", " this file was made for it")
_NEWLINE_ADDED = (" newline added above", " the line above had no end")


class RcBlockError(ValueError):
    """The markers were edited; the message says what is wrong."""


def insert(data: bytes | None, lines: str) -> bytes:
    """Return the file with a block of `lines`, which replaces an existing block or is appended.

    `data` is None if there is no file. Raises RcBlockError.
    """
    old = data or b""
    encoding = _encoding(old)
    if found := _find(old, encoding):
        start, end = found
        first, newline = _first_line(old[start:end], encoding)
        return old[:start] + _encoded(_block(first, lines, newline), encoding) + old[end:]
    newline = "\r\n" if "\r\n".encode(encoding) in old else "\n"
    joined = bool(old) and not old.endswith(newline.encode(encoding))
    first = START_MARKER + (_FILE_CREATED[0] if data is None else _NEWLINE_ADDED[0] if joined else "")
    return old + _encoded((newline if joined else "") + _block(first, lines, newline), encoding)


def remove(data: bytes) -> bytes | None:
    """Return the file without the block, None if nbx created the file and nothing else is in it.

    Raises RcBlockError.
    """
    encoding = _encoding(data)
    found = _find(data, encoding)
    if not found:
        return data
    start, end = found
    first, newline = _first_line(data[start:end], encoding)
    if first.endswith(_FILE_CREATED) and not data[:start] + data[end:]:
        return None
    # Text that was added after the block needs the newline that was added for the block.
    if first.endswith(_NEWLINE_ADDED) and end == len(data):
        start -= len(newline.encode(encoding))
    return data[:start] + data[end:]


def _block(first: str, lines: str, newline: str) -> str:
    return "".join(line + newline for line in (first, *lines.split("\n"), END_MARKER))


def _first_line(block: bytes, encoding: str) -> tuple[str, str]:
    """Return the first line of a block and its line ending."""
    line = block.decode(encoding, "replace").partition("\n")[0]
    return line.removesuffix("\r"), "\r\n" if line.endswith("\r") else "\n"


def _encoded(text: str, encoding: str) -> bytes:
    # A path need not be valid UTF-8.
    return text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")


def _encoding(data: bytes) -> str:
    """Return the encoding of a file; `>>` in Windows PowerShell writes UTF-16."""
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-8"


def _find(data: bytes, encoding: str) -> tuple[int, int] | None:
    """Return the offsets of the block and of the line after it, None without a block."""
    starts, ends = (data.count(marker.encode(encoding)) for marker in (START_MARKER, END_MARKER))
    if not starts and not ends:
        return None
    start = data.find(START_MARKER.encode(encoding))
    end = data.find("\n".encode(encoding), data.find(END_MARKER.encode(encoding)))
    if (starts, ends) != (1, 1) or not start < data.find(END_MARKER.encode(encoding)):
        raise RcBlockError(f"it must contain {START_MARKER} and {END_MARKER} once each, in this order")
    return start, len(data) if end < 0 else end + len("\n".encode(encoding))
