"""One row goes out as it is; rows that share a request stand in its prompt array."""

import json

import pytest

from nebius_cli.bulk.batch import Batch, may_share
from nebius_cli.bulk.budget import NOTHING
from tests.support.bulk import asking


def test_a_row_alone_goes_out_byte_for_byte() -> None:
    row = asking(0, query="ai_project_id=a")
    batch = Batch([row], NOTHING)
    assert (batch.body, batch.query, batch.choices) == (row.body, "ai_project_id=a", 1)


@pytest.mark.parametrize("common", [b'{"model":"m","n":2}', b"{}", b' {"a": 1} '])
def test_a_group_has_all_its_prompts_and_what_they_share(common: bytes) -> None:
    batch = Batch([asking(0, 'a"é', common=common, n=2), asking(1, "b", common=common, n=2)], NOTHING)
    assert json.loads(batch.body) == {**json.loads(common), "prompt": ['a"é', "b"]}
    assert batch.choices == 4


def test_token_ids_share_a_request_with_token_ids() -> None:
    batch = Batch([asking(0, [1, 2]), asking(1, [3])], NOTHING)
    assert json.loads(batch.body)["prompt"] == [[1, 2], [3]]


def test_only_rows_that_ask_for_the_same_may_share() -> None:
    row = asking(0)
    assert may_share(row, asking(1))
    assert not may_share(row, asking(1, common=b'{"model":"other"}'))
    assert not may_share(row, asking(1, query="ai_project_id=a"))
    assert not may_share(row, asking(1, [1, 2]))
