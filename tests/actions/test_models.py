"""`nbx models`: the list from the server or the cache, and how it is filtered and shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.models.model_and_price_cache import MAX_AGE_S
from tests.support.factory import BASIC, FAST, IDS, LIGHTNING, TRIMMED, model_list
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, closed_port, detail, hang_up, head, status

ROWS = """\
meta-llama/Llama-3.3-70B-Instruct\t131072\t-\t-\t1200\t-\t-\ttools
meta-llama/Meta-Llama-3.1-8B-Instruct-fast\t131072\t0.03\t0.09\t1200\t800000\t-\t-
nvidia/Nemotron-3_5-Lightning\t1048576\t0.06\t0.24\t600\t400000\tactive\t\
tools,json_mode,structured_outputs,reasoning
openai/gpt-oss-120b\t-\t-\t-\t-\t-\t-\t-
"""


def kept(nbx: Runner) -> Path:
    """Return the path of the only cached list."""
    (path,) = (Path(nbx.environ["NBX_CACHE_DIR"]) / "models").glob("*.json")
    return path


def grow_old(nbx: Runner, seconds: float) -> None:
    """Make the cached list older."""
    value = json.loads(kept(nbx).read_bytes())
    kept(nbx).write_text(json.dumps({**value, "fetched_at": value["fetched_at"] - seconds}))


@pytest.fixture
def stocked(nbx: Runner, server: FakeServer) -> Runner:
    """nbx with a list that it has just fetched."""
    server.script(model_list())
    assert nbx("models").code == 0
    server.requests.clear()
    return nbx


@pytest.mark.parametrize("args", [("models",), ("models", "list")], ids=" ".join)
def test_in_a_pipe_each_model_is_a_tab_separated_line(
    args: tuple[str, ...], nbx: Runner, server: FakeServer
) -> None:
    server.script(model_list())
    result = nbx(*args)
    assert (result.code, result.out, result.err) == (0, ROWS, "")
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/v1/models?verbose=true")
    assert "content-type" not in request.headers
    assert request.headers["authorization"].startswith("Bearer ")


def test_the_project_is_sent_and_has_its_own_cached_list(stocked: Runner, server: FakeServer) -> None:
    server.script(model_list(BASIC))
    result = stocked("models", "--ai-project-id", "my project")
    assert result.out.count("\n") == 1
    assert server.requests[0].target == "/v1/models?verbose=true&ai_project_id=my+project"
    assert stocked("models", env={"NEBIUS_AI_PROJECT": "my project"}).out == result.out
    assert stocked("models").out == ROWS


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/completions"])
def test_one_server_has_one_cached_list_however_its_url_is_written(
    suffix: str, stocked: Runner, server: FakeServer
) -> None:
    url = server.url.removesuffix("/v1") + suffix
    assert stocked("models", "--base-url", url).out == ROWS
    assert server.requests == []


def test_a_query_matches_words_of_the_id_in_any_case(stocked: Runner) -> None:
    assert stocked("models", "LLAMA", "70b").out == ROWS.splitlines(keepends=True)[0]
    nothing = stocked("models", "shw", "x")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err.endswith("nbx: none of 4 models matches shw x\n")


def test_models_are_sorted(stocked: Runner) -> None:
    def ids(*args: str) -> list[str]:
        return [line.partition("\t")[0] for line in stocked("models", *args).out.splitlines()]

    assert ids("--sort", "price") == [FAST["id"], LIGHTNING["id"], TRIMMED["id"], BASIC["id"]]
    assert ids("--sort", "context", "--reverse")[-1] == BASIC["id"]
    assert ids("--reverse") == ids()[::-1]
    wrong = stocked("models", "--sort", "colour")
    assert (wrong.code, wrong.out) == (2, "")
    assert "must be one of id, context, price, created" in wrong.err


def test_json_has_the_members_of_nbx_the_raw_entry_and_the_age(nbx: Runner, server: FakeServer) -> None:
    server.script(model_list())
    value = nbx("models", "--json", "gpt").json
    assert [model["raw"] for model in value["models"]] == [BASIC]
    assert (value["cached"], value["age_seconds"]) == (False, 0)
    again = nbx("models", "--json").json
    assert again["cached"] is True
    assert again["fetched_at"] == value["fetched_at"]
    assert [model["id"] for model in again["models"]] == sorted(IDS)


def test_a_fresh_cached_list_needs_no_request_and_no_key(stocked: Runner, server: FakeServer) -> None:
    grow_old(stocked, MAX_AGE_S - 60)
    result = stocked("models", env={"NEBIUS_API_KEY": ""})
    assert (result.code, result.out, server.requests) == (0, ROWS, [])
    assert result.err == "nbx: this list is 5 h old; --refresh fetches a new one\n"
    assert stocked("models", "-q").err == ""


def test_each_profile_has_its_own_cached_list(stocked: Runner, server: FakeServer) -> None:
    assert stocked("profile", "add", "other").code == 0
    server.script(model_list(BASIC))
    assert stocked("models", "--profile", "other").out == ROWS.splitlines(keepends=True)[-1]
    assert stocked("models").out == ROWS


def test_a_model_prefix_of_other_tools_is_recognized_without_a_list(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(404, "no such model"))
    result = nbx("complete", "x", "-m", "nebius/openai/gpt-oss-120b")
    assert (result.code, len(server.requests)) == (3, 1)
    assert "did you mean openai/gpt-oss-120b?" in result.err


def test_an_unreachable_server_is_asked_only_once(stocked: Runner, server: FakeServer) -> None:
    grow_old(stocked, 30 * 3600)
    server.script(detail(503, "busy"))
    result = stocked("models", "show", "nobody/knows-it")
    assert result.code == 3
    assert result.err.count("this list is") == 1


@pytest.mark.parametrize("seconds", [MAX_AGE_S + 1, -3600], ids=["old", "of the future"])
def test_a_list_that_is_not_fresh_is_fetched_again(
    seconds: float, stocked: Runner, server: FakeServer
) -> None:
    grow_old(stocked, seconds)
    server.script(model_list(BASIC))
    assert stocked("models").out == ROWS.splitlines(keepends=True)[-1]


def test_refresh_fetches_the_list_again(stocked: Runner, server: FakeServer) -> None:
    server.script(model_list(BASIC))
    assert stocked("models", "--refresh").out.count("\n") == 1
    assert stocked("models").out.count("\n") == 1


FAILURES: dict[str, Any] = {
    "the connection breaks": [hang_up],
    "the server fails": detail(503, "busy"),
    "the limit is reached": detail(429, "slow down"),
    "something else answers": status(200, b"<html>log in</html>", "text/html"),
    "the answer is cut": [head(200, "application/json", Content_Length="99") + b'{"data": ['],
    "the answer is no list": status(200, b'{"data": 7}'),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_after_a_failure_an_old_list_is_shown_with_a_note(
    failure: str, stocked: Runner, server: FakeServer
) -> None:
    grow_old(stocked, 30 * 3600)
    server.script(FAILURES[failure])
    result = stocked("models")
    assert (result.code, result.out, result.slept) == (0, ROWS, [])
    assert result.err.endswith("; this list is 1 d old\n")
    check_message(result.err)
    assert stocked("models", "-q", "--base-url", server.url, env={"NEBIUS_API_KEY": ""}).err == ""


def test_without_a_key_an_old_list_is_shown(stocked: Runner) -> None:
    grow_old(stocked, 30 * 3600)
    result = stocked("models", env={"NEBIUS_API_KEY": ""})
    assert (result.code, result.out) == (0, ROWS)
    assert "nbx: no API key" in result.err


@pytest.mark.parametrize(("code", "exits"), [(401, 4), (403, 4), (402, 4), (400, 3), (404, 3)])
def test_a_refusal_is_an_error_despite_an_old_list(
    code: int, exits: int, stocked: Runner, server: FakeServer
) -> None:
    grow_old(stocked, 30 * 3600)
    server.script(detail(code, "no"))
    result = stocked("models")
    assert (result.code, result.out) == (exits, "")
    assert f"nbx: the server answered {code}" in result.err


def test_a_failing_refresh_is_an_error(stocked: Runner, server: FakeServer) -> None:
    server.script(*[detail(503, "busy")] * 4)
    result = stocked("models", "--refresh")
    assert (result.code, result.out, len(result.slept)) == (6, "", 3)
    assert stocked("models").out == ROWS


def test_without_a_cached_list_the_failure_is_an_error(nbx: Runner) -> None:
    result = nbx("models", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert (result.code, result.out, len(result.slept)) == (7, "", 3)
    assert "refused\n" in result.err
    nothing = nbx("models", env={"NEBIUS_API_KEY": ""})
    assert (nothing.code, nothing.out) == (4, "")
    assert nothing.err.startswith("nbx: no API key (NEBIUS_API_KEY is set, but empty)\n")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>log in</html>", "the body is HTML: a proxy or gateway answered"),
        (b"", ""),
        (b'{"data": [', "the body is JSON that is invalid or truncated"),
        (b'{"object": "list"}', "its member data is not a list"),
        (b"[" * 100_000, "the body is JSON that is invalid or truncated"),
    ],
    ids=["html", "empty", "cut", "no list", "deep"],
)
def test_an_answer_that_is_not_a_list_is_a_server_error(
    body: bytes, why: str, nbx: Runner, server: FakeServer
) -> None:
    server.script(status(200, body))
    result = nbx("models", "--retries", "0")
    assert (result.code, result.out) == (6, "")
    assert why in result.err
    check_message(result.err)


def test_a_server_that_sends_nothing_times_out(nbx: Runner, server: FakeServer) -> None:
    server.script([server.hold])
    result = nbx("models", "--first-byte-timeout", "0.2", "--retries", "0")
    assert (result.code, result.out) == (7, "")
    assert "no data arrived for 0.2 s" in result.err


def test_a_list_that_cannot_be_cached_is_shown_anyway(nbx: Runner, server: FakeServer) -> None:
    Path(nbx.environ["NBX_CACHE_DIR"]).write_text("in the way")
    server.script(model_list())
    result = nbx("models")
    assert (result.code, result.out) == (0, ROWS)
    assert "warning: cannot cache the list" in result.err


def test_control_characters_in_entries_are_not_printed(nbx: Runner, server: FakeServer) -> None:
    evil = {
        "id": "evil/\x1b[2J$(id)\t\n\u202e",
        "status": "\x1b]0;x\x07",
        "supported_features": ["\x9b1m", 7],
    }
    server.script(model_list(evil, 7, None, {"id": []}, BASIC))
    result = nbx("models", stdout_tty=True, env={"COLUMNS": "200"})
    assert result.code == 0
    assert not set("\x1b\x07\x9b\u202e") & set(result.out.replace("\x1b[1m", "").replace("\x1b[0m", ""))
    assert len(nbx("models").out.splitlines()) == 2
    ids = Path(nbx.environ["NBX_CACHE_DIR"]) / "models" / "ids.txt"
    assert ids.read_text() == f"{BASIC['id']}\n"


@pytest.mark.parametrize("width", [30, 60, 80, 100, 140])
def test_a_terminal_shows_as_many_columns_as_fit(width: int, stocked: Runner) -> None:
    out = stocked("models", stdout_tty=True, env={"COLUMNS": str(width), "NO_COLOR": "1"}).out
    assert all(len(line) <= width for line in out.splitlines())
    shown = [title for title in ("id", "ctx", "$ in", "rpm", "features") if title in out.splitlines()[0]]
    assert len(shown) == {30: 1, 60: 3, 80: 4, 100: 4, 140: 5}[width]


def test_numbers_are_right_aligned(stocked: Runner) -> None:
    out = stocked("models", stdout_tty=True, env={"COLUMNS": "200", "NO_COLOR": "1"}).out
    header, _, *rows = out.splitlines()
    for title in ("ctx", "$ in", "$ out", "rpm", "tpm"):
        end = header.index(title) + len(title)
        assert {row[end - 1] == " " or row[end : end + 1].strip() != "" for row in rows} == {False}, out
