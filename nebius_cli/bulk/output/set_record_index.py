"""Changes the index of a record, which is the position of its row in the input."""

import re

from nebius_cli.bulk.output.record_format import ANY_ID, BEFORE_USAGE
from nebius_cli.core import jsontext

_INDEX = re.compile(rb'(\{"id":' + ANY_ID + rb',"index":)\d+')
_ROW_INDEX = re.compile(
    rb"(" + BEFORE_USAGE + rb'(?:null|\{[^{}]*\}),"error":null,"row":' + ANY_ID + rb',"row_index":)\d+'
)


def with_index(line: bytes, index: int, combinations: int = 0) -> bytes:
    """Return a record with this index.

    `combinations` is the number of combinations of a matrix; with a matrix, `row_index` changes too. All
    other bytes stay unchanged, unless another program has rewritten the record.
    """
    match = _INDEX.match(line)
    if match is None:
        return jsontext.encode(jsontext.decode(line) | {"index": index}) + b"\n"
    line = _replaced(line, match, index)
    of_row = _ROW_INDEX.match(line) if combinations else None
    return line if of_row is None else _replaced(line, of_row, index // combinations)


def _replaced(line: bytes, match: re.Match[bytes], number: int) -> bytes:
    return b"%b%d%b" % (match[1], number, line[match.end() :])
