"""Text with terminal control sequences, and checks that the terminal did not act on them."""

from collections.abc import Iterable
from typing import Any

import pyte

# Sets the title and the clipboard, clears the screen, hides the cursor, enters the alternate screen, sets
# colours, switches the character set, reverses text, overwrites what is shown, and contains rich markup.
ACTIVE = "\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x1b[2J\x1b[?25l\x1b[?1049h\x1b[31m"
ACTIVE += "\x9b31m\x9d0;x\x9c\x0e\u202eab\u2066\rc\x08"
EVIL = f"evil{ACTIVE}[bold red]m[link=x]:smile:"
# Sequences that must not be in the output. ESC alone may be, as nbx writes its own sequences.
OBEYED = [b"\x07", b"\x1b]", b"\x1b[2J", b"\x1b[31m", b"\x1b[?1049h", b"\x9d0;x", b"\x0e", b"\x08"]
OBEYED += [text.encode() for text in ("\x9b", "\x9d", "\x9c", "\u202e", "\u2066")]


class Seen:
    """A screen that shows bytes as a terminal would, with newlines translated as by its driver."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._screen = pyte.Screen(100, 60)
        pyte.ByteStream(self._screen).feed(raw.replace(b"\n", b"\r\n"))
        self.title = str(self._screen.title)
        self.cursor_hidden = bool(self._screen.cursor.hidden)

    def styles(self) -> Iterable[Any]:
        """Yield every character on the screen."""
        for line in self._screen.buffer.values():
            yield from line.values()

    def __str__(self) -> str:
        return "\n".join(self._screen.display)


def check_unmoved(screen: Any) -> None:
    """Fail if the terminal acted on control sequences in foreign text, or if it shows nothing at all.

    `screen` is a Seen or a Terminal; nbx must have run with NO_COLOR.
    """
    assert [seen for seen in OBEYED if seen in screen.raw] == []
    assert screen.title == ""
    assert not screen.cursor_hidden
    assert not [style for style in screen.styles() if style.fg != "default" or style.bg != "default"]
    assert str(screen).strip("-\n "), "nothing is shown, so nothing is proved"
