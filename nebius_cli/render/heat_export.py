"""`--export`: the heat of an answer as a picture (SVG) or a page (HTML), complete in one file.

Rich writes both. What its output lacks is added here, to text that rich has already escaped:

- HTML: hover texts.
- SVG: a font that no server has to send, the right length of wide characters, a last row that is not
  clipped, and the spaces in front of a text, which some viewers drop.
"""

import html
import io
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from nebius_cli.render.heading import heading
from nebius_cli.render.probability_scale import STEPS, Step, percent, shown, step_of, summary
from nebius_cli.response.completion import Completion
from nebius_cli.response.logprobs import TokenLogprob, parse, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan, token_spans
from nebius_cli.terminal.sanitize import to_bytes, visible

COLUMNS = 88

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

# XML 1.0 cannot hold these two, which are not characters (Unicode 16, section 23.7).
_NO_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
_SVG_TEXT = re.compile(r'textLength="[^"]*"[^>]*>([^<]*)</text>')
_LINK = re.compile(r'<a class="(r\d+)" href="#(\d+)">')


def export(completion: Completion, form: str, *, prompts: int) -> bytes:
    """Return every choice of an answer as `form`, one of EXPORT_FORMATS."""
    titles: list[str] = []
    texts = list(_texts(completion, prompts, titles))
    # Before 14.3 rich strips spaces at the end of a line that is wider than its console.
    width = COLUMNS if form == ".svg" else 1 + 2 * max(map(len, texts))
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for text in texts:
        console.print(text, soft_wrap=form == ".html", highlight=False)
    model = _clean(str(completion.member("model") or "nbx"))
    page = picture(console, model) if form == ".svg" else _html(console, model, titles)
    return page.encode("utf-8")


def _texts(completion: Completion, prompts: int, titles: list[str]) -> Iterator[Text]:
    """Yield what is printed; the hover text of link `#n` is put into `titles[n]`."""
    choices = [completion.choices[index] for index in sorted(completion.choices)]
    for choice in choices:
        if len(choices) > 1:
            yield Text(heading(choice.index, completion.expected, prompts), "bold")
        tokens = parse(choice.logprobs)
        text = _text(token_spans(choice.text, tokens), titles)
        if text.plain.endswith("\n"):
            text.right_crop(1)  # printing ends the line
        yield text
        if line := summary(tokens):
            yield Text(line, "dim")
    legend = Text("probability in %:")
    for step in STEPS:
        legend.append(" ").append(f" {step.name} ", _style(step))
    yield Text()
    yield legend


def _text(choice: Sequence[TokenSpan], titles: list[str]) -> Text:
    text = Text()
    for span in choice:
        style = _style(step_of(span.logprob))
        if span.tokens:
            style += Style(link=f"#{len(titles)}")
            titles.append("\n\n".join(map(_title, span.tokens)))
        for row in _clean(span.text).splitlines(keepends=True):
            text.append(f" {row}" if row == "\n" and span.tokens else row, style)
    return text


def _style(step: Step | None) -> Style:
    if step is None:
        return Style()
    return Style(color=f"color({step.foreground})", bgcolor=f"color({step.background})")


def _title(token: TokenLogprob) -> str:
    """Return the hover text of a token: its figures, and its alternatives by falling probability."""
    likely, bits, found = probability(token.logprob), surprise(token.logprob), rank(token)
    facts = [_clean(shown(token.text, token.raw))]
    facts += [] if likely is None or bits is None else [percent(likely), f"{bits:.2f} bits"]
    facts += [] if found is None else [f"rank {'' if found.known else 'at least '}{found.at_least}"]
    others = [
        f"{percent(probability(other.logprob) or 0.0):>7}  {_clean(shown(other.text, other.raw))}"
        for other in token.alternatives
    ]
    return "\n".join([", ".join(facts), *others])


def _clean(text: str) -> str:
    return visible(to_bytes(text).decode()).translate(_NO_XML)


def picture(console: Console, title: str) -> str:
    """Return what a recording console was given as an SVG picture: a window with a title."""

    def measure(match: re.Match[str]) -> str:
        length = CELL_WIDTH * cell_len(html.unescape(match[1]))
        return f'textLength="{length:g}">{match[1]}</text>'

    return _SVG_TEXT.sub(measure, console.export_svg(title=title, code_format=SVG.replace("FONT", FONT)))


def _html(console: Console, title: str, titles: Sequence[str]) -> str:
    def hover(match: re.Match[str]) -> str:
        text = html.escape(titles[int(match[2])]).replace("\n", "&#10;")
        return f'<a class="{match[1]}" title="{text}">'

    # A template of str.format: braces are doubled.
    escaped = html.escape(title).replace("{", "{{").replace("}", "}}")
    page = HTML.replace("FONT", FONT).replace("TITLE", escaped)
    return _LINK.sub(hover, console.export_html(theme=SVG_EXPORT_THEME, code_format=page))
