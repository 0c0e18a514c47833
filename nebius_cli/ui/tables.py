"""Rows → a table: drawn by rich on a terminal, tab-separated anywhere else."""

from collections.abc import Sequence

from nebius_cli.adapters.streams import Streams
from nebius_cli.ui.renderer import Write
from nebius_cli.ui.safe import one_line

Row = Sequence[str]


def write_table(
    header: Row, rows: Sequence[Row], write: Write, streams: Streams, *, drawn: bool, color: bool
) -> None:
    """Write a table. Undrawn, it has no header and no padding: a row a line, tabs between."""
    if not drawn:
        text = "".join("\t".join(map(one_line, row)) + "\n" for row in rows)
        write(text.encode("utf-8", "replace"))
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from nebius_cli.ui.sink import console_on

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for number, title in enumerate(header):
        table.add_column(title, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*map(one_line, row))
    console_on(write, streams, color=color).print(table)
