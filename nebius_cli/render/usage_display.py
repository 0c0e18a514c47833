"""Draws the metrics of an answer on a terminal: side by side if they fit, otherwise one per line."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from nebius_cli.render.usage_metrics import Metric

COLUMN_GAP = 2  # cells
MIN_VALUE_WIDTH = 8  # cells; in a narrower list, the titles are folded too
# The metrics in the title of the table. The finish reason is added if it does not fit as a column.
TITLES = (("model", "tier"), ("model", "tier", "finish"))


def draw(found: Sequence[Metric], console: Console) -> None:
    """Draw the metrics for a person: side by side if they fit, otherwise one per line."""
    if found:
        console.print(_table(found, console))


def _table(found: Sequence[Metric], console: Console) -> RenderableType:
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


def _list(found: Sequence[Metric], width: int) -> RenderableType:
    """Return the metrics one per line, in at most `width` cells."""
    titles = max(len(metric.title) for metric in found)
    digits = max((len(metric.shown) for metric in found if metric.number), default=0)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, COLUMN_GAP, 0, 0))
    table.add_column(style="dim", overflow="fold", no_wrap=width >= titles + COLUMN_GAP + MIN_VALUE_WIDTH)
    table.add_column(overflow="fold")
    for metric in found:
        table.add_row(metric.title, metric.shown.rjust(digits) if metric.number else metric.shown)
    rule = Text("─" * min(width, titles + COLUMN_GAP + max(digits, MIN_VALUE_WIDTH)), "dim")
    return Constrain(Group(rule, table), max(1, width))
