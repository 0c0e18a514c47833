"""Creates the rich console that draws tables, progress bars, the spinner and live blocks on a terminal."""

from typing import Any

from rich.console import Console, ConsoleDimensions

from nebius_cli.system.streams import Streams, TextWriter, Write


class _Console(Console):
    """A console that always has the current size of the terminal, even after the window was resized."""

    def __init__(self, streams: Streams, **settings: Any) -> None:
        self._streams = streams
        super().__init__(**settings)

    @property  # type: ignore[misc]  # rich also has a setter, which nbx does not use
    def size(self) -> ConsoleDimensions:
        """Columns and rows."""
        return ConsoleDimensions(self._streams.width, self._streams.height)

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - rich's signature
        """Do nothing: a hidden cursor would stay hidden after Ctrl-Z or a kill."""
        del show
        return False


def rich_console(write: Write, streams: Streams, *, color: bool) -> Console:
    """Return a console of the terminal's size that writes through `write`.

    It does not interpret markup or emoji names in the text.
    """
    return _Console(
        streams,
        file=TextWriter(write, lambda: True),
        force_terminal=True,
        color_system="standard" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=not color,
        legacy_windows=False,
    )


def stderr_console(streams: Streams, *, color: bool) -> Console:
    """Return a console that writes to stderr; what it writes replaces a spinner that is shown."""
    return rich_console(lambda data: streams.write_err(data.decode("utf-8")), streams, color=color)
