"""Reduces a finished output to one record per row, in input order on request."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from nebius_cli.bulk.output.read_records import ANSWER, CurrentRecords, RecordReader, open_answers, records_in
from nebius_cli.bulk.output.record_format import add_usage, scan_head
from nebius_cli.bulk.output.set_record_index import with_index
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core.errors_and_exit_codes import OutputError
from nebius_cli.system.output_file import replace_file


def compact(
    path: Path, *, ordered: bool, earlier: int, claimed: int, indexes: IndexSort | None, combinations: int
) -> int:
    """Drop replaced records and lines that are not records; sort by index if `ordered`.

    `earlier` is the number of records of earlier runs; `claimed` of them are answers to rows of this run.
    `indexes` has the digests of these rows and their indexes in this run, None if the indexes are unchanged;
    `combinations` is the number of combinations of a matrix, 0 without one.

    The usage of a dropped record is added to the one that replaces it. Rows that have moved get their new
    index. But if the file has answers to rows that are not in this run, each row keeps its old index, because
    an earlier run had more of the input. Returns the number of answers of earlier runs that remain. Without
    earlier records, each row has one, so nothing is dropped. Memory: 25 bytes per record, 16 per dropped one,
    and 8 per record if rows have moved. The file is replaced in one step, or not at all if nothing would
    change. Raises OutputError; the file is then unchanged, or not sorted.
    """
    kept = 0
    if earlier:
        with open_answers(path) as file:
            records, current = RecordReader(file, path), CurrentRecords()
            for offset, _, head in records:
                current.add(offset, head)
        counts = current.counting()
        kept = counts[:earlier].count(ANSWER)
        is_part = kept > claimed
        moved = None if is_part or indexes is None else current.indexes(indexes)
        if 0 in counts or records.broken or moved is not None:
            lines = _current(path, counts, current.replaced_by, keeps_index=is_part)
            _write(path, lines if moved is None else _at_index(lines, moved, counts, combinations))
    if ordered:
        offsets = _offsets(path)
        if any(after < before for before, after in pairwise(offset for _, offset in offsets)):
            _write(path, _lines_at(path, offsets))
    return kept


def _offsets(path: Path) -> IndexSort:
    """Return the row index and offset of each record."""
    offsets = IndexSort()
    for offset, _, head in records_in(path):
        offsets.add(head.row_index, offset)
    return offsets


def _current(path: Path, counts: bytearray, replaced_by: IndexSort, *, keeps_index: bool) -> Iterator[bytes]:
    """Yield the current records, with the usage of those that they replace added.

    With `keeps_index`, they get the index of the first one that they replace.
    """
    waiting = iter(replaced_by)
    replacement, offset = next(waiting, (-1, 0))
    with path.open("rb") as again:
        for number, (_, line, head) in enumerate(records_in(path)):
            kept, kept_head, index = line, head, -1
            while replacement == number:
                again.seek(offset)
                if (dropped := scan_head(again.readline())) is not None:
                    kept, kept_head = add_usage(kept, kept_head, dropped)
                    index = dropped.row_index if index < 0 else index
                replacement, offset = next(waiting, (-1, 0))
            if counts[number]:
                yield with_index(kept, index) if keeps_index and index >= 0 else kept


def _at_index(
    lines: Iterator[bytes], moved: Sequence[int], counts: bytearray, combinations: int
) -> Iterator[bytes]:
    """Yield the current records with the new indexes of their rows in `moved`; those with 0 are unchanged."""
    current = (after for after, kind in zip(moved, counts, strict=True) if kind)
    for line, after in zip(lines, current, strict=True):
        yield with_index(line, after - 1, combinations) if after else line


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
        error.hint = "all answers are kept; repeat the command to clean up the file"
        raise
