"""Writes an HTML page that shows answers side by side: one file that loads nothing and runs no script.

All text is escaped, wherever it comes from, and the page forbids scripts, images and requests of any kind, so
that an answer cannot run code or load anything in the browser of its reader.
"""

import html
from collections.abc import Callable

from nebius_cli.bulk.export.side_by_side import SideBySide
from nebius_cli.bulk.export.side_by_side_columns import Cell, Column, ComparedRow
from nebius_cli.core.prices_and_costs import usd
from nebius_cli.terminal.sanitize import to_bytes, visible

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #8886; padding: .5em .7em; text-align: start; vertical-align: top; }}
thead th {{ position: sticky; top: 0; background: Canvas; min-width: 16em; overflow-wrap: anywhere; }}
thead th:first-child {{ min-width: 3em; }}
tbody th {{ font-weight: normal; overflow-wrap: anywhere; max-width: 12em; }}
tbody tr:nth-child(even) {{ background: #8881; }}
td {{ max-width: 44em; }}
.text {{ white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }}
.text {{ max-height: 24em; overflow: auto; }}
.note {{ font-size: .85em; opacity: .75; font-weight: normal; }}
.error {{ color: #c22; }}
@media (prefers-color-scheme: dark) {{ .error {{ color: #f88; }} }}
@media print {{ .text {{ max-height: none; }} thead th {{ position: static; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
<thead>
<tr><th>row</th><th>prompt</th>{columns}</tr>
</thead>
<tbody>
"""
TAIL = "</tbody>\n</table>\n</body>\n</html>\n"


def write_page(answers: SideBySide, title: str, write: Callable[[bytes], object]) -> None:
    """Write the page, row by row."""
    columns = "".join(map(_heading, answers.columns))
    write(to_bytes(HEAD.format(title=_escaped(title), columns=columns)))
    for row in answers:
        write(to_bytes(_row(row)))
    write(to_bytes(TAIL))


def _heading(column: Column) -> str:
    notes = [f"{column.answered:,} answered"]
    notes += [f"{column.failed:,} failed"] if column.failed else []
    notes += [f"{column.completion_tokens:,} tokens"] if column.completion_tokens else []
    notes += [usd(column.cost)] if column.cost else []
    name = _escaped(column.heading).replace(",", ",<wbr>")
    return f'<th>{name}<div class="note">{", ".join(map(_escaped, notes))}</div></th>'


def _row(row: ComparedRow) -> str:
    name = row.row_id if row.choice == 0 else f"{row.row_id}, choice {row.choice + 1}"
    prompt = _shown(row.prompt) if row.choice == 0 else ""
    cells = "".join(f"<td>{_cell(cell)}</td>\n" for cell in row.cells)
    return f"<tr><th>{_escaped(name)}</th>\n<td>{prompt}</td>\n{cells}</tr>\n"


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return '<div class="note">no answer yet</div>'
    if cell.error:
        return f'<div class="error">{_escaped(cell.error)}</div>'
    # The normal end of an answer is not worth a note.
    end = (
        ""
        if cell.finish_reason in ("", "stop")
        else f'<div class="note">{_escaped(cell.finish_reason)}</div>'
    )
    return _shown(cell.text) + end


def _shown(text: str | None) -> str:
    return f'<div class="text" dir="auto">{_escaped(text or "")}</div>'


def _escaped(text: str) -> str:
    """Escape a text: the result has no markup, and no characters that change the text direction."""
    return html.escape(visible(text))
