"""`--export`: the heat of an answer as a picture (SVG) or a page (HTML) that needs nothing from elsewhere.

Both are written by rich, whose HTML has no hover texts: mended here, on what rich has written and escaped.
"""

import html
import io
import re
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from nebius_cli.render.output_options import label
from nebius_cli.render.picture import FONT, picture
from nebius_cli.render.probability_scale import STEPS, Step, percent, shown, step_of, summary
from nebius_cli.response.completion import Completion
from nebius_cli.response.logprobs import TokenLogprob, parse, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan, token_spans
from nebius_cli.terminal.sanitize import to_bytes, visible

COLUMNS = 88

PAGE = """<!DOCTYPE html>
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
# XML 1.0 has no way to write these two, which are no characters (Unicode 16, section 23.7).
_NO_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
_LINK = re.compile(r'<a class="(r\d+)" href="#(\d+)">')


def export(completion: Completion, form: str, *, prompts: int) -> bytes:
    """Return every choice of an answer as `form`, one of renderer.FORMS."""
    titles: list[str] = []
    texts = list(_texts(completion, prompts, titles))
    # Before 14.3 rich takes blanks away at the end of a line that is wider than its console.
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
            yield Text(f"── {label(choice.index, completion.expected, prompts)} ──", "bold")
        tokens = parse(choice.logprobs)
        text = _text(token_spans(choice.text, tokens), titles)
        if text.plain.endswith("\n"):
            text.right_crop(1)  # printing ends the line
        yield text
        if told := summary(tokens):
            yield Text(told, "dim")
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
    """Return the hover text of a token: what it is, and the others by falling probability."""
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


def _html(console: Console, title: str, titles: Sequence[str]) -> str:
    def hover(match: re.Match[str]) -> str:
        told = html.escape(titles[int(match[2])]).replace("\n", "&#10;")
        return f'<a class="{match[1]}" title="{told}">'

    # A template of str.format: braces are doubled.
    heading = html.escape(title).replace("{", "{{").replace("}", "}}")
    page = PAGE.replace("FONT", FONT).replace("TITLE", heading)
    return _LINK.sub(hover, console.export_html(theme=SVG_EXPORT_THEME, code_format=page))
