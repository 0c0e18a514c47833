"""Answers, as objects or streams, are checked to be complete; the answer of a group is split."""

import json
from typing import Any

import pytest

from nebius_cli.bulk.check_answer import CompleteAnswer, check_answer, split_group
from nebius_cli.core.errors_and_exit_codes import IncompleteError
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row
from tests.support.server import USAGE, event, token

JSON, EVENTS = "application/json", "text/event-stream"


def choice(index: Any = 0, **more: Any) -> dict[str, Any]:
    return {"index": index, "text": "a", "finish_reason": "stop", **more}


def body(*choices: Any, **more: Any) -> bytes:
    return json.dumps({"id": "x", "choices": list(choices), **more}).encode()


def test_a_complete_answer_is_kept_unchanged() -> None:
    data = body(choice(0), choice(1), usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
    complete = check_answer(data, JSON, 2)
    assert (complete.raw, complete.value, complete.usage) == (data, json.loads(data), Usage(1, 2, 3))


@pytest.mark.parametrize("usage", [{}, {"usage": None}, {"usage": [1]}])
def test_usage_is_unknown_if_the_server_sends_none(usage: dict[str, Any]) -> None:
    assert check_answer(body(choice(), **usage), JSON, 1).usage is None


def test_choices_out_of_order_are_sorted() -> None:
    complete = check_answer(body(choice(1, text="b"), choice(0)), JSON, 2)
    assert complete.raw is None
    assert [each["text"] for each in complete.value["choices"]] == ["a", "b"]


def test_a_stream_is_joined_into_one_object() -> None:
    data = b"".join(event(value) for value in (token("a"), token("b", reason="stop"), USAGE, b"[DONE]"))
    complete = check_answer(data, EVENTS, 1)
    assert [each["text"] for each in complete.value["choices"]] == ["ab"]
    assert (complete.raw, complete.usage) == (None, Usage(5, 2, 7))


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        (b"", JSON, 1),
        (b"<html>", "text/html", 1),
        (b'{"choices": [', JSON, 1),
        (b"[1]", JSON, 1),
        (b"[" * 100_000, JSON, 1),
        (body(), JSON, 1),
        (body(choice()), JSON, 2),
        (body(choice(), choice(1)), JSON, 1),
        (body(choice(finish_reason=None)), JSON, 1),
        (body(choice(finish_reason=7)), JSON, 1),
        (body(choice(), error={"message": "broke"}), JSON, 1),
        (body("text"), JSON, 1),
        (event(token("a")), EVENTS, 1),
        (event(token("a", reason="stop")) + event(token("b", index=3, reason="stop")), EVENTS, 1),
    ],
)
def test_malformed_and_truncated_answers_are_incomplete(data: bytes, kind: str, expected: int) -> None:
    with pytest.raises(IncompleteError) as caught:
        check_answer(data, kind, expected)
    assert caught.value.why


def test_an_incomplete_answer_is_reported_with_its_request_id() -> None:
    with pytest.raises(IncompleteError, match=r"^the answer is incomplete \(request r-7\)"):
        check_answer(b"", JSON, 1, "r-7")
    with pytest.raises(IncompleteError, match=r"^the answer is incomplete(?! \()"):
        check_answer(b"", JSON, 1)


def test_a_choice_without_text_is_complete() -> None:
    complete = check_answer(body(choice(text=None)), JSON, 1)
    assert complete.value["choices"][0]["text"] == ""


def test_a_single_row_keeps_the_complete_answer() -> None:
    data = body(choice(0), choice(1))
    assert split_group(check_answer(data, JSON, 2), [make_row(0, n=2)]) == [data]
    assert split_group(CompleteAnswer({"choices": []}, None, None), [make_row(0)]) == [{"choices": []}]


def test_a_group_is_split_by_index() -> None:
    choices = [choice(number, text=text) for number, text in enumerate("abcd")]
    complete = check_answer(body(*choices, usage={"prompt_tokens": 1}), JSON, 4)
    first, second = split_group(complete, [make_row(0, n=2), make_row(1, n=2)])
    assert first == {"id": "x", "choices": [choice(0), choice(1, text="b")], "usage": None}
    assert second == {"id": "x", "choices": [choice(0, text="c"), choice(1, text="d")], "usage": None}
