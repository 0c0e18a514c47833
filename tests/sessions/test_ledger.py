"""What a completion writes to the ledger, whatever its result, and what it never writes."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CANARY
from tests.sessions.conftest import Open
from tests.support.factory import LIGHTNING, model_list
from tests.support.gate import gated
from tests.support.ledger import ledger_of, rows_of
from tests.support.run import Runner
from tests.support.server import (
    USAGE,
    FakeServer,
    Reply,
    answer,
    close_delimited,
    closed_port,
    detail,
    json_answer,
    reset,
    sse,
    token,
)

KEEP = {"NBX_HISTORY_TEXT": "true"}
ID = LIGHTNING["id"]


def test_a_row_has_the_tokens_times_and_cost_of_the_answer(nbx: Runner, server: FakeServer) -> None:
    used: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
    used |= {
        "prompt_tokens_details": {"cached_tokens": 600},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    server.script(
        model_list(), sse(token("Hi"), token("", reason="stop"), {**USAGE, "usage": used}, x_request_id="r7")
    )
    nbx("models", "-q")
    nbx("complete", "x", "-m", ID)
    (row,) = rows_of(nbx)
    assert row["cost"] == "0.0000648"  # a cached price of "0" is the API's default and does not mean free
    assert (row["input_price"], row["output_price"], row["cached_price"]) == ("0.00000006", "0.00000024", "0")
    counts = [row[f"{name}_tokens"] for name in ("prompt", "completion", "cached", "reasoning")]
    assert counts == [1000, 20, 600, 4]
    names = ("model", "exit", "finish", "host", "request_id", "profile", "run")
    assert [row[name] for name in names] == [ID, 0, "stop", "127.0.0.1", "r7", "", ""]
    first, latency = row["first_token"], row["latency"]
    assert isinstance(first, float)
    assert isinstance(latency, float)
    assert 0 <= first <= latency


ENDS: dict[str, tuple[Reply, int, tuple[object, ...]]] = {
    # Reply; exit code; cost, prompt tokens, finish
    "no price": (answer("a"), 0, (None, 5, "stop")),
    "cut": (close_delimited(token("half")), 8, (None, None, "")),
    "cut after the usage": (close_delimited(token("half"), USAGE), 8, (None, 5, "")),
    "refused": (detail(400, "no"), 3, ("0", None, "")),
    "no permission": (detail(401, "no"), 4, ("0", None, "")),
    "reset": ([reset], 7, (None, None, "")),
    "too short": (answer("a", reason="length"), 8, (None, 5, "length")),
}


@pytest.mark.parametrize("name", ENDS)
def test_every_request_that_was_sent_has_a_row_with_its_result(
    name: str, nbx: Runner, server: FakeServer
) -> None:
    reply, code, seen = ENDS[name]
    server.script(reply)
    assert nbx("complete", "x", "--retries", "0", "--fail-on", "length").code == code
    (row,) = rows_of(nbx)
    assert (row["exit"], (row["cost"], row["prompt_tokens"], row["finish"])) == (code, seen)


def test_every_attempt_has_its_own_row(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(503, "busy"), detail(429, "slow"), json_answer("a"))
    assert nbx("complete", "x", "--json").code == 0
    assert [(row["exit"], row["cost"]) for row in rows_of(nbx)] == [(6, "0"), (5, "0"), (0, None)]


def test_a_request_that_was_not_sent_has_no_row(nbx: Runner, bare: Runner) -> None:
    assert nbx("complete", "x", "--base-url", f"http://127.0.0.1:{closed_port()}", "--retries", "0").code == 7
    assert nbx("complete", "x", "--dry-run").code == 0
    assert bare("complete", "x", "-m", "m").code == 4
    assert rows_of(nbx) == []
    assert not ledger_of(nbx).path.parent.exists()


@pytest.mark.parametrize("how", ["--no-ledger", "environment", "setting"])
def test_with_the_ledger_off_its_folder_is_not_created(how: str, nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    if how == "setting":
        nbx("config", "set", "ledger", "false")
    args = [how] if how.startswith("--") else []
    assert nbx("complete", "x", *args, env={"NBX_LEDGER": "false"} if how == "environment" else {}).code == 0
    assert not ledger_of(nbx).path.parent.exists()


def test_ctrl_c_keeps_the_row_and_the_text_received(terminal: Open, nbx: Runner, server: FakeServer) -> None:
    server.script(gated(token("Once upon a"), server.until_hung_up))
    screen = terminal("complete", "x", env=KEEP)
    screen.wait_for("Once upon a")
    screen.type("\x03")
    assert screen.end() == 130
    (row,) = rows_of(nbx)
    assert (row["exit"], row["finish"]) == (130, "")
    assert ledger_of(nbx).find(1)[1].answers == ("Once upon a",)  # type: ignore[index, union-attr]


def test_sigterm_and_a_closed_pipe_still_write_a_row(nbx: Runner, server: FakeServer) -> None:
    server.script(gated(token("a"), server.until_hung_up), answer("b" * 200_000))
    command = [sys.executable, "-m", "nebius_cli", "complete", "x"]
    with subprocess.Popen(command, env=nbx.process_env(), stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.read(1) == b"a"
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) == 143
    script = " ".join([*map(repr, command), "| head -c 1"])
    subprocess.run(["sh", "-c", script], env=nbx.process_env(), stdout=subprocess.DEVNULL, check=True)
    assert [row["exit"] for row in rows_of(nbx)] == [143, 141]


def test_text_is_stored_only_with_history_text(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("secret answer"), answer("second answer"))
    nbx("complete", "secret prompt")
    folder = ledger_of(nbx).path.parent
    assert not any(b"secret" in file.read_bytes() for file in folder.iterdir())
    nbx("complete", "second prompt", "--ai-project-id", "p 1", "--param", "top_k=4", env=KEEP)
    text = ledger_of(nbx).find(2)[1]  # type: ignore[index]
    assert text is not None
    assert text.body == server.requests[1].body
    assert (text.query, text.prompt, text.answers) == (
        "ai_project_id=p+1",
        "second prompt",
        ("second answer",),
    )


def test_a_prompt_that_contains_the_key_is_never_stored(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    result = nbx("complete", f"my key is {CANARY}", env=KEEP)
    assert (result.code, result.out) == (0, "a\n")
    assert "the prompt contains the API key: the text is not stored" in result.err
    assert ledger_of(nbx).find(1)[1] is None  # type: ignore[index]


@pytest.mark.parametrize("wrong", ["broken", "held", "no folder", "newer"])
def test_no_answer_is_lost_if_the_ledger_cannot_be_written(
    wrong: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    path = ledger_of(nbx).path
    other: sqlite3.Connection | None = None
    if wrong == "no folder":
        path.parent.write_text("a file")
    else:
        path.parent.mkdir()
        if wrong == "broken":
            path.write_bytes(b"broken" * 1000)
        else:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("PRAGMA user_version = 99" if wrong == "newer" else "BEGIN EXCLUSIVE")
    server.script(answer("fine"))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (0, "fine\n")
    assert result.err.count("\n") == 1
    what = {"held": "another program has locked", "newer": "cannot use the ledger"}
    assert result.err.startswith(f"nbx: warning: {what.get(wrong, 'cannot write the ledger')} {path}")
    if other:
        other.close()
    if wrong == "held":
        assert json.loads(nbx("usage", "--json").out)["total"]["requests"] == 1
