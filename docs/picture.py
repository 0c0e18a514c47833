"""Draw the pictures of the README: run a command on a real terminal and export its screen as SVG.

    python docs/picture.py docs/live.svg 'nbx complete --local "Once upon a time" --max-tokens 60'

Needs the test extra (pexpect, pyte); the weights should be fetched before, or they are in the picture.
"""

import io
import sys
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 88, 40
# The terminal's own names for what rich calls by other names.
COLORS = {"default": None, "brown": "yellow"}


def screen_after(command: str) -> pyte.Screen:
    """Return the screen as it is when `command` has ended."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child = pexpect.spawn("bash", ["-c", command], dimensions=(ROWS, COLUMNS), timeout=120)
    while True:
        try:
            stream.feed(child.read_nonblocking(4096))
        except pexpect.EOF:
            child.close()
            return screen


def to_text(screen: pyte.Screen) -> Text:
    """Return the screen's used rows with their styles."""
    used = max((row for row in range(ROWS) if screen.display[row].strip()), default=0) + 1
    text = Text()
    for row in range(used):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            style = Style(color=COLORS.get(cell.fg, cell.fg), bold=cell.bold, italic=cell.italics)
            text.append(cell.data, style)
        text.rstrip()
        text.append("\n")
    return text


def main(target: str, command: str) -> None:
    """Write the picture of `command` to `target`."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ ", "bold green") + Text(command, "bold"))
    console.print(to_text(screen_after(command)), end="")
    Path(target).write_text(console.export_svg(title="nbx"), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
