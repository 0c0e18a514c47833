"""Puts the answers of a `--matrix` run side by side: a row of the input per row, a combination per column."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from nebius_cli.bulk.input.matrix import label_of
from nebius_cli.bulk.output.choice_rows import choices_of
from nebius_cli.bulk.output.index_sort import IndexSort
from nebius_cli.bulk.output.record import MAX_INDEX
from nebius_cli.bulk.output.record_file import AnswerFile
from nebius_cli.core import jsontext
from nebius_cli.core.money import parse_amount
from nebius_cli.terminal.sanitize import to_bytes

Record = Mapping[str, Any]


class Cell(NamedTuple):
    """One answer to a row; `error` is empty unless the row failed."""

    text: str = ""
    finish_reason: str = ""
    error: str = ""


class ComparedRow(NamedTuple):
    """The answers to a row of the input: a cell for each column, None where there is no answer yet.

    With several answers per request, there is one of these for each; `choice` counts from 0. `prompt` is
    JSON for token ids, and empty if the output has no prompts.
    """

    row_id: str
    row_index: int
    choice: int
    prompt: str
    cells: tuple[Cell | None, ...]


@dataclass(slots=True)
class Column:
    """A combination, as `temperature=0.7,model=A`, empty for a run without `--matrix`; and its totals.

    `cost` is in USD.
    """

    label: str
    answered: int = 0
    failed: int = 0
    completion_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)

    def add(self, record: Record) -> None:
        """Count a record."""
        self.answered += record["error"] is None
        self.failed += record["error"] is not None
        usage = record.get("usage")
        if isinstance(usage, dict):
            tokens = usage.get("completion_tokens")
            self.completion_tokens += tokens if type(tokens) is int and 0 < tokens <= MAX_INDEX else 0
            self.cost += parse_amount(usage.get("cost")) or 0


class SideBySide:
    """The records of an output as rows and columns. The file is read twice; memory: 16 bytes per record.

    Iterate once.
    """

    def __init__(self, records: AnswerFile) -> None:
        self._records = records
        self._order = IndexSort()  # index of the row in the input, offset of the record
        columns: dict[str, Column] = {}
        for offset, record in records.located():
            self._order.add(_row_index(record), offset)
            label = _label(record)
            columns.setdefault(label, Column(label)).add(record)
        self.columns = tuple(columns.values())
        self.missing = 0  # answers that are not there yet, among the rows iterated over

    def __iter__(self) -> Iterator[ComparedRow]:
        """Yield the rows in the order of the input."""
        for index, pairs in itertools.groupby(self._order, lambda pair: pair[0]):
            of_index = filter(None, (self._records.record_at(offset) for _, offset in pairs))
            rows: dict[str, dict[str, Record]] = {}  # two, if a row has moved since it was answered
            for record in of_index:
                rows.setdefault(str(record.get("row", record["id"])), {})[_label(record)] = record
            for row_id, answers in rows.items():
                yield from self._row(row_id, index, answers)

    def _row(self, row_id: str, index: int, answers: Mapping[str, Record]) -> Iterator[ComparedRow]:
        self.missing += len(self.columns) - len(answers)
        texts = {label: _choices(record) for label, record in answers.items()}
        prompt = next((_text(record["prompt"]) for record in answers.values() if "prompt" in record), "")
        for choice in range(max(1, *map(len, texts.values()), 1)):
            cells = (_cell(answers.get(one.label), texts.get(one.label, ()), choice) for one in self.columns)
            yield ComparedRow(row_id, index, choice, prompt, tuple(cells))


def headings(columns: Iterable[Column]) -> list[str]:
    """Return the names of the columns with answers."""
    return [column.label or "text" for column in columns]


def header(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return the names of all columns of a table."""
    return ("id", "index", "choice", "prompt", *headings(columns), "error")


def table_lines(answers: SideBySide) -> Iterator[tuple[object, ...]]:
    """Yield the header and the rows of a table; None where there is no text.

    `error` says which cells failed, and why: `model=A: REASON; model=B: REASON`.
    """
    yield header(answers.columns)
    for row in answers:
        yield _line(row, answers.columns)


def parquet_rows(answers: SideBySide) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as dicts; a lone surrogate in a text becomes U+FFFD."""
    names = header(answers.columns)
    for row in answers:
        cells = (
            to_bytes(one).decode() if isinstance(one, str) else one for one in _line(row, answers.columns)
        )
        yield dict(zip(names, cells, strict=True))


def parquet_schema(columns: Iterable[Column]) -> Callable[[Any], Any]:
    """Return what makes the columns of the table, from pyarrow."""
    kinds = [(name, "int64" if name in ("index", "choice") else "string") for name in header(columns)]
    return lambda pa: pa.schema([(name, getattr(pa, kind)()) for name, kind in kinds])


def _line(row: ComparedRow, columns: Iterable[Column]) -> tuple[object, ...]:
    texts = (None if cell is None or cell.error else cell.text for cell in row.cells)
    return (row.row_id, row.row_index, row.choice, row.prompt, *texts, _errors(row, columns))


def _errors(row: ComparedRow, columns: Iterable[Column]) -> str:
    pairs = zip(columns, row.cells, strict=True)
    found = [(column.label, cell.error) for column, cell in pairs if cell and cell.error]
    return "; ".join(f"{label}: {error}" if label else error for label, error in found)


def _row_index(record: Record) -> int:
    own = record.get("row_index")
    index: int = own if type(own) is int and 0 <= own <= MAX_INDEX else record["index"]
    return index


def _label(record: Record) -> str:
    values = record.get("matrix")
    return label_of(values) if isinstance(values, dict) else ""


def _choices(record: Record) -> list[Cell]:
    cells = [Cell(_text(one.get("text")), _text(one.get("finish_reason"))) for one in choices_of(record)]
    error = record["error"]
    if error is None:
        return cells
    message = error.get("message") if isinstance(error, dict) else None
    return [Cell(error=_text(message) or "failed")]


def _cell(record: Record | None, cells: list[Cell] | tuple[()], choice: int) -> Cell | None:
    """Return the cell of a choice, an empty one if other combinations have more choices."""
    if record is None:
        return None
    return cells[choice] if choice < len(cells) else Cell()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else jsontext.encode(value).decode("utf-8")
