"""What a stream can do: whether it can be drawn on, and whether it gets colour."""

from collections.abc import Callable

from nebius_cli.system.streams import Streams

Write = Callable[[bytes], None]


def draws(streams: Streams, *, tty: bool) -> bool:
    """Return whether a stream can be drawn on: a terminal that can do more than print."""
    return tty and streams.environ.get("TERM") != "dumb"


def use_color(streams: Streams, wish: str, *, tty: bool) -> bool:
    """Return whether a stream gets colour: the flag, then NO_COLOR, then the forcing variables, then TTY."""
    environ = streams.environ
    if wish != "auto":
        return wish == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return draws(streams, tty=tty)
