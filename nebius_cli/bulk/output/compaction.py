"""Reduces a finished output to one record per row, in input order on request."""

from collections.abc import Iterator
from pathlib import Path

from nebius_cli.bulk.output.read_records import ANSWER, RecordReader, counting, open_answers
from nebius_cli.bulk.output.record_format import add_usage, scan_head
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core.errors import OutputError
from nebius_cli.system.output_file import replace_file


def compact(path: Path, *, ordered: bool, before: int) -> int:
    """Drop replaced records and lines that are not records; sort by index if `ordered`.

    The usage of a dropped record is added to the one that replaces it. `before` is the number of records when
    the run began; returns how many answers among them are left. With `before` 0, each row has one record, so
    nothing is dropped. Memory: 25 bytes per record, and 16 per dropped one. The file is replaced in one step,
    or left alone if nothing would change. Raises OutputError; the file is then unchanged, or not sorted.
    """
    kept = 0
    if before:
        with open_answers(path) as file:
            counts, replaced_by, records = counting(file, path)
        if 0 in counts or records.broken:
            _write(path, _current(path, counts, replaced_by))
        kept = counts[:before].count(ANSWER)
    if ordered:
        offsets = _offsets(path)
        if not _is_sorted(offset for _, offset in offsets):
            _write(path, _lines_at(path, offsets))
    return kept


def _offsets(path: Path) -> IndexSort:
    """Return the row index and offset of each record."""
    offsets = IndexSort()
    with open_answers(path) as file:
        for offset, _, head in RecordReader(file, path):
            offsets.add(head.row_index, offset)
    return offsets


def _current(path: Path, counts: bytearray, replaced_by: IndexSort) -> Iterator[bytes]:
    """Yield the current records, with the usage of those that they replace added."""
    waiting = iter(replaced_by)
    replacement, offset = next(waiting, (-1, 0))
    with open_answers(path) as file, path.open("rb") as again:
        for number, (_, line, head) in enumerate(RecordReader(file, path)):
            kept, kept_head = line, head
            while replacement == number:
                again.seek(offset)
                if (dropped := scan_head(again.readline())) is not None:
                    kept, kept_head = add_usage(kept, kept_head, dropped)
                replacement, offset = next(waiting, (-1, 0))
            if counts[number]:
                yield kept


def _is_sorted(numbers: Iterator[int]) -> bool:
    last = -1
    for number in numbers:
        if number < last:
            return False
        last = number
    return True


def _lines_at(path: Path, offsets: IndexSort) -> Iterator[bytes]:
    with path.open("rb") as file:
        for _, offset in offsets:
            file.seek(offset)
            yield file.readline()


def _write(path: Path, lines: Iterator[bytes]) -> None:
    try:
        with replace_file(str(path)) as write:
            for line in lines:
                write(line)
    except OutputError as error:
        error.hint = "all answers are kept; run the same command again to tidy the file"
        raise
