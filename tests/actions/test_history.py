"""`nbx history`: listing, showing, searching, rerunning and deleting requests."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import entry, keep, ledger_of, text
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, answer, json_answer, sse, token
from tests.support.weights import real_weights

NOW = time.time()
DAY = 86_400
PERSON: dict[str, Any] = {"stdout_tty": True, "stderr_tty": True}
SCREEN = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"}
KEEP = {"NBX_HISTORY_TEXT": "true"}


@pytest.fixture
def stocked(nbx: Runner) -> Runner:
    """nbx with four requests in its ledger, the third without its text."""
    keep(
        nbx,
        entry(NOW - 3 * DAY, text=text("The capital of France is", " Paris.\n", " Rome.")),
        entry(NOW - 2 * DAY, text=text("東京都に行く人", "naïve Straße")),
        entry(NOW - DAY, exit=7, usage=None, cost=None, finish=""),
        entry(NOW, text=text('AND "quoted" (text) a* NEAR', "x y")),
    )
    return nbx


def ids(result: Result) -> list[str]:
    return [line.split("\t")[0] for line in result.out.splitlines()]


def test_list_shows_the_newest_request_first_with_all_figures(stocked: Runner) -> None:
    lines = [line.split("\t") for line in stocked("history").out.splitlines()]
    assert [line[0] for line in lines] == ["4", "3", "2", "1"]
    assert lines[1][2:] == ["a/model", "-", "-", "-", "0.5", "7", "-", ""]
    assert lines[3][2:] == [
        "a/model",
        "100",
        "10",
        "0.0000084",
        "0.5",
        "0",
        "stop",
        "The capital of France is → Paris. Rome.",
    ]
    assert ids(stocked("history", "list", "--limit", "2")) == ["4", "3"]
    assert ids(stocked("history", "--since", "yesterday")) == ["4", "3"]
    assert [row["id"] for row in stocked("history", "--json").json["requests"]] == [4, 3, 2, 1]


def test_a_terminal_shows_a_table_that_fits_its_width(stocked: Runner) -> None:
    result = stocked("history", **PERSON, env=SCREEN)
    lines = result.out.splitlines()
    assert lines[0].split() == ["id", "time", "model", "tokens", "cost", "end", "text"]
    assert "exit 7" in lines[3]
    assert "The capital of" in lines[5]
    narrow = stocked("history", **PERSON, env={**SCREEN, "COLUMNS": "40"}).out.splitlines()
    assert max(map(len, narrow)) <= 40
    assert "model" not in narrow[0]


def test_without_texts_a_note_says_how_to_store_them(nbx: Runner) -> None:
    assert nbx("history").err == "nbx: the ledger has no requests\n"
    assert nbx("history", "--since", "1d").err == "nbx: the ledger has no requests in this period\n"
    keep(nbx, entry(NOW))
    hint = "nbx: texts are not stored; nbx config set history.text true stores texts from now on\n"
    assert nbx("history").err == hint
    assert nbx("history", "show", "1").err == hint
    assert nbx("history", "show", "1", env=KEEP).err == "nbx: the text of this request is not stored\n"
    assert nbx("history", env=KEEP).err == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["paris"], ["1"]),
        (["PARIS", "france"], ["1"]),
        (["apit", "om"], ["1"]),  # parts of words
        (["paris nowhere"], []),
        (["東京"], ["2"]),
        (["に"], ["2"]),
        (["都に行"], ["2"]),
        (["NAÏVE"], ["2"]),
        (["AND"], ["4"]),
        (['"quoted"'], ["4"]),
        (["a*"], ["4"]),
        (["NEAR"], ["4"]),
        (["(text)", "OR"], []),
        (['"'], ["4"]),
        (["-"], []),
        (["prompt:x"], []),
        (["x", "y"], ["4"]),
    ],
    ids=str,
)
def test_any_text_can_be_searched_for(stocked: Runner, words: list[str], found: list[str]) -> None:
    result = stocked("history", "search", "--", *words)
    assert (result.code, ids(result)) == (0, found)
    assert bool(result.err) == (not found)


def test_a_search_shows_the_text_around_the_word(nbx: Runner) -> None:
    keep(nbx, entry(NOW, text=text("blah " * 40 + "needle " + "blah " * 40, "\x1b[31mred")))
    result = nbx("history", "search", "needle", **PERSON, env=SCREEN)
    assert "needle" in result.out
    assert "\x1b" not in nbx("history", "search", "red", **PERSON, env=SCREEN).out
    assert nbx("history", "search").code == nbx("history", "search", " ").code == 2


def test_show_prints_everything_that_is_stored(stocked: Runner) -> None:
    pairs = dict(line.split("\t") for line in stocked("history", "show", "1").out.splitlines())
    assert pairs["prompt"] == '"The capital of France is"'
    assert pairs["answers"] == '[" Paris.\\n"," Rome."]'
    assert pairs["input_price"] == "0.00000006"
    value = stocked("history", "show", "1", "--json").json
    assert value["answers"] == [" Paris.\n", " Rome."]
    assert value["body"] == '{"model":"a/model","prompt":"The capital of France is","stream":true}'
    assert stocked("history", "show", "3", "--json").json["body"] is None
    seen = stocked("history", "show", "1", **PERSON, env=SCREEN).out
    [latency] = [line.split()[1] for line in seen.splitlines() if line.startswith("latency")]
    assert len(latency.partition(".")[2]) == 3
    assert "── answer 2 ──" in seen
    assert seen.endswith(" Rome.\n")
    colored = stocked("history", "show", "2", "--color", "always", **PERSON, env=SCREEN).out
    assert "\x1b[2m── answer ──" in colored


def test_rerun_sends_the_stored_body_byte_for_byte(nbx: Runner, server: FakeServer) -> None:
    server.script(answer(" one"), answer(" two"), answer(" three"))
    odd = ["--temperature", "0.10", "--param", "top_k=4", "--stop", "é", "--ai-project-id", "p 1"]
    nbx("complete", "Say é \U0001f600", *odd, env=KEEP)
    assert nbx("history", "rerun", "1", env=KEEP).out == " two\n"
    assert nbx("history", "rerun", "2").out == " three\n"
    first, *others = server.requests
    for request in others:
        assert (request.body, request.target) == (first.body, first.target)
    assert len(ids(nbx("history"))) == 3


def test_rerun_shows_the_answer_as_complete_does(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    two = sse(token("a", 0), token("b", 1), token("", 0, "stop"), token("", 1, "stop"))
    server.script(two, two, two, two, json_answer("w"), json_answer("w"))
    nbx("complete", "x", "-n", "2", env=KEEP)
    assert nbx("history", "rerun", "1").out == "a\nb\n"
    choices = nbx("history", "rerun", "1", "--json").json["choices"]
    assert [choice["text"] for choice in choices] == ["a", "b"]
    assert nbx("history", "rerun", "1", "-o", str(tmp_path / "f"), "-N", "--no-ledger").out == ""
    assert (tmp_path / "f").read_text() == "a\nb"
    nbx("complete", "x", "--no-stream", env=KEEP)
    assert nbx("history", "rerun", "4").out == "w\n"


def test_rerun_says_what_it_needs_to_send_a_request_again(stocked: Runner) -> None:
    refused = stocked("history", "rerun", "3")
    assert (refused.code, refused.err.splitlines()[0]) == (2, "nbx: cannot send request 3 again")
    keep(stocked, entry(NOW, "my-model", host="local", text=text("x", "y")))
    refused = stocked("history", "rerun", "5")
    assert (refused.code, refused.err.splitlines()[2]) == (2, "  add --model-file FILE")
    keep(stocked, entry(NOW, text=text("x", "y")._replace(body=b"[]")))
    assert stocked("history", "rerun", "6").code == 65
    assert stocked("history", "rerun", "1", "--json", "--ndjson").code == 2


@pytest.mark.engine
def test_a_local_request_is_rerun_locally_and_costs_nothing(nbx: Runner) -> None:
    cache = {"NBX_CACHE_DIR": str(real_weights().parent.parent), **KEEP}
    args = ("--local", "The opposite of hot is", "--max-tokens", "1", "--temperature", "0")
    assert nbx("complete", *args, env=cache).out == " cold\n"
    assert nbx("history", "rerun", "1", env=cache).out == " cold\n"
    rows = nbx("usage", "export", "--json").json["requests"]
    assert [(row["host"], row["cost"], row["input_price"]) for row in rows] == [("local", "0", "0")] * 2


@pytest.mark.parametrize("command", ["show", "rerun", "rm"])
@pytest.mark.parametrize("typed", [[], ["9"], ["x"], ["-1"], ["1.0"], ["9" * 30], ["9" * 5000], ["½"]])
def test_an_invalid_or_unknown_id_is_a_usage_error(stocked: Runner, command: str, typed: list[str]) -> None:
    assert stocked("history", command, "--", *typed).code == 2
    assert len(ids(stocked("history"))) == 4


def test_deleted_requests_leave_no_trace_on_the_disk(stocked: Runner) -> None:
    assert stocked("history", "rm", "1", "2").code == 0
    assert ids(stocked("history")) == ["4", "3"]
    folder = ledger_of(stocked).path.parent
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for gone in ("capital of France", "Paris", "東京", "Straße", "apital"):
        assert gone.encode() not in kept
    assert b"quoted" in kept
    assert stocked("history", "search", "paris").out == ""
    assert stocked("history", "rm", "77").err == "nbx: no request 77\n  nbx history list shows the IDs\n"
    refused = stocked("history", "rm", "3", "77")
    assert refused.err.splitlines()[:2] == ["nbx: no request 77", "  the others were deleted: 3"]
    keep(stocked, entry(NOW))
    assert ids(stocked("history"))[0] == "5"  # an ID is never used twice


def test_prune_deletes_old_requests_with_or_without_text(stocked: Runner) -> None:
    assert stocked("history", "prune").code == 2
    assert stocked("history", "prune", "--older-than", "soon").code == 2
    assert (
        stocked("history", "prune", "--older-than", "36h").err == "nbx: deleted 2 requests older than 36h\n"
    )
    assert ids(stocked("history")) == ["4", "3"]
    assert stocked("history", "prune", "--older-than", "12h").err == "nbx: deleted 1 request older than 12h\n"
    assert (
        stocked("history", "prune", "--older-than", "12h").err == "nbx: deleted 0 requests older than 12h\n"
    )


@pytest.mark.parametrize("limit", ["0", "x", "-1", "½", "9" * 30, "9" * 5000])
def test_an_invalid_limit_is_a_usage_error(stocked: Runner, limit: str) -> None:
    assert stocked("history", "--limit", limit).code == 2
