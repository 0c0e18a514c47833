"""Request headers that the user adds: sent to the server, and never stored or shown."""

import json
from pathlib import Path

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, detail, status

VALUE = "a-secret-value-77"
HEADER = f"X-Gateway-Token: {VALUE}"
LIST = status(200, b'{"data": []}')
WHOLE = status(
    200, json.dumps({"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}], "usage": {}}).encode()
)
COMMANDS = {
    "complete": (("complete", "x"), answer("a")),
    "bulk": (("bulk", "rows.jsonl", "-o", "answers.jsonl"), WHOLE),
    "score": (("score", "x"), WHOLE),
    "rank": (("rank", "-c", "x", "a", "b"), WHOLE),
    "models": (("models", "--refresh"), LIST),
    "doctor": (("doctor",), LIST),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_header_is_sent_to_the_server_but_never_stored_or_shown(
    nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text('"x"\n')
    words, reply = COMMANDS[name]
    server.replies += [reply] * 2
    result = nbx(*words, "--header", HEADER, "--debug", "--retries", "0")
    server.replies.clear()
    assert server.requests
    assert all(request.headers["x-gateway-token"] == VALUE for request in server.requests)
    assert VALUE not in result.out + result.err
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and VALUE.encode() in p.read_bytes()]


def test_the_curl_command_does_not_show_the_value(nbx: Runner) -> None:
    result = nbx("complete", "x", "--header", HEADER, "--curl")
    assert VALUE not in result.out + result.err
    assert "-H 'X-Gateway-Token: ***'" in result.out


def test_a_value_that_the_server_repeats_is_not_shown(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(400, f"no gateway for {VALUE}"))
    assert "no gateway for ***" in nbx("complete", "x", "--header", HEADER).err


def test_the_command_that_resumes_a_run_does_not_show_the_value(
    nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text('"x"\n')
    for words in (("--header", HEADER), (f"--header={HEADER}",)):
        server.script(detail(429, "no", Retry_After="3600"))
        err = nbx("bulk", "rows.jsonl", "-o", "answers.jsonl", *words).err
        assert "X-Gateway-Token: ***" in err
        assert VALUE not in err


def test_headers_from_flags_extend_and_override_those_of_the_configuration(
    nbx: Runner, server: FakeServer
) -> None:
    assert nbx("config", "set", "headers", '["X-Team: search", "X-Stage: test"]').code == 0
    shown = nbx("config", "get", "headers").out
    assert ("search" in shown, "X-Team: ***" in shown) == (False, True)
    server.script(answer("a"), answer("a"))
    nbx("complete", "x", "--header", "x-stage: live", "--header", "User-Agent: mine")
    sent = server.requests[0].headers
    assert (sent["x-team"], sent["x-stage"], sent["user-agent"]) == ("search", "live", "mine")
    nbx("complete", "x", env={"NBX_HEADERS": "X-Team: none"})
    assert server.requests[1].headers["x-team"] == "none"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("authorization: Bearer x", "NEBIUS_API_KEY"),
        ("Host: h", "--base-url"),
        ("Content-Length: 1", "nbx sets it itself"),
        ("Transfer-Encoding : chunked", "nbx sets it itself"),
        ("Proxy-Authorization: x", "HTTPS_PROXY"),
        ("X-A", "must be NAME: VALUE"),
        (": hush", "must be NAME: VALUE"),
        ("X A: hush", "must be NAME: VALUE"),
        ("X-A:", "non-empty"),
        ("X-A: hush\r\nX-B: c", "printable"),
        ("X-A: hush\x00", "printable"),
        ("X-A: h\u00fcsh", "printable"),
    ],
)
def test_a_header_that_cannot_be_sent_is_a_usage_error(nbx: Runner, header: str, why: str) -> None:
    result = nbx("complete", "x", "--header", header)
    assert (result.code, why in result.err, "hush" in result.err) == (2, True, False)
    check_message(result.err)


def test_several_wrong_headers_are_named_without_their_values(nbx: Runner) -> None:
    result = nbx("complete", "x", "--header", "X-A: hush", "--header", "hush")
    assert (result.code, result.err) == (2, "nbx: --header X-A: ***, ***\n  headers must be NAME: VALUE\n")
