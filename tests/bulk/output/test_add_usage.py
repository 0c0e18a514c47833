"""The usage of a dropped record is added to that of the record that replaces it."""

import json
from typing import Any

import pytest

from nebius_cli.bulk.output.record_format import RecordHead, add_usage, scan_head
from tests.support.answers import answer, row


def head_of(line: bytes) -> RecordHead:
    head = scan_head(line)
    assert head is not None
    return head


def used(prompt: int, completion: int, cost: str | None) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "cost": cost}


@pytest.mark.parametrize(
    ("dropped", "expected"),
    [
        (used(1, 2, "0.5"), used(4, 6, "0.75")),
        (used(1, 2, None), used(4, 6, None)),
        (used(0, 0, "0.5"), used(3, 4, "0.75")),
        (None, used(3, 4, "0.25")),
    ],
)
@pytest.mark.parametrize("spaced", [True, False])
def test_usage_is_added_and_the_rest_of_the_record_is_unchanged(
    dropped: dict[str, Any] | None, expected: dict[str, Any], *, spaced: bool
) -> None:
    line = answer(row(0, own_id='a","usage":null,"'))
    if spaced:  # as rewritten by another tool
        line = json.dumps(json.loads(line)).encode() + b"\n"
    other = head_of(json.dumps({**json.loads(line), "usage": dropped}).encode() + b"\n")
    new, head = add_usage(line, head_of(line), other)
    assert json.loads(new) == {**json.loads(line), "usage": expected}
    assert (new.endswith(b"}\n"), head) == (True, head_of(new))
    assert (new == line) == (dropped is None)


def test_a_record_without_usage_gets_that_of_the_dropped_record() -> None:
    line = json.dumps({**json.loads(answer(row(0))), "usage": None}).encode() + b"\n"
    new, _ = add_usage(line, head_of(line), head_of(answer(row(0))))
    assert json.loads(new)["usage"] == used(3, 4, "0.25")
