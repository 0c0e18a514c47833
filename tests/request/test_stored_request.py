"""A stored body becomes a request again, and is sent byte for byte."""

from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import BadInputError
from nebius_cli.request.read_prompt import Prompt, as_text
from nebius_cli.request.request_body import CompletionRequest, from_body


def test_a_request_can_be_restored_from_its_body() -> None:
    fields: Any = {"model": "m", "temperature": 0.1, "n": 2, "stream": True, "ai_project_id": "p 1"}
    sent = CompletionRequest(["a", "b"], fields, {"top_k": 4})
    again = from_body(sent.encode(), sent.query())
    assert again._replace(stored_body=b"") == sent
    assert (again.encode(), again.query()) == (sent.encode(), sent.query())
    assert (again.model, again.streamed, again.choices) == ("m", True, 4)


def test_unusual_spellings_in_a_body_are_kept() -> None:
    body = b'{ "prompt":"\\u00e9", "model" : "m", "temperature":1.50 }'
    assert from_body(body, "").encode() == body


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"model":"m"}', b"nonsense", b"3"])
def test_a_body_that_is_not_a_request_is_reported(body: bytes) -> None:
    with pytest.raises(BadInputError, match="cannot be sent again"):
        from_body(body, "")


def test_the_model_is_the_one_that_is_sent() -> None:
    assert CompletionRequest("x", {"model": "a"}, {"model": "b"}).model == "b"
    assert CompletionRequest("x", {}).model == ""


@pytest.mark.parametrize(
    ("prompt", "text"),
    [("a\nb", "a\nb"), (["a", "b"], "a\nb"), ([1, 2], "[1,2]"), ([[1], [2, 3]], "[[1],[2,3]]")],
)
def test_every_form_of_a_prompt_has_a_text(prompt: Prompt, text: str) -> None:
    assert as_text(prompt) == text
