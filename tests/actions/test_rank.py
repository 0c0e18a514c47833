"""`nbx rank` over the API: the order of the candidates, and the winner by each measure."""

import pytest

from tests.support.echo import Pair, choice, echoed
from tests.support.run import Runner
from tests.support.server import FakeServer, detail

CONTEXT: list[Pair] = [("A", None), (":", -1.0)]
SHORT: list[Pair] = [*CONTEXT, (" no", -2.0), ("!", -1.0)]
LONG: list[Pair] = [*CONTEXT, (" not", -1.0), (" at", -1.0), (" all", -1.0), ("!", -1.0)]
RANK = ("rank", "-c", "A:", " not at all", " no")


def script(server: FakeServer) -> None:
    server.script(echoed(choice("A: not at all!", LONG), choice("A: no!", SHORT, index=1)))


def test_candidates_are_ordered_by_total_and_show_what_they_win(nbx: Runner, server: FakeServer) -> None:
    script(server)
    result = nbx(*RANK)
    assert (result.code, result.err) == (0, "")
    assert server.requests[0].json["prompt"] == ["A: not at all", "A: no"]
    assert [line.split("\t") for line in result.out.splitlines()] == [
        ['" no"', "-2.0", "-2.0", "-0.6666666666666666", "1", "total"],
        ['" not at all"', "-3.0", "-1.0", "-0.2727272727272727", "3", "per token, per byte"],
    ]


def test_json_has_the_same_ranking(nbx: Runner, server: FakeServer) -> None:
    script(server)
    reported = nbx(*RANK, "--json").json
    assert reported["winners"] == {"total": 1, "per_token": 0, "per_byte": 0}
    assert [entry["candidate"] for entry in reported["candidates"]] == [1, 0]
    assert [entry["text"] for entry in reported["candidates"]] == [" no", " not at all"]
    assert reported["candidates"][1]["log_likelihood"] == -3.0


def test_a_terminal_shows_a_table(nbx: Runner, server: FakeServer) -> None:
    script(server)
    lines = nbx(*RANK, stdout_tty=True, env={"NO_COLOR": "1"}).out.splitlines()
    assert lines[0].split("  ")[0] == "candidate"
    assert '" no"' in lines[2]
    assert "total" in lines[2]


def test_a_server_without_arrays_gets_one_candidate_per_request(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(422, "prompt: a string"), echoed(choice("A: not at all!", LONG)))
    server.script(echoed(choice("A: no!", SHORT)))
    assert nbx(*RANK, "--json").json["winners"]["total"] == 1


def test_one_candidate_without_a_score_fails_the_ranking(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(400, "?"), echoed(choice("A: not at all!", LONG)), detail(400, "too long"))
    result = nbx(*RANK)
    assert (result.code, result.out) == (3, "")
    assert "too long" in result.err


def test_without_a_context_a_note_says_the_first_token_is_unscored(nbx: Runner, server: FakeServer) -> None:
    pairs: list[Pair] = [("a", None), (" b", -1.0), ("!", -1.0)]
    server.script(echoed(choice("a b!", pairs), choice("a b!", pairs, index=1)))
    result = nbx("rank", "a b", "a b")
    assert result.code == 0
    assert "the first token of a candidate has no prediction" in result.err


def test_tokens_are_shown_only_with_json(nbx: Runner, server: FakeServer) -> None:
    assert nbx(*RANK, "--tokens").code == 2
    script(server)
    best = nbx(*RANK, "--tokens", "--json").json["candidates"][0]
    assert best["token_logprobs"] == [{"token": " no", "logprob": -2.0, "offset": 0}]


@pytest.mark.parametrize("candidates", [(), (" one",)])
def test_fewer_than_two_candidates_are_a_usage_error(nbx: Runner, candidates: tuple[str, ...]) -> None:
    result = nbx("rank", "-c", "A:", *candidates)
    assert result.code == 2
    assert "nothing to rank" in result.err


def test_an_empty_candidate_is_reported_by_its_number(nbx: Runner) -> None:
    result = nbx("rank", "-c", "A:", " one", "")
    assert (result.code, "candidate 2 is empty" in result.err) == (2, True)


def test_a_narrow_terminal_shows_a_list(nbx: Runner, server: FakeServer) -> None:
    script(server)
    shown = nbx(*RANK, stdout_tty=True, env={"TERM": "xterm", "COLUMNS": "40", "NO_COLOR": "1"}).out
    assert [line.rstrip() for line in shown.splitlines()[:6]] == [
        '" no"',
        "  total      -2.0000",
        "  per token  -2.0000",
        "  per byte   -0.6667",
        "  tokens     1",
        "  best by    total",
    ]
    assert max(map(len, shown.splitlines())) <= 40
