"""What a rich console has recorded → an SVG picture that needs nothing from elsewhere.

Rich's own asks a server for its font, gives wide characters the width of narrow ones, clips the last row by
what is not there, and loses the blanks in front of a text in some viewers: mended here, on what rich has
written and escaped.
"""

import html
import re

from rich.cells import cell_len
from rich.console import Console

FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: FONT; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">{matrix}</g>
</g>
</svg>
"""

_CELL = 20 * 0.61  # what rich makes of a cell: its height times the aspect ratio of its font
_LINE = re.compile(r'textLength="[^"]*"[^>]*>([^<]*)</text>')


def picture(console: Console, title: str) -> str:
    """Return everything that a recording console was given, in a window with a title."""

    def measure(match: re.Match[str]) -> str:
        length = _CELL * cell_len(html.unescape(match[1]))
        return f'textLength="{length:g}">{match[1]}</text>'

    return _LINE.sub(measure, console.export_svg(title=title, code_format=_FORMAT.replace("FONT", FONT)))
