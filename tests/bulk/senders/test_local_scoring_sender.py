"""Items that are evaluated by a local function."""

from dataclasses import replace
from typing import Any

import pytest

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import NOTHING
from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender
from nebius_cli.core.errors_and_exit_codes import RejectedError, ServerError
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row
from tests.support.item_rows import Item, WordRows

TOO_LONG, DEAD = RejectedError("too long"), ServerError("the engine ended by itself")
LIMITS = Limits(0, 0, 0, 0)


def evaluate(item: Item, part: int) -> tuple[Any, int]:
    word = item.prompts[part]
    if word in ("long", "dead"):
        raise TOO_LONG if word == "long" else DEAD
    return word.upper(), len(word)


def batch(*words: str) -> Batch:
    item = WordRows.of(" ".join(words))
    return Batch([replace(make_row(0), item=item, part=part) for part in range(len(words))], NOTHING)


def test_each_part_gets_its_value_or_its_error_and_tokens_are_counted() -> None:
    sender = LocalScoringSender(evaluate)
    with sender.turn:
        answer = sender.start(batch("a", "long", "bc"), Deadline(LIMITS, lambda: 0.0)).finish()
    assert answer == (["A", TOO_LONG, "BC"], Usage(3, 0, 3), "", {}, False, "")
    assert sender.exit_error is None


def test_a_function_that_fails_for_good_ends_the_run() -> None:
    sender = LocalScoringSender(evaluate)
    with pytest.raises(ServerError):
        sender.start(batch("dead"), Deadline(LIMITS, lambda: 0.0)).finish()
    assert sender.exit_error is DEAD
