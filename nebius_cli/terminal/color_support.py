"""Finds out whether a stream supports drawing and colour."""

import sys

from nebius_cli.system.streams import Streams

# Jenkins, expect and `docker exec` leave TERM unset, empty or "unknown".
DUMB_TERMS = ("", "dumb", "unknown")


def draws(streams: Streams, *, tty: bool) -> bool:
    """Return whether nbx may draw on a stream: it is a terminal that understands escape sequences."""
    default = "windows" if sys.platform == "win32" else ""  # Windows sets no TERM
    return tty and streams.environ.get("TERM", default).lower() not in DUMB_TERMS


def use_color(streams: Streams, wish: str, *, tty: bool) -> bool:
    """Return whether to use colour: by --color, then NO_COLOR, then the forcing variables, then the TTY."""
    environ = streams.environ
    if wish != "auto":
        return wish == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return draws(streams, tty=tty)
