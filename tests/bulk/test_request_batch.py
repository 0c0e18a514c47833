"""A single row is sent unchanged; rows that share a request are in its prompt array."""

import json

import pytest

from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import NOTHING
from nebius_cli.bulk.send_queue import RowGroups
from tests.support.bulk import make_row


def test_the_body_of_a_single_row_is_sent_unchanged() -> None:
    row = make_row(0, query="ai_project_id=a")
    batch = Batch([row], NOTHING)
    assert (batch.body, batch.query, batch.choices) == (row.body, "ai_project_id=a", 1)


@pytest.mark.parametrize("common", [b'{"model":"m","n":2}', b"{}", b' {"a": 1} '])
def test_a_group_has_all_its_prompts_and_their_common_fields(common: bytes) -> None:
    batch = Batch([make_row(0, 'a"é', common=common, n=2), make_row(1, "b", common=common, n=2)], NOTHING)
    assert json.loads(batch.body) == {**json.loads(common), "prompt": ['a"é', "b"]}
    assert batch.choices == 4


def test_token_ids_share_a_request_with_token_ids() -> None:
    batch = Batch([make_row(0, [1, 2]), make_row(1, [3])], NOTHING)
    assert json.loads(batch.body)["prompt"] == [[1, 2], [3]]


def test_only_rows_with_the_same_fields_share_a_request() -> None:
    for other in (
        make_row(1, common=b'{"model":"other"}'),
        make_row(1, query="ai_project_id=a"),
        make_row(1, [1, 2]),
    ):
        groups = RowGroups(2, 1)
        groups.add(make_row(0))
        groups.add(other)
        assert groups.take(incomplete=False) == [make_row(0)]
        assert groups.take(incomplete=False) is None
        assert groups.take(incomplete=True) == [other]


def test_alternating_rows_are_collected_in_parallel_groups() -> None:
    models = [b'{"model":"a"}', b'{"model":"b"}', b'{"model":"c"}']
    groups = RowGroups(2, 2)
    for index, model in enumerate((0, 1, 0, 1, 0, 2, 1, 2)):
        groups.add(make_row(index, common=models[model]))
    assert len(groups) == 8
    taken = []
    while rows := groups.take(incomplete=True):
        taken.append([row.index for row in rows])
    assert taken == [[0, 2], [1, 3], [4], [5, 7], [6]]
    assert len(groups) == 0
