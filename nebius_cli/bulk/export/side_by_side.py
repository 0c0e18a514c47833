"""Puts the answers of a `--matrix` run side by side: one line per input row, one column per combination."""

import itertools
from collections.abc import Iterator, Mapping

from nebius_cli.bulk.export.choice_rows import choices_of, text_or_json
from nebius_cli.bulk.export.side_by_side_columns import Cell, Column, ComparedRow, Record
from nebius_cli.bulk.input.matrix_combination import label_of
from nebius_cli.bulk.output.read_answers_in_order import AnswerFile
from nebius_cli.bulk.output.record_format import MAX_INDEX
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.bulk.output.unfinished_row_error import is_unfinished


class SideBySide:
    """The records of an output as rows and columns. The file is read twice; memory: 16 bytes per record.

    Iterate once.
    """

    def __init__(self, records: AnswerFile) -> None:
        self._records = records
        self._order = IndexSort()  # index of the row in the input, offset of the record
        columns: dict[str, Column] = {}
        first: dict[str, tuple[int, int]] = {}  # the index of a column's first record, and that of its row
        for offset, record in records.located():
            row_index, label = _row_index(record), _label(record)
            self._order.add(row_index, offset)
            first.setdefault(label, (record["index"], row_index))
            columns.setdefault(label, Column(label)).add(record)

        def number(label: str) -> int:  # of the combination, even if its first answers are missing
            index, row_index = first[label]
            return index - row_index * len(columns)

        self.columns = tuple(columns[label] for label in sorted(columns, key=number))
        self.missing = 0  # answers missing from the rows yielded so far

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
        prompt = next(
            (text_or_json(record["prompt"]) for record in answers.values() if "prompt" in record), None
        )
        answers = {label: one for label, one in answers.items() if not is_unfinished(one["error"])}
        self.missing += len(self.columns) - len(answers)
        texts = {label: _choices(record) for label, record in answers.items()}
        for choice in range(max([1, *map(len, texts.values())])):
            cells = (_cell(answers.get(one.label), texts.get(one.label, ()), choice) for one in self.columns)
            yield ComparedRow(row_id, index, choice, prompt, tuple(cells))


def _row_index(record: Record) -> int:
    own = record.get("row_index")
    index: int = own if type(own) is int and 0 <= own <= MAX_INDEX else record["index"]
    return index


def _label(record: Record) -> str:
    values = record.get("matrix")
    return label_of(values) if isinstance(values, dict) else ""


def _choices(record: Record) -> list[Cell]:
    error = record["error"]
    if error is None:
        choices = choices_of(record)
        return [
            Cell(text_or_json(one.get("text")), text_or_json(one.get("finish_reason")) or "")
            for one in choices
        ]
    message = error.get("message") if isinstance(error, dict) else None
    return [Cell(error=text_or_json(message) or "failed")]


def _cell(record: Record | None, cells: list[Cell] | tuple[()], choice: int) -> Cell | None:
    """Return the cell of a choice, an empty one if other combinations have more choices."""
    if record is None:
        return None
    return cells[choice] if choice < len(cells) else Cell()
