"""Writes tables: drawn by rich on a terminal, tab-separated lines anywhere else."""

from collections.abc import Collection, Sequence
from typing import Literal

from nebius_cli.system.streams import Streams
from nebius_cli.terminal.capabilities import Write
from nebius_cli.terminal.sanitize import one_line

Cells = Sequence[str]

COLUMN_GAP = 3  # cells between two columns of a drawn table


def write_table(
    header: Cells,
    rows: Sequence[Cells],
    write: Write,
    streams: Streams,
    *,
    drawn: bool,
    color: bool,
    numbers: Collection[str] = (),
    total: Cells = (),
) -> None:
    """Write a table. `drawn` is for a terminal; otherwise one line per row, with tabs and without a header.

    A drawn table aligns the columns whose titles are in `numbers` to the right; `total` is its last row.
    """
    if not drawn:
        text = "".join("\t".join(map(one_line, row)) + "\n" for row in rows)
        write(text.encode("utf-8", "replace"))
        return
    from rich.box import SIMPLE, SIMPLE_HEAD
    from rich.table import Table

    from nebius_cli.terminal.rich_console import rich_console

    box = SIMPLE if total else SIMPLE_HEAD
    table = Table(box=box, pad_edge=False, header_style="bold", show_edge=False, show_footer=bool(total))
    for number, title in enumerate(header):
        side: Literal["left", "right"] = "right" if title in numbers else "left"
        footer = one_line(total[number]) if total else ""
        table.add_column(title, footer, overflow="fold", no_wrap=number == 0, justify=side)
    for row in rows:
        table.add_row(*map(one_line, row))
    rich_console(write, streams, color=color).print(table)
