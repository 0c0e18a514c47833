"""`nbx view`: the views of every kind of saved answer, and files that have none."""

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.main import main
from nebius_cli.response.parse_logprobs import parse
from nebius_cli.response.token_logprobs import entropy
from nebius_cli.system.streams import Streams
from tests.support.gate import gated
from tests.support.logprobs import FRANCE, frame
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, json_answer, status, token

TEXT = "".join(reported[0] for reported in FRANCE)
ANSWER = frame(*FRANCE, reason="stop")


def saved(tmp_path: Path, *values: Any) -> str:
    """Write values, one per line; return the file's name."""
    file = tmp_path / "answer.json"
    file.write_text("\n".join(value if isinstance(value, str) else json.dumps(value) for value in values))
    return str(file)


def tokens(out: str) -> list[list[str]]:
    """Return the choice number, the position and the text from each line of TSV."""
    return [line.split("\t")[:3] for line in out.splitlines()]


ROWS = [["1", str(place), reported[0]] for place, reported in enumerate(FRANCE, start=1)]


@pytest.mark.parametrize("view", ["heat", "table"])
def test_a_saved_answer_is_printed_as_tsv_in_a_pipe(view: str, bare: Runner, tmp_path: Path) -> None:
    result = bare("view", saved(tmp_path, ANSWER), "--view", view)
    assert (result.code, result.err) == (0, "")
    assert tokens(result.out) == ROWS


def test_a_dash_reads_stdin(bare: Runner) -> None:
    assert tokens(bare("view", "-", stdin=json.dumps(ANSWER, indent=2).encode()).out) == ROWS


def test_the_records_of_a_stream_are_joined_into_one_answer(bare: Runner, tmp_path: Path) -> None:
    frames = [frame(reported) for reported in FRANCE]
    result = bare("view", saved(tmp_path, *frames, frame(reason="stop"), "", "[1]"))
    assert tokens(result.out) == ROWS


def test_each_record_of_a_bulk_run_is_an_answer(bare: Runner, tmp_path: Path) -> None:
    records = [{"key": key, "response": ANSWER} for key in "ab"] + [{"key": "c", "error": {"code": 3}}]
    assert [row[0] for row in tokens(bare("view", saved(tmp_path, *records)).out)] == ["1"] * 7 + ["2"] * 7


def test_complete_responses_with_different_ids_are_separate_answers(bare: Runner, tmp_path: Path) -> None:
    result = bare("view", saved(tmp_path, ANSWER, {**ANSWER, "id": "cmpl-2"}))
    assert [row[0] for row in tokens(result.out)] == ["1"] * 7 + ["2"] * 7


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is not JSON|has no answer"),
        (b"not JSON", "is not JSON"),
        (b'{"choices": []}\nhalf', "is not JSON"),
        (b"[1, 2]", "has no answer"),
        (b'{"choices": null}', "has no answer"),
        (json.dumps(token("text", 0, "stop")).encode(), "has no log probabilities"),
        (b"\xff", "not valid UTF-8|not utf-8"),
        (json.dumps(token("a", 10**9, "stop")).encode(), "has too many choices"),
        (
            b"\n".join(json.dumps({**token("a", 60_000), "id": one}).encode() for one in "ab"),
            "has too many choices",
        ),
        (b"[" * 100_000, "is nested deeper than the limit of 100 levels"),
        (b"9" * 5000, "is too large: it has a number"),
        (b"a\0b", "binary input"),
    ],
)
def test_a_file_without_log_probabilities_is_bad_input(data: bytes, what: str, bare: Runner) -> None:
    result = bare("view", "-", stdin=data)
    assert (result.code, result.out) == (65, "")
    assert any(text in result.err for text in what.split("|")), result.err


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("missing.json",), "cannot read missing.json"),
        (("-", "--view", "map"), "--view map"),
        (("-", "--export", "heat.png"), "--export heat.png"),
    ],
)
def test_an_invalid_command_line_is_a_usage_error(args: tuple[str, ...], what: str, bare: Runner) -> None:
    result = bare("view", *args, stdin=b"{}")
    assert (result.code, result.out) == (2, "")
    assert what in result.err


def test_on_a_terminal_without_a_file_the_usage_is_shown(bare: Runner) -> None:
    result = bare("view", stdin=b"", stdin_tty=True)
    assert (result.code, "no file given" in result.err) == (2, True)


def test_an_export_prints_nothing_unless_a_view_is_requested(bare: Runner, tmp_path: Path) -> None:
    file = saved(tmp_path, ANSWER)
    target = tmp_path / "heat.SVG"
    assert bare("view", file, "--export", str(target)).out == ""
    assert target.read_bytes().startswith(b"<svg")
    target = tmp_path / "heat.html"
    assert tokens(bare("view", file, "--view", "heat", "--export", str(target)).out) == ROWS
    assert "<!DOCTYPE html>" in target.read_text()


def test_an_export_that_cannot_be_written_is_an_output_error(bare: Runner, tmp_path: Path) -> None:
    result = bare("view", saved(tmp_path, ANSWER), "--export", str(tmp_path / "no" / "heat.svg"))
    assert result.code == 74


def test_a_view_without_stdout_is_an_output_error() -> None:
    err = io.BytesIO()
    assert main(["view", "-"], Streams(io.BytesIO(json.dumps(ANSWER).encode()), None, err)) == 74
    assert b"stdout is closed" in err.getvalue()


def test_complete_in_a_pipe_prints_tsv_as_it_arrives(nbx: Runner, server: FakeServer) -> None:
    server.script(gated(*(frame(reported) for reported in FRANCE), frame(reason="stop")))
    result = nbx("complete", "x", "--view", "heat")
    assert (result.code, tokens(result.out)) == (0, ROWS)
    assert server.requests[0].json["logprobs"] == 5


def test_complete_with_an_output_file_writes_tsv(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(gated(frame(*FRANCE, reason="stop")))
    result = nbx("complete", "x", "--view", "heat", "-o", str(tmp_path / "out"), stdout_tty=True)
    assert (result.code, result.out) == (0, "")
    assert tokens((tmp_path / "out").read_text()) == ROWS


def test_complete_sends_the_number_of_log_probabilities_that_was_given(
    nbx: Runner, server: FakeServer
) -> None:
    server.script(gated(frame(*FRANCE, reason="stop")), gated(frame(*FRANCE, reason="stop")))
    nbx("complete", "x", "--view", "heat", "--logprobs", "2")
    assert server.requests[0].json["logprobs"] == 2
    nbx.write_config("logprobs = 3\n")
    nbx("complete", "x", "--view", "heat")
    assert server.requests[1].json["logprobs"] == 3


def test_complete_can_export_beside_other_output(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    reply = json.dumps({**ANSWER, "usage": None}).encode()
    server.script(status(200, reply), gated(ANSWER))
    page, picture = tmp_path / "heat.html", tmp_path / "heat.svg"
    assert nbx("complete", "x", "--json", "--export", str(page)).json["choices"][0]["text"] == TEXT
    assert nbx("complete", "x", "--export", str(picture)).out == f"{TEXT}\n"
    assert [request.json["logprobs"] for request in server.requests] == [5, 5]
    assert 'title="&quot; Paris&quot;, 95%' in page.read_text()
    assert picture.read_bytes().startswith(b"<svg")


def test_complete_refuses_invalid_flags_before_it_sends_anything(nbx: Runner, tmp_path: Path) -> None:
    assert nbx("complete", "x", "--view", "heat", "--json").code == 2
    assert nbx("complete", "x", "--view", "heat", "--ndjson").code == 2
    assert nbx("complete", "x", "--view", "map").code == 2
    assert nbx("complete", "x", "--export", "heat.png").code == 2
    assert nbx("complete", "x", "--export", str(tmp_path / "no" / "heat.svg")).code == 74


def test_complete_warns_if_the_server_sent_no_log_probabilities_and_shows_the_text(
    nbx: Runner, server: FakeServer
) -> None:
    server.script(answer("some", " text"), answer("text"), json_answer("text"))
    result = nbx("complete", "x", "--view", "table")
    assert (result.code, tokens(result.out)) == (0, [["1", "1", "some"], ["1", "2", " text"]])
    assert "the server sent no log probabilities" in result.err
    assert nbx("complete", "x", "--view", "table", "--quiet").err == ""
    assert nbx("complete", "x", "--json").err == ""


GREEDY = ("--local", "The capital of France is", "--max-tokens", "6", "--temperature", "0")


@pytest.mark.engine
def test_engine_tokens_form_the_text_and_greedy_ones_have_rank_1(local: Runner, tmp_path: Path) -> None:
    live = [line.split("\t") for line in local("complete", *GREEDY, "--view", "table").out.splitlines()]
    result = local("complete", *GREEDY, "--logprobs", "5", "--json")
    file = saved(tmp_path, result.out)
    again = [line.split("\t") for line in local("view", file).out.splitlines()]
    assert [row[:4] for row in live] == [row[:4] for row in again]
    text = "".join(row[2].replace("\\n", "\n") for row in again)
    assert text == result.json["choices"][0]["text"]
    assert {row[7] for row in again} == {"1"}
    assert all(len(json.loads(row[8])) == 5 for row in again)


@pytest.mark.engine
def test_the_entropy_shown_never_exceeds_that_of_the_whole_vocabulary(local: Runner) -> None:
    command = ("complete", *GREEDY[:-4], "--max-tokens", "2", "--temperature", "0", "--json", "--logprobs")
    everything = parse(local(*command, "49152").json["choices"][0]["logprobs"])
    few = parse(local(*command, "5").json["choices"][0]["logprobs"])
    for whole_place, place in zip(everything, few, strict=True):
        masses = [math.exp(other.logprob) for other in whole_place.alternatives]
        assert len(masses) == 49152
        assert sum(masses) == pytest.approx(1, abs=1e-3)  # single precision
        true = -math.fsum(mass * math.log2(mass) for mass in masses if mass)
        bound = entropy(place)
        assert bound is not None
        assert 0 < bound <= true + 1e-3
        assert entropy(whole_place) == pytest.approx(true, abs=1e-2)


@pytest.mark.parametrize("view", ["heat", "table"])
def test_color_always_prints_the_terminal_view_into_a_pipe(view: str, bare: Runner) -> None:
    stdin = json.dumps(ANSWER).encode()
    shown = bare("view", "--view", view, stdin=stdin, stdout_tty=True, env={"TERM": "xterm"}).out
    piped = bare("view", "--view", view, "--color", "always", stdin=stdin, env={"TERM": "xterm"})
    assert (piped.out, piped.err) == (shown, "")
    assert "\x1b[" in shown


def test_the_tokens_of_scored_texts_are_shown(bare: Runner, tmp_path: Path) -> None:
    first = {"token": "Hi", "logprob": None, "offset": 0}
    second = {"token": " you", "logprob": -1.5, "offset": 2}
    text = {"log_likelihood": -1.5, "token_logprobs": [first, second]}
    question = {"id": 1, "choices": [text, text], "winners": {}}
    out = bare("view", saved(tmp_path, text, question), "--view", "table").out
    assert tokens(out) == [[choice, *token] for choice in "123" for token in (["1", "Hi"], ["2", " you"])]


def test_scores_without_tokens_are_refused_with_the_flag_to_save_them(bare: Runner, tmp_path: Path) -> None:
    result = bare("view", saved(tmp_path, {"log_likelihood": -1.5}))
    assert result.code == 65
    assert "has scores without tokens" in result.err
    assert "save scores with tokens: nbx score --tokens --json TEXT > FILE" in result.err
