"""A marked block in a shell's start-up file, put in and taken out again without a trace.

The file is bytes, in whatever encoding its owner keeps it; only the block is ours. What its first line ends
with says what was done to the file besides, so that taking the block out undoes that too.
"""

import codecs

START_MARKER = "# >>> nbx completion >>>"
END_MARKER = "# <<< nbx completion <<<"

_FILE_CREATED = " this file was made for it"
_NEWLINE_ADDED = " the line above had no end"


class RcBlockError(ValueError):
    """The markers are not as they were written; the text says how."""


def insert(data: bytes | None, lines: str) -> bytes:
    """Return the file with a block of `lines`: in the place of the one it has, else at the end.

    `data` is None where there is no file. Raises RcFileError.
    """
    old = data or b""
    encoding = _encoding(old)
    if found := _find(old, encoding):
        start, end = found
        first, newline = _first_line(old[start:end], encoding)
        return old[:start] + _encoded(_block(first, lines, newline), encoding) + old[end:]
    newline = "\r\n" if "\r\n".encode(encoding) in old else "\n"
    joined = bool(old) and not old.endswith(newline.encode(encoding))
    first = START_MARKER + (_FILE_CREATED if data is None else _NEWLINE_ADDED if joined else "")
    return old + _encoded((newline if joined else "") + _block(first, lines, newline), encoding)


def remove(data: bytes) -> bytes | None:
    """Return the file without the block, None where the file was made for it and holds nothing else.

    Raises RcFileError.
    """
    encoding = _encoding(data)
    found = _find(data, encoding)
    if not found:
        return data
    start, end = found
    first, newline = _first_line(data[start:end], encoding)
    if first.endswith(_FILE_CREATED) and not data[:start] + data[end:]:
        return None
    # What was added behind the block since then needs the end of line that the block needed.
    if first.endswith(_NEWLINE_ADDED) and end == len(data):
        start -= len(newline.encode(encoding))
    return data[:start] + data[end:]


def _block(first: str, lines: str, newline: str) -> str:
    return "".join(line + newline for line in (first, *lines.split("\n"), END_MARKER))


def _first_line(block: bytes, encoding: str) -> tuple[str, str]:
    """Return the first line of a block and how it ends, which the whole file may have hidden since."""
    line = block.decode(encoding, "replace").partition("\n")[0]
    return line.removesuffix("\r"), "\r\n" if line.endswith("\r") else "\n"


def _encoded(text: str, encoding: str) -> bytes:
    # A path need not be text.
    return text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")


def _encoding(data: bytes) -> str:
    """Return the encoding of a file; Windows PowerShell's >> makes UTF-16."""
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-8"


def _find(data: bytes, encoding: str) -> tuple[int, int] | None:
    """Return where the block begins, and where the line after it does."""
    starts, ends = (data.count(marker.encode(encoding)) for marker in (START_MARKER, END_MARKER))
    if not starts and not ends:
        return None
    start = data.find(START_MARKER.encode(encoding))
    end = data.find("\n".encode(encoding), data.find(END_MARKER.encode(encoding)))
    if (starts, ends) != (1, 1) or not start < data.find(END_MARKER.encode(encoding)):
        raise RcBlockError(f"it should hold {START_MARKER} and {END_MARKER} once each, in this order")
    return start, len(data) if end < 0 else end + len("\n".encode(encoding))
