"""A finished file of answers → the same with one record a row, in input order if asked to."""

from collections.abc import Iterator
from pathlib import Path

from nebius_cli.bulk.output.carry import add_usage
from nebius_cli.bulk.output.index_sort import IndexSort
from nebius_cli.bulk.output.record import scan_head
from nebius_cli.bulk.output.record_file import ANSWER, Records, counting, open_answers
from nebius_cli.core.errors import OutputError
from nebius_cli.system import whole


def settle(path: Path, *, ordered: bool, before: int) -> int:
    """Drop records that later ones replace and lines that are no records; sort by index if `ordered`.

    `before` is how many records there were when the run began; returns how many answers of them are left.
    What the dropped ones took is added to the record that takes their place. Without any records before,
    each row has one. Memory: 25 bytes a record and 16 for each dropped one, whatever they hold. The file is
    replaced in one step, or left alone where nothing would change. Raises OutputError; then it is as it was,
    or dropped from but in no order.
    """
    kept = 0
    if before:
        with open_answers(path) as file:
            counts, heirs, records = counting(file, path)
        if 0 in counts or records.broken:
            _write(path, _counted(path, counts, heirs))
        kept = counts[:before].count(ANSWER)
    if ordered:
        places = _places(path)
        if not _rising(place for _, place in places):
            _write(path, _lines_at(path, places))
    return kept


def _places(path: Path) -> IndexSort:
    """Return index and place of each record."""
    places = IndexSort()
    with open_answers(path) as file:
        for place, _, head in Records(file, path):
            places.add(head.row_index, place)
    return places


def _counted(path: Path, counts: bytearray, heirs: IndexSort) -> Iterator[bytes]:
    """Yield the records that count, with what those took that they replace."""
    waiting = iter(heirs)
    heir, place = next(waiting, (-1, 0))
    with open_answers(path) as file, path.open("rb") as again:
        for number, (_, line, head) in enumerate(Records(file, path)):
            kept, whose = line, head
            while heir == number:
                again.seek(place)
                if (dropped := scan_head(again.readline())) is not None:
                    kept, whose = add_usage(kept, whose, dropped)
                heir, place = next(waiting, (-1, 0))
            if counts[number]:
                yield kept


def _rising(numbers: Iterator[int]) -> bool:
    last = -1
    for number in numbers:
        if number < last:
            return False
        last = number
    return True


def _lines_at(path: Path, places: IndexSort) -> Iterator[bytes]:
    with path.open("rb") as file:
        for _, place in places:
            file.seek(place)
            yield file.readline()


def _write(path: Path, lines: Iterator[bytes]) -> None:
    try:
        with whole.to_file(str(path)) as write:
            for line in lines:
                write(line)
    except OutputError as error:
        error.hint = "every answer is there as before; the same command again puts the file in order"
        raise
