"""Many small pieces → a file that appears when all of them are there, or stdout."""

import contextlib
from collections.abc import Callable, Iterator

from nebius_cli.core.errors import OutputError
from nebius_cli.system.files import OutputFile

Write = Callable[[bytes], None]

AT_ONCE = 1 << 18  # bytes that are gathered before they are written


@contextlib.contextmanager
def to_file(path: str) -> Iterator[Write]:
    """Give what writes to `path`; at the end of the block it is replaced in one step, or left as it was.

    Raises OutputError.
    """
    output = OutputFile(path)
    try:
        with to(output.write) as write:
            yield write
        output.finish()
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            if (left := output.abandon()) is not None:
                left.unlink()
        raise


@contextlib.contextmanager
def to(put: Write) -> Iterator[Write]:
    """Give what gathers small pieces for `put`."""
    waiting: list[bytes] = []
    size = 0

    def write(piece: bytes) -> None:
        nonlocal size
        waiting.append(piece)
        size += len(piece)
        if size >= AT_ONCE:
            put(b"".join(waiting))
            waiting.clear()
            size = 0

    yield write
    if waiting:
        put(b"".join(waiting))
