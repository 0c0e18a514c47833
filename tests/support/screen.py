"""Terminal streams that tests write to without starting a process."""

import io
from collections.abc import Callable, Mapping

from nebius_cli.system.streams import Streams


class FakeTerminal(io.RawIOBase):
    """Collects what is written to it, and calls `before` ahead of each write."""

    def __init__(self, before: Callable[[bytes], object] = len) -> None:
        super().__init__()
        self.data = b""
        self._before = before

    def write(self, data: object) -> int:
        """Store all of `data`."""
        taken = bytes(data)  # type: ignore[call-overload]
        self._before(taken)
        self.data += taken
        return len(taken)

    @property
    def text(self) -> str:
        """Everything written so far, as text."""
        return self.data.decode()


def streams_on(
    out: FakeTerminal | None = None,
    err: FakeTerminal | None = None,
    *,
    tty: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Streams:
    """Return streams that write to `Glass` objects; they are terminals unless `tty` is false."""
    environ = {"TERM": "xterm", "COLUMNS": "80", **(environ or {})}
    return Streams(None, out, err, stdout_tty=tty, stderr_tty=tty, environ=environ)
