"""`nbx complete --continue`: the last prompt and answer are sent again exactly; new text is printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import rows_of
from tests.support.rows import RowServer, write_rows
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, json_answer, sse, token

KEEP = {"NBX_HISTORY_TEXT": "true"}


@pytest.fixture
def keeping(nbx: Runner) -> Runner:
    """nbx that stores the texts of its requests."""
    return Runner({**nbx.environ, **KEEP})


def bodies(server: FakeServer) -> list[Any]:
    return [json.loads(request.body) for request in server.requests]


def test_each_continuation_appends_exactly_the_received_text(keeping: Runner, server: FakeServer) -> None:
    parts = [" one\n\n", "\ttwo \r\n", "é\u2028\U0001f600  "]
    server.script(*(answer(part) for part in parts), answer("."))
    assert keeping("complete", "Say é:", "-N").out == parts[0]
    assert keeping("complete", "--continue", "-N").out == parts[1]
    assert keeping("complete", "--continue", "-N").out_bytes == parts[2].encode()
    assert keeping("complete", "--continue").out == ".\n"
    sent = [body["prompt"] for body in bodies(server)]
    assert sent == ["Say é:" + "".join(parts[:count]) for count in range(4)]


def test_model_and_fields_are_those_of_the_earlier_request_unless_a_flag_overrides_them(
    keeping: Runner, server: FakeServer
) -> None:
    server.script(answer("a"), answer("b"), answer("c"))
    flags = ["--temperature", "0.10", "--stop", "END", "--param", "top_k=4", "--ai-project-id", "p 1"]
    keeping("complete", "x", "-m", "first/model", *flags, "--max-tokens", "3")
    changed = {"NEBIUS_MODEL": "other/model", "NBX_TOP_P": "0.5"}
    keeping("complete", "--continue", env=changed)
    overridden = ["--max-tokens", "9", "--unset", "stop", "--param", "top_k=5", "-m", "own/model"]
    keeping("complete", "--continue", *overridden)
    first, second, third = bodies(server)
    assert second == {**first, "prompt": "xa"}
    assert [request.target for request in server.requests[1:]] == [server.requests[0].target] * 2
    del first["stop"]
    assert third == {**first, "prompt": "xab", "model": "own/model", "max_tokens": 9, "top_k": 5}


def test_any_request_of_the_history_can_be_continued(keeping: Runner, server: FakeServer) -> None:
    server.script(answer("1"), answer("2"), answer("3"))
    keeping("complete", "a")
    keeping("complete", "b")
    assert keeping("complete", "--continue-from", "1").out == "3\n"
    assert bodies(server)[2]["prompt"] == "a1"
    for typed, said in (("7", "no request 7"), ("", "'' is not a request ID")):
        gone = keeping("complete", "--continue-from", typed)
        assert (gone.code, said in gone.err) == (2, True)


def test_streaming_and_output_format_are_chosen_by_each_run(keeping: Runner, server: FakeServer) -> None:
    server.script(json_answer("a"), answer("b"), json_answer("c"))
    keeping("complete", "x", "--json")
    assert keeping("complete", "--continue").out == "b\n"
    assert keeping("complete", "--continue", "--json").json["choices"][0]["text"] == "c"
    first, second, third = bodies(server)
    assert "stream" not in first
    assert (second["stream"], "stream" in third) == (True, False)


def test_an_incomplete_answer_continues_after_the_received_text(keeping: Runner, server: FakeServer) -> None:
    server.script(sse(token("half of"), done=False), answer(" it"))
    assert keeping("complete", "x ", "--retries", "0").code == 8
    assert keeping("complete", "--continue").out == " it\n"
    assert bodies(server)[-1]["prompt"] == "x half of"


def test_an_echoed_prompt_is_sent_only_once_and_not_echoed_again(keeping: Runner, server: FakeServer) -> None:
    server.script(answer("x y"), answer(" z"))
    keeping("complete", "x", "--echo")
    assert keeping("complete", "--continue").out == " z\n"
    assert bodies(server)[1]["prompt"] == "x y"
    assert "echo" not in bodies(server)[1]


def test_an_infill_continues_between_its_markers(keeping: Runner, server: FakeServer) -> None:
    server.script(answer("mid"), answer("dle"))
    keeping("complete", "pre", "--suffix", "post", "-m", "Qwen/Qwen2.5-Coder-7B")
    assert keeping("complete", "--continue").out == "dle\n"
    first, second = bodies(server)
    assert second == {**first, "prompt": first["prompt"] + "mid"}


def test_one_of_several_answers_is_chosen_by_its_number(keeping: Runner, server: FakeServer) -> None:
    two = sse(token("a", 0), token("b", 1), token("", 0, "stop"), token("", 1, "stop"))
    server.script(two, answer("c"))
    keeping("complete", "x", "-n", "2")
    unclear = keeping("complete", "--continue")
    assert (unclear.code, unclear.err.splitlines()) == (
        2,
        ["nbx: cannot continue request 1", "  it has 2 answers", "  --choice N, 1 to 2, chooses one of them"],
    )
    keeping("complete", "--continue", "--choice", "2")
    assert bodies(server)[1]["prompt"] == "xb"
    wrong = keeping("complete", "--continue-from", "1", "--choice", "3")
    assert (wrong.code, "request 1 has 2 answers" in wrong.err) == (2, True)


def test_a_continuation_is_one_answer_unless_n_asks_for_more(keeping: Runner, server: FakeServer) -> None:
    server.script(json_answer("a", "b"), answer("c"), json_answer("d", "e"))
    keeping("complete", "x", "-n", "2", "--logprobs", "3", "--json", "--temperature", "0.5")
    command = ("complete", "--continue-from", "1", "--choice", "1")
    assert keeping(*command, env={"NBX_N": "2"}).out == "c\n"
    assert keeping(*command, "-n", "2", "--json").code == 0
    _, one, two = bodies(server)
    assert ("n" in one, "logprobs" in one, one["temperature"]) == (False, False, 0.5)
    assert (two["n"], two["temperature"]) == (2, 0.5)


def test_an_answer_to_one_of_several_prompts_is_appended_to_that_prompt(
    keeping: Runner, server: FakeServer
) -> None:
    four = sse(*(token(text, i) for i, text in enumerate("abcd")), *(token("", i, "stop") for i in range(4)))
    server.script(four, answer("e"))
    keeping("complete", "x", "y", "-n", "2")
    keeping("complete", "--continue", "--choice", "3")
    assert bodies(server)[1]["prompt"] == "yc"


@pytest.mark.parametrize("tokens", ["[1,2]", "[]"])
def test_token_ids_cannot_be_continued_with_text(keeping: Runner, server: FakeServer, tokens: str) -> None:
    server.script(answer("a"))
    keeping("complete", "--tokens", tokens, "--allow-empty")
    failed = keeping("complete", "--continue")
    assert (failed.code, "its prompt is token IDs" in failed.err) == (2, True)


def test_a_request_without_stored_text_is_refused_with_the_setting_that_stores_texts(
    nbx: Runner, server: FakeServer
) -> None:
    hint = "nbx config set history.text true stores texts from now on"
    nothing = nbx("complete", "--continue")
    assert (nothing.code, nothing.err.splitlines()) == (
        2,
        ["nbx: no request to continue", f"  {hint}"],
    )
    server.script(answer("a"))
    nbx("complete", "x")
    failed = nbx("complete", "--continue")
    assert (failed.code, failed.err.splitlines()) == (
        2,
        ["nbx: cannot continue request 1", "  its text is not stored", f"  {hint}"],
    )


def test_continue_ignores_a_bulk_run_in_between(
    keeping: Runner, server: FakeServer, row_server: RowServer, tmp_path: Path
) -> None:
    server.script(answer("a"), answer("b"))
    keeping("complete", "x")
    rows = write_rows(tmp_path / "in.jsonl", ["row"])
    there = {"NEBIUS_BASE_URL": row_server.url}
    assert keeping("bulk", str(rows), "-o", str(tmp_path / "out.jsonl"), env=there).code == 0
    assert rows_of(keeping)[-1]["run"]
    keeping("complete", "--continue")
    assert bodies(server)[1]["prompt"] == "xa"


def test_a_terminal_shows_a_note_if_the_answer_was_complete(keeping: Runner, server: FakeServer) -> None:
    cut = sse(token("a\n"), token("", 0, "length"))
    server.script(answer("a\n"), cut, answer("b"))
    keeping("complete", "x")
    said = "the answer of request 1 ended with stop; there may be nothing to add"
    err = keeping("complete", "--continue", stderr_tty=True, env={"NO_COLOR": "1"}).err
    assert said in err
    assert "-s drops it" not in err
    assert "ended with" not in keeping("complete", "--continue", stderr_tty=True).err


def test_dry_run_shows_the_continued_prompt(keeping: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    keeping("complete", "x")
    assert keeping("complete", "--continue", "--dry-run").json["prompt"] == "xa"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--continue"], "--continue takes no prompt"),
        (["--continue", "--suffix", "y"], "--continue takes no prompt"),
        (["--continue", "--continue-from", "1"], "--continue and --continue-from cannot be used together"),
        (["x", "--choice", "1"], "--choice requires --continue or --continue-from"),
    ],
)
def test_flags_that_contradict_each_other_are_a_usage_error(nbx: Runner, words: list[str], said: str) -> None:
    failed = nbx("complete", *words)
    assert (failed.code, said in failed.err) == (2, True)
