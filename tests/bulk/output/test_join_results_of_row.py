"""The results of the parts of a row are joined into the result of the row."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.output.join_results_of_row import PartJoiner
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.core.errors_and_exit_codes import NbxError, RejectedError
from tests.support.bulk import make_row
from tests.support.item_rows import WordRows


def result(part: int, value: Any, usage: Any = None, error: NbxError | None = None, of: int = 2) -> Result:
    row = replace(make_row(3), item=WordRows.of("a b"), part=part, part_count=of)
    return Result(row, part + 1, 0.5 - part / 10, usage, error, None if error else value)


def used(prompt: int | None, cost: str | None) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": 1, "cost": cost}


def test_a_row_of_one_part_is_joined_at_once() -> None:
    joined = PartJoiner(WordRows()).add(result(0, "x", used(2, None), of=1))
    assert joined is not None
    assert (joined.response, joined.usage) == ({"joined": ["x"]}, used(2, None))


def test_parts_are_joined_in_order_and_their_usage_is_added_up() -> None:
    joiner = PartJoiner(WordRows())
    assert joiner.add(result(1, "b", used(2, "0.1"))) is None
    joined = joiner.add(result(0, "a", used(3, "0.20")))
    assert joined is not None
    assert joined.response == {"joined": ["a", "b"]}
    assert (joined.attempts, joined.latency_s) == (2, 0.5)
    assert joined.usage is not None
    assert Decimal(joined.usage.pop("cost")) == Decimal("0.3")
    assert joined.usage == {"prompt_tokens": 5, "completion_tokens": 2}
    assert joiner.incomplete() == []


def test_usage_that_is_unknown_for_one_part_is_unknown_for_the_row() -> None:
    joiner = PartJoiner(WordRows())
    joiner.add(result(1, "b", used(None, None)))
    joined = joiner.add(result(0, "a", used(3, "0.2")))
    assert joined is not None
    assert joined.usage == {"prompt_tokens": None, "completion_tokens": 2, "cost": None}


def test_a_row_with_a_failed_part_fails_and_its_usage_is_kept() -> None:
    joiner, error = PartJoiner(WordRows()), RejectedError("no")
    joiner.add(result(1, "", error=error))
    joined = joiner.add(result(0, "a", used(3, "0.2")))
    assert joined is not None
    assert (joined.error, joined.response, joined.usage) == (error, None, used(3, "0.2"))


def test_the_usage_of_an_incomplete_row_is_kept() -> None:
    joiner = PartJoiner(WordRows())
    joiner.add(result(0, "a", used(3, "0.2"), of=3))
    joiner.add(result(2, "c", of=3))
    [left] = joiner.incomplete()
    assert (left.usage, left.response) == (used(3, "0.2"), None)
