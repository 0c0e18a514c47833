"""Token usage and timing of an answer: a table on a terminal, one name and value per line anywhere else."""

from collections.abc import Sequence
from typing import NamedTuple

from nebius_cli.response.completion import Completion
from nebius_cli.terminal.sanitize import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, RenderableType

COLUMN_GAP = 2  # cells
MIN_VALUE_WIDTH = 8  # cells; in less, the list folds its titles too
MIN_STREAMING_S = 0.01  # an answer that took less came in one piece, which has no speed of its own
# The metrics in the title of the table: the finish reason too where it does not fit as a column.
TITLES = (("model", "tier"), ("model", "tier", "finish"))


class Timing(NamedTuple):
    """When the request was sent, the first token came and the answer ended: seconds on one clock."""

    sent: float
    first_token: float | None
    end: float


class Metric(NamedTuple):
    """One measured value: `name` and `value` for programs, `title` and `shown` for people."""

    name: str
    value: str
    title: str
    shown: str
    number: bool = True


def metrics(completion: Completion, timing: Timing, *, streamed: bool) -> list[Metric]:
    """Return every metric of an answer that is known."""
    usage = completion.usage
    found = []
    if usage is not None:
        counts = [("prompt", usage.prompt), ("completion", usage.completion), ("total", usage.total)]
        counts += [("cached", usage.cached), ("reasoning", usage.reasoning)]
        found += [Metric(f"{n}_tokens", str(v), n, f"{v:,}") for n, v in counts if v is not None]
    if timing.first_token is not None:
        name, title = ("first_token_seconds", "first token") if streamed else ("seconds", "time")
        until = (timing.first_token if streamed else timing.end) - timing.sent
        found.append(Metric(name, f"{until:.3f}", title, f"{until:.2f} s"))
        if usage is not None and usage.completion:
            rate = _rate(usage.completion, timing)
            found.append(Metric("tokens_per_second", f"{rate:.2f}", "tokens/s", f"{rate:,.1f}"))
    words = [("finish_reason", "finish", ", ".join(completion.reasons()))]
    words += [("service_tier", "tier", completion.member("service_tier"))]
    words += [("model", "model", completion.member("model"))]
    found += [
        Metric(n, one_line(str(v)), title, one_line(str(v)), number=False) for n, title, v in words if v
    ]
    return found


def _rate(tokens: int, timing: Timing) -> float:
    """Return tokens per second: of the tokens after the first, else of the whole request."""
    streaming = timing.end - (timing.end if timing.first_token is None else timing.first_token)
    if streaming >= MIN_STREAMING_S and tokens > 1:
        return (tokens - 1) / streaming
    return tokens / max(timing.end - timing.sent, 0.001)


def as_pairs(found: Sequence[Metric]) -> str:
    """Return the metrics for a program: one per line, a name, a tab and a value."""
    return "".join(f"{metric.name}\t{metric.value}\n" for metric in found)


def draw(found: Sequence[Metric], console: "Console") -> None:
    """Draw the metrics for a person: side by side where they fit, else one per line."""
    if found:
        console.print(_table(found, console))


def _table(found: Sequence[Metric], console: "Console") -> "RenderableType":
    from rich.cells import cell_len
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    for titles in TITLES:
        columns = [metric for metric in found if metric.title not in titles]
        title = _title(found, titles)
        table = Table(box=None, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0), header_style="dim")
        for metric in columns:
            table.add_column(metric.title, justify="right" if metric.number else "left", no_wrap=True)
        table.add_row(*(metric.shown for metric in columns))
        needed = max(
            sum(max(map(cell_len, (m.title, m.shown))) + COLUMN_GAP for m in columns) - COLUMN_GAP, 0
        )
        needed = max(needed, cell_len(title) + 6)
        if needed < console.width:
            rule = f"── {title} " if title else ""
            return Group(Text(rule + "─" * (needed - cell_len(rule)), "dim"), table)
    return _list(found, console.width - 1)


def _title(found: Sequence[Metric], titles: Sequence[str]) -> str:
    """Return the metrics with these titles on one line, in the order of `titles`."""
    parts = [
        metric.shown if metric.title == "model" else f"{metric.title} {metric.shown}"
        for title in titles
        for metric in found
        if metric.title == title
    ]
    return " · ".join(parts)


def _list(found: Sequence[Metric], width: int) -> "RenderableType":
    """Return the metrics one per line, in at most `width` cells."""
    from rich.console import Group
    from rich.constrain import Constrain
    from rich.table import Table
    from rich.text import Text

    titles = max(len(metric.title) for metric in found)
    digits = max((len(metric.shown) for metric in found if metric.number), default=0)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0))
    table.add_column(style="dim", overflow="fold", no_wrap=width >= titles + COLUMN_GAP + MIN_VALUE_WIDTH)
    table.add_column(overflow="fold")
    for metric in found:
        table.add_row(metric.title, metric.shown.rjust(digits) if metric.number else metric.shown)
    rule = Text("─" * min(width, titles + COLUMN_GAP + max(digits, MIN_VALUE_WIDTH)), "dim")
    return Constrain(Group(rule, table), max(1, width))
