"""Writes tables: drawn by rich on a terminal, otherwise as tab-separated lines."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from nebius_cli.system.streams import Streams, Write
from nebius_cli.terminal.sanitize import one_line

Cells = Sequence[str]

COLUMN_GAP = 3  # cells between two columns of a drawn table


class TableStyle(NamedTuple):
    """How a table is drawn on a terminal.

    The columns whose titles are in `numbers` are aligned to the right; `total` is the last row; cells in
    `styles` get that style. If `stacked`, a table that is too wide becomes a list, with each cell of a row
    below the first one.
    """

    numbers: Collection[str] = ()
    total: Cells = ()
    styles: Mapping[str, str] = MappingProxyType({})
    stacked: bool = False


def write_table(
    header: Cells,
    rows: Sequence[Cells],
    write: Write,
    streams: Streams,
    style: TableStyle,
    *,
    drawn: bool,
    color: bool,
) -> None:
    """Write a table: `drawn` for a terminal, otherwise a line per row, with tabs and without a header."""
    total = style.total
    if not drawn:
        text = "".join("\t".join(map(one_line, row)) + "\n" for row in rows)
        write(text.encode("utf-8", "replace"))
        return
    from rich.box import SIMPLE, SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from nebius_cli.terminal.rich_console import rich_console

    console = rich_console(write, streams, color=color)
    if style.stacked and not fits(header, rows, streams.width):
        console.print("\n".join(_stack(header, rows)))
        return
    box = SIMPLE if total else SIMPLE_HEAD
    table = Table(box=box, pad_edge=False, header_style="bold", show_edge=False, show_footer=bool(total))
    for number, title in enumerate(header):
        side: Literal["left", "right"] = "right" if title in style.numbers else "left"
        footer = one_line(total[number]) if total else ""
        table.add_column(title, footer, overflow="fold", no_wrap=number == 0, justify=side)
    for row in rows:
        table.add_row(*(Text(one_line(cell), style.styles.get(cell, "")) for cell in row))
    console.print(table)


def columns_that_fit(widths: Mapping[str, int], columns: int) -> list[str]:
    """Return the titles that fit into `columns` cells; `widths` begins with the most important one."""
    room, shown = columns + COLUMN_GAP, list[str]()
    for title, width in widths.items():
        if width + COLUMN_GAP <= room:
            room -= width + COLUMN_GAP
            shown.append(title)
    return shown


def width_of(widths: Iterable[int]) -> int:
    """Return the total width, in cells, of columns of these widths with the gaps between them."""
    taken = [width + COLUMN_GAP for width in widths]
    return sum(taken) - COLUMN_GAP if taken else 0


def fits(header: Cells, rows: Sequence[Cells], columns: int) -> bool:
    """Return whether a table fits without folding a cell."""
    widths = (max(map(len, column)) for column in zip(header, *rows, strict=True))
    return sum(widths) + COLUMN_GAP * (len(header) - 1) <= columns


def _stack(header: Cells, rows: Sequence[Cells]) -> Iterator[str]:
    """Yield the lines of a list: the first cell of each row, and below it the others with their titles."""
    left = max(map(len, header[1:]))
    for row in rows:
        yield one_line(row[0])
        for title, cell in zip(header[1:], row[1:], strict=True):
            yield f"  {title.ljust(left)}  {one_line(cell)}"
