"""A rich console that writes where nbx says, and takes nothing it is given for markup."""

from typing import Any

from rich.console import Console, ConsoleDimensions

from nebius_cli.system.streams import Streams, TextSink
from nebius_cli.terminal.capabilities import Write


class _Console(Console):
    """A console as large as the terminal is now, also after its window has changed."""

    def __init__(self, streams: Streams, **settings: Any) -> None:
        self._streams = streams
        super().__init__(**settings)

    @property  # type: ignore[misc]  # rich's can be set, too; nobody sets this one
    def size(self) -> ConsoleDimensions:
        """Columns and rows."""
        return ConsoleDimensions(self._streams.width, self._streams.height)

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - rich's signature
        """Leave the cursor alone: hidden, it would stay so after Ctrl-Z or a kill."""
        del show
        return False


def console_on(write: Write, streams: Streams, *, color: bool) -> Console:
    """Return a console of the terminal's size that writes through `write`."""
    return _Console(
        streams,
        file=TextSink(write, lambda: True),
        force_terminal=True,
        color_system="standard" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=not color,
        legacy_windows=False,
    )
