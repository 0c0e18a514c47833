"""The index of a record can be changed; the rest of the record is unchanged."""

import json

import pytest

from nebius_cli.bulk.output.record_format import scan_head
from nebius_cli.bulk.output.set_record_index import with_index
from tests.support.answers import answer, row


@pytest.mark.parametrize("own_id", ["a", 'q"\\,"index":5', "é\ud800", -7])
def test_only_the_index_changes(own_id: str | int) -> None:
    line = answer(row(3, 'a ,"index":3', own_id), 'b ,"index":3,"row_index":3')
    changed = with_index(line, 12, combinations=2)
    assert json.loads(changed) == json.loads(line) | {"index": 12}
    assert changed.replace(b'"index":12', b'"index":3', 1) == line


def test_the_row_index_of_a_matrix_record_is_changed_too() -> None:
    line = answer(row(3, "p"), "t").replace(
        b',"prompt"', b',"row":"a]\\"","row_index":1,"matrix":{"n":1},"prompt"'
    )
    changed = json.loads(with_index(line, 7, combinations=3))
    assert (changed["index"], changed["row_index"]) == (7, 2)
    assert json.loads(with_index(line, 7))["row_index"] == 1


def test_a_record_that_another_program_has_rewritten_is_parsed() -> None:
    record = json.loads(answer(row(3, "p"), "t"))
    line = with_index(json.dumps(dict(reversed(record.items()))).encode() + b"\n", 4)
    head = scan_head(line)
    assert (json.loads(line), head and head.row_index) == (record | {"index": 4}, 4)
