r"""Draw the pictures of the README: run a command on a real terminal and export its screen as SVG.

    python docs/picture.py docs/live.svg \
        'nbx complete --local "The first rule of good code is" --temperature 0 --stop " It"'
    python docs/picture.py docs/bulk.svg 'nbx bulk --local prompts.txt -o out.jsonl --max-tokens 32' '40 %'

With a third argument, the picture shows the screen when that text first appears; without one, the screen at
the end. Needs the test extra (pexpect, pyte). Download the model first, or the download is in the picture.
"""

import io
import itertools
import sys
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from nebius_cli.render.svg_and_html import svg_page

COLUMNS, ROWS = 88, 40
# The terminal's own names for what rich calls by other names.
COLORS = {"default": None, "brown": "yellow"}


def screen_at(command: str, moment: str) -> Text:
    """Return the screen when it first shows `moment`, or at the end if that is empty or never appears."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child = pexpect.spawn("bash", ["-c", command], dimensions=(ROWS, COLUMNS), timeout=600)
    while True:
        try:
            stream.feed(child.read_nonblocking(4096))
        except pexpect.EOF:
            break
        if moment and any(moment in row for row in screen.display):
            break
    child.close()
    return to_text(screen)


def to_text(screen: pyte.Screen) -> Text:
    """Return the screen's used rows with their styles."""
    used = max((row for row in range(ROWS) if screen.display[row].strip()), default=0) + 1
    text = Text()
    for row in range(used):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        while cells and cells[-1].data == " ":
            cells.pop()
        for style, run in itertools.groupby(cells, to_style):
            text.append("".join(cell.data for cell in run), style)
        text.append("\n")
    return text


def to_style(cell: pyte.screens.Char) -> Style:
    """Return rich's words for how a cell is drawn."""
    color = COLORS.get(cell.fg, cell.fg.replace("bright", "bright_"))
    return Style(color=color, bold=cell.bold, italic=cell.italics)


def main(target: str, command: str, moment: str = "") -> None:
    """Write the picture of `command` to `target`."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    console.print(screen_at(command, moment), end="")
    Path(target).write_text(svg_page(console, "nbx"), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
