"""Turns the content of a rich console into the SVG picture or HTML page that `--export` writes.

Rich writes both formats. This module adds what rich leaves out, to text that rich has already escaped:

- HTML: hover texts.
- SVG: a font that needs no download, the right width of wide characters, a last row that is not
  clipped, and leading spaces, which some viewers drop.
"""

import html
import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
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

HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width">
<title>TITLE</title>
<style>
body {{ color: {foreground}; background-color: {background}; margin: 2em; }}
pre {{ font: 1em/1.6 FONT; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 88ch; }}
a {{ cursor: help; }}
{stylesheet}
</style>
</head>
<body>
<pre>{code}</pre>
</body>
</html>
"""

CELL_WIDTH = 20 * 0.61  # as rich computes it: the height of a character times the aspect ratio of its font

_SVG_TEXT = re.compile(r'textLength="[^"]*"[^>]*>([^<]*)</text>')

_LINK = re.compile(r'<a class="(r\d+)" href="#(\d+)">')


def svg_page(console: Console, title: str) -> str:
    """Return the content of a recording console as an SVG picture: a window with a title."""

    def measure(match: re.Match[str]) -> str:
        length = CELL_WIDTH * cell_len(html.unescape(match[1]))
        return f'textLength="{length:g}">{match[1]}</text>'

    return _SVG_TEXT.sub(measure, console.export_svg(title=title, code_format=SVG.replace("FONT", FONT)))


def html_page(console: Console, title: str, titles: Sequence[str]) -> str:
    """Return the same content as an HTML page; `titles[n]` is the hover text of the link `#n`."""

    def hover(match: re.Match[str]) -> str:
        text = html.escape(titles[int(match[2])]).replace("\n", "&#10;")
        return f'<a class="{match[1]}" title="{text}">'

    # The page is a template for str.format, so braces are doubled.
    escaped = html.escape(title).replace("{", "{{").replace("}", "}}")
    page = HTML.replace("FONT", FONT).replace("TITLE", escaped)
    return _LINK.sub(hover, console.export_html(theme=SVG_EXPORT_THEME, code_format=page))
