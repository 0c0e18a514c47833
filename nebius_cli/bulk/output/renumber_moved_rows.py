"""Renumbers the answers to rows without an ID, which their position identifies, if such rows have moved."""

import re
from collections.abc import Iterator
from pathlib import Path

from nebius_cli.bulk.output.read_records import records_in
from nebius_cli.bulk.output.record_format import RecordHead
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import DigestSet, digest
from nebius_cli.system.output_file import replace_file

_POSITION = re.compile(rb'\{"id":\d+,"index":\d+')


def moved_records(path: Path, rows: IndexSort, claimed: DigestSet) -> IndexSort:
    """Return the number of each record whose row has moved, and the new index of that row.

    `rows` has the digest of the request, and the index, of each row without an id and without an answer;
    `claimed` has the rows that have their answer. Memory: 16 bytes for each of them.
    """
    records, moved = IndexSort(), IndexSort()
    for number, (_, _, head) in enumerate(records_in(path)):
        if head.ok and head.id == b"%d" % head.row_index and head.row_key not in claimed:
            records.add(digest(head.body_hash), number)
    waiting = iter(rows)
    row = next(waiting, None)
    for request, number in records:
        while row is not None and row[0] < request:
            row = next(waiting, None)
        if row is not None and row[0] == request:
            moved.add(number, row[1])
            row = next(waiting, None)
    return moved


def replaces_answers(path: Path, moved: IndexSort) -> bool:
    """Return whether an answer that has not moved would be replaced by one that gets its id."""
    ids = DigestSet()
    ids.update(digest(b"%d" % index) for _, index in moved)
    return any(index is None and head.ok and head.row_key in ids for _, head, index in _records(path, moved))


def renumber(path: Path, moved: IndexSort) -> None:
    """Give the records in `moved` the ids and indexes of their rows. Raises OutputError.

    They are written last, so that they replace older records with these ids. The file is replaced in one
    step.
    """
    with replace_file(str(path)) as write:
        for line, _, index in _records(path, moved):
            if index is None:
                write(line)
        for line, _, index in _records(path, moved):
            if index is not None:
                write(_at(line, index))


def _records(path: Path, moved: IndexSort) -> Iterator[tuple[bytes, RecordHead, int | None]]:
    """Yield each record and its head, with its new index if it has one."""
    waiting = iter(moved)
    number, index = next(waiting, (-1, -1))
    for place, (_, line, head) in enumerate(records_in(path)):
        if place == number:
            yield line, head, index
            number, index = next(waiting, (-1, -1))
        else:
            yield line, head, None


def _at(line: bytes, index: int) -> bytes:
    match = _POSITION.match(line)
    if match is None:  # another program has rewritten it
        return jsontext.encode(jsontext.decode(line) | {"id": index, "index": index}) + b"\n"
    return b'{"id":%d,"index":%d%b' % (index, index, line[match.end() :])
