"""Exports the heat view of an answer, with hover texts, as one SVG or HTML file (`--export`)."""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.style import Style
from rich.text import Text

from nebius_cli.render.choice_heading import heading
from nebius_cli.render.format_token import percent, shown
from nebius_cli.render.probability_colors import STEPS, ColorStep, step_of, summary
from nebius_cli.render.svg_and_html import html_page, svg_page
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.parse_logprobs import parse
from nebius_cli.response.token_logprobs import TokenLogprob, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan, token_spans
from nebius_cli.terminal.sanitize import to_bytes, visible

COLUMNS = 88


# XML 1.0 cannot hold these two, which are not characters (Unicode 16, section 23.7).
_NO_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


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
    page = svg_page(console, model) if form == ".svg" else html_page(console, model, titles)
    return page.encode("utf-8")


def _texts(completion: Completion, prompts: int, titles: list[str]) -> Iterator[Text]:
    """Yield the texts to print; the hover text of link `#n` is put into `titles[n]`."""
    choices = [completion.choices[index] for index in sorted(completion.choices)]
    for choice in choices:
        if len(choices) > 1:
            yield Text(heading(choice.index, completion.expected, prompts), "bold")
        tokens = parse(choice.logprobs)
        text = _text(token_spans(choice.text, tokens), titles)
        if text.plain.endswith("\n"):
            text.right_crop(1)  # print adds a newline
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


def _style(step: ColorStep | None) -> Style:
    if step is None:
        return Style()
    return Style(color=f"color({step.foreground})", bgcolor=f"color({step.background})")


def _title(token: TokenLogprob) -> str:
    """Return the hover text of a token: its values, and its alternatives by descending probability."""
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
