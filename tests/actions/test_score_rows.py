"""`nbx score --jsonl` over the API: rows that fail alone, and servers without arrays or echo."""

import json
from typing import Any

import pytest

from tests.support.echo import PAIRS, TEXT, Pair, choice, echoed
from tests.support.rows import save_rows
from tests.support.run import Runner
from tests.support.server import FakeServer, detail, json_answer, status

pytestmark = pytest.mark.usefixtures("folder")


def test_rows_are_sent_in_one_request_and_printed_in_order(nbx: Runner, server: FakeServer) -> None:
    other: list[Pair] = [("Q", None), (":", -1.0), (" A", -2.0), ("!", -1.0)]
    server.script(echoed(choice("Q: A!", other, index=1), choice(TEXT + "!", PAIRS, index=0)))
    save_rows(TEXT, {"id": "q", "context": "Q:", "text": " A"})
    result = nbx("score", "--jsonl", "rows.jsonl")
    totals = "perplexity 7.3891, bits per byte 0.8244, log-likelihood -8.0000, 2 texts, 4 tokens"
    assert (result.code, result.err) == (0, f"nbx: {totals}\n")
    assert server.requests[0].json["prompt"] == [TEXT, "Q: A"]
    one, two = map(json.loads, result.out.splitlines())
    assert (one["id"], one["log_likelihood"], one["tokens"]) == (0, -6.0, 4)
    assert (two["id"], two["log_likelihood"], two["tokens"]) == ("q", -2.0, 1)


@pytest.mark.parametrize(
    "refusal", [detail(400, "one prompt"), json_answer("x")], ids=["refused", "one answered"]
)
def test_a_server_without_array_support_gets_one_row_per_request(
    nbx: Runner, server: FakeServer, refusal: Any
) -> None:
    server.script(refusal, echoed(choice(TEXT + "!", PAIRS)), detail(400, "too long"))
    command = ("score", "--jsonl", "rows.jsonl", "--concurrency", "1", "--retries", "0")
    save_rows({"id": 1, "text": TEXT}, {"id": 7, "text": "long"})
    result = nbx(*command)
    assert result.code == 9
    assert [request.json["prompt"] for request in server.requests] == [[TEXT, "long"], TEXT, "long"]
    one, two = map(json.loads, result.out.splitlines())
    assert one["log_likelihood"] == -6.0
    message = "the server answered 400: too long"
    assert (two["id"], two["error"]) == (7, {"exit": 3, "status": 400, "message": message})
    assert "1 row failed" in result.err


def test_a_server_that_fails_on_arrays_gets_one_row_per_request_from_then_on(
    nbx: Runner, server: FakeServer
) -> None:
    one = echoed(choice(TEXT + "!", PAIRS))
    server.script(detail(500, "prompt must be a string"), *[one] * 18)
    command = ("score", "--jsonl", "rows.jsonl", "--retries", "0", "--concurrency", "1")
    save_rows(*[TEXT] * 18)
    result = nbx(*command)
    assert result.code == 0
    assert [type(request.json["prompt"]) for request in server.requests] == [list] + [str] * 18
    assert result.err.count("does not accept several prompts per request") == 1


def test_bad_rows_do_not_affect_other_rows(nbx: Runner, server: FakeServer) -> None:
    unclear = choice(
        "日本!", [("", None), ("", -1.0), ("", -1.0), ("", -1.0), ("", -1.0), ("!", -1.0)], index=1
    )
    no_tokens = choice("c d!", [("c", None), ("x", -1.0), ("!", -1.0)], index=2)
    server.script(echoed(choice(TEXT + "!", PAIRS), unclear, no_tokens))
    bad = {"context": "日", "text": "本"}
    save_rows(TEXT, bad, "c d")
    result = nbx("score", "--jsonl", "rows.jsonl")
    assert result.code == 9
    one, two, three = map(json.loads, result.out.splitlines())
    assert one["log_likelihood"] == -6.0
    assert "may belong to the context or to the text" in two["error"]["message"]
    message = "the server cannot score this text: the tokens of its answer do not match the prompt"
    assert three["error"] == {"exit": 3, "status": None, "message": message}


def prompt_logprobs(text: str, pairs: list[Pair]) -> dict[str, Any]:
    """Return a choice without an echo that has the `prompt_logprobs` of vLLM."""
    positions = [
        None if logprob is None else {str(place): {"logprob": logprob, "rank": 1, "decoded_token": token}}
        for place, (token, logprob) in enumerate(pairs)
    ]
    return choice(text, [("!", -1.0)], prompt_logprobs=positions)


def test_prompt_logprobs_can_be_requested(nbx: Runner, server: FakeServer) -> None:
    server.script(echoed(prompt_logprobs("!", PAIRS[:4])))
    result = nbx("score", TEXT, "--param", "prompt_logprobs=1", "--json")
    assert (result.code, result.json["log_likelihood"]) == (0, -6.0)


def test_a_server_that_refuses_echo_is_asked_for_prompt_logprobs(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(400, "echo is not supported"), echoed(prompt_logprobs("!", PAIRS[:4])))
    assert nbx("score", TEXT, "--json").json["log_likelihood"] == -6.0


def test_an_error_that_affects_all_rows_ends_the_run(nbx: Runner, server: FakeServer) -> None:
    server.script(status(401, b'{"detail": "no"}'))
    save_rows("a b", "c d")
    assert nbx("score", "--jsonl", "rows.jsonl").code == 4
    server.script(echoed(choice("x", []), choice("y", [], index=1)), *[detail(400, "no such field")] * 2)
    save_rows("a b", "c d")
    result = nbx("score", "--jsonl", "rows.jsonl")
    assert (result.code, result.out) == (3, "")
    assert "its answer does not begin with the prompt" in result.err


def test_many_rows_are_sent_in_several_requests(nbx: Runner, server: FakeServer) -> None:
    pairs: list[Pair] = [("a", None), (" b", -1.0), ("!", -1.0)]
    server.script(echoed(*(choice("a b!", pairs, index=n) for n in range(16))), echoed(choice("a b!", pairs)))
    save_rows(*["a b"] * 17)
    result = nbx("score", "--jsonl", "rows.jsonl", "--concurrency", "1")
    assert result.code == 0
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == list(range(17))


def test_an_invalid_line_is_reported_before_anything_is_sent(nbx: Runner) -> None:
    result = nbx("score", "--jsonl", "-", stdin=b'"a"\n{"txt": 1}\n')
    assert result.code == 65
    assert "line 2" in result.err
