"""Words that would drive a terminal if it obeyed them, and how to see that it did not."""

from collections.abc import Iterable
from typing import Any

import pyte

# A title, the clipboard, a cleared screen, no cursor, the other screen, colours of 7 and 8 bits, another
# character set, text that reads backwards, a way back over what stands there, and markup of rich.
ACTIVE = "\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x1b[2J\x1b[?25l\x1b[?1049h\x1b[31m"
ACTIVE += "\x9b31m\x9d0;x\x9c\x0e\u202eab\u2066\rc\x08"
EVIL = f"evil{ACTIVE}[bold red]m[link=x]:smile:"
# What a terminal acts on, in whatever the program has written. ESC alone is nbx's own as well.
OBEYED = [b"\x07", b"\x1b]", b"\x1b[2J", b"\x1b[31m", b"\x1b[?1049h", b"\x9d0;x", b"\x0e", b"\x08"]
OBEYED += [text.encode() for text in ("\x9b", "\x9d", "\x9c", "\u202e", "\u2066")]


class Seen:
    """What a terminal makes of bytes, newlines as its driver hands them on."""

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
    """Fail where foreign words have driven a terminal, or where it shows nothing at all.

    `screen` is a Seen, or a Terminal; nbx has run with NO_COLOR.
    """
    assert [seen for seen in OBEYED if seen in screen.raw] == []
    assert screen.title == ""
    assert not screen.cursor_hidden
    assert not [style for style in screen.styles() if style.fg != "default" or style.bg != "default"]
    assert str(screen).strip("-\n "), "nothing is shown, so nothing is proved"
