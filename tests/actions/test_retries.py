"""Which failures are retried, when, and with which messages. The runner records waits, but does not sleep."""

import time
from email.utils import formatdate

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import (
    USAGE,
    FakeServer,
    Reply,
    answer,
    chunk,
    closed_port,
    detail,
    event,
    head,
    reset,
    sse,
    status,
    token,
)

CHUNKED = head(Transfer_Encoding="chunked", Connection="close")

RETRIED = {
    "408": detail(408, "no"),
    "409": detail(409, "no"),
    "429": detail(429, "no"),
    "500": detail(500, "no"),
    "502": status(502, b"<html>", "text/html"),
    "503": status(503),
    "504": status(504),
    "529": status(529),
    "reset before headers": [reset],
    "closed before headers": [b""],
    "reset after headers": [CHUNKED, reset],
    "reset in the first event": [CHUNKED, chunk(b"data: {"), reset],
}
NOT_RETRIED = {
    **{str(code): detail(code, "no") for code in (400, 401, 402, 403, 404, 413, 422)},
    "redirect": status(303, b"", Location="/"),
    "no finish_reason": sse(),
    "an error frame": sse({"error": "full"}),
    "HTML": status(200, b"<html>", "text/html"),
    "invalid gzip": [head(Content_Encoding="gzip", Connection="close"), b"data: x\n\n"],
}


@pytest.mark.parametrize("reply", RETRIED.values(), ids=RETRIED)
def test_a_temporary_failure_is_retried(nbx: Runner, server: FakeServer, reply: Reply) -> None:
    server.script(reply, reply, answer("hi"))
    result = nbx("complete", "x")
    assert (result.code, result.out, result.slept) == (0, "hi\n", [0.375, 0.75])
    first, *others = server.requests
    assert [request.body for request in others] == [first.body] * 2
    assert [request.headers for request in others] == [first.headers] * 2


@pytest.mark.parametrize("reply", NOT_RETRIED.values(), ids=NOT_RETRIED)
def test_a_permanent_failure_is_not_retried(nbx: Runner, server: FakeServer, reply: Reply) -> None:
    server.script(reply)
    result = nbx("complete", "x")
    assert result.code in (3, 4, 7, 8)
    assert (result.slept, len(server.requests)) == ([], 1)


def test_each_retry_is_reported_on_stderr(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(503, "busy", x_request_id="r1"), [reset], answer("hi"))
    assert nbx("complete", "x").err == (
        "nbx: the server answered 503 (request r1): busy; trying again in 0.4 s (1 of 3)\n"
        "nbx: the connection to 127.0.0.1 broke: Connection reset by peer; trying again in 0.8 s (2 of 3)\n"
    )


def test_quiet_retries_without_messages(nbx: Runner, server: FakeServer) -> None:
    server.script(status(503), answer("hi"))
    result = nbx("complete", "x", "-q")
    assert (result.code, result.out, result.err) == (0, "hi\n", "")


def test_after_three_retries_by_default_the_last_failure_is_reported(nbx: Runner, server: FakeServer) -> None:
    server.script(*[detail(503, "busy")] * 3, detail(429, "too many"))
    result = nbx("complete", "x")
    assert (result.code, result.out, result.slept) == (5, "", [0.375, 0.75, 1.5])
    assert result.err.splitlines()[3:5] == ["nbx: the server answered 429", "  too many"]
    check_message(result.err)


def test_the_waits_double_up_to_half_a_minute(nbx: Runner, server: FakeServer) -> None:
    server.script(*[status(500)] * 9)
    result = nbx("complete", "x", "--retries", "8")
    assert result.slept == [0.375, 0.75, 1.5, 3, 6, 12, 22.5, 22.5]
    assert result.code == 6


@pytest.mark.parametrize("reply", [status(500), status(429), [reset]], ids=["500", "429", "reset"])
def test_no_retries_means_one_request(nbx: Runner, server: FakeServer, reply: Reply) -> None:
    server.script(reply)
    result = nbx("complete", "x", "--retries", "0")
    assert (result.slept, len(server.requests)) == ([], 1)
    assert "trying again" not in result.err


def test_the_number_of_retries_can_be_configured(nbx: Runner, server: FakeServer) -> None:
    server.script(*[status(500)] * 2)
    assert nbx("complete", "x", env={"NBX_RETRIES": "1"}).slept == [0.375]


def test_a_refused_connection_is_retried(nbx: Runner) -> None:
    result = nbx("complete", "x", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert (result.code, result.slept) == (7, [0.375, 0.75, 1.5])
    assert " refused: no server is listening there; trying again" in result.err


@pytest.mark.parametrize(
    ("header", "wait"), [("0", 0.375), ("7", 7), ("2s", 2), ("120", 120), ("-5", 0.375), ("soon", 0.375)]
)
def test_a_wait_that_the_server_asks_for_is_respected(
    nbx: Runner, server: FakeServer, header: str, wait: float
) -> None:
    server.script(detail(429, "no", Retry_After=header), answer("hi"))
    result = nbx("complete", "x")
    assert (result.code, result.slept) == (0, [wait])


@pytest.mark.parametrize("code", [429, 503])
def test_a_date_that_the_server_asks_for_is_respected(nbx: Runner, server: FakeServer, code: int) -> None:
    server.script(detail(code, "no", Retry_After=formatdate(time.time() + 60, usegmt=True)), answer("hi"))
    (wait,) = nbx("complete", "x").slept
    assert 0 < wait <= 60


@pytest.mark.parametrize("header", ["121", "86400", "1e9", "inf", formatdate(4_000_000_000, usegmt=True)])
def test_a_wait_that_is_too_long_ends_the_run_at_once(nbx: Runner, server: FakeServer, header: str) -> None:
    server.script(detail(429, "come back later", Retry_After=header))
    result = nbx("complete", "x")
    assert (result.code, result.slept, len(server.requests)) == (5, [], 1)
    assert "come back later" in result.err
    assert " s; nbx waits at most 120 s" in result.err


@pytest.mark.parametrize("args", [[], ["--json", "--stream"], ["--ndjson"], ["-o", "{file}"]], ids=" ".join)
def test_nothing_is_retried_after_text_was_received(
    nbx: Runner, server: FakeServer, args: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    args = [arg.format(file=tmp_path_factory.mktemp("out") / "x") for arg in args]
    server.script([CHUNKED, chunk(event(token("half"))), reset])
    result = nbx("complete", "x", *args)
    assert (result.code, result.slept, len(server.requests)) == (8, [], 1)


def test_nothing_is_retried_after_a_frame_was_printed(nbx: Runner, server: FakeServer) -> None:
    server.script([CHUNKED, chunk(event(USAGE)), reset])
    result = nbx("complete", "x", "--ndjson")
    assert (result.code, result.slept, len(server.requests)) == (7, [], 1)


def test_a_failure_after_a_frame_without_text_is_retried(nbx: Runner, server: FakeServer) -> None:
    server.script([CHUNKED, chunk(event(token(""))), reset], answer("hi"))
    result = nbx("complete", "x")
    assert (result.code, result.out, result.slept) == (0, "hi\n", [0.375])


def test_data_received_before_a_retry_is_not_in_the_answer(nbx: Runner, server: FakeServer) -> None:
    server.script(
        [CHUNKED, chunk(event({**token(""), "id": "first", "odd": 1})), reset],
        sse(token("hi", reason="stop")),
    )
    result = nbx("complete", "x", "--json", "--stream")
    assert (result.json["id"], "odd" in result.json, result.json["choices"][0]["text"]) == (
        "cmpl-1",
        False,
        "hi",
    )


def test_the_total_timeout_limits_the_waits(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(503, "busy", Retry_After="60"))
    result = nbx("complete", "x", "--timeout", "50")
    assert (result.code, result.slept, len(server.requests)) == (6, [], 1)
    assert "no time is left to try again: --timeout is 50 s" in result.err
    server.script(detail(503, "busy", Retry_After="60"), answer("hi"))
    assert nbx("complete", "x", "--timeout", "70").slept == [60]


def test_the_total_timeout_limits_all_attempts_together(nbx: Runner, server: FakeServer) -> None:
    server.script(status(503), [server.hold])
    result = nbx("complete", "x", "--timeout", "2")
    assert (result.code, result.out, result.slept) == (7, "", [0.375])
    assert "it took longer than 2 s in total\n  use --timeout SECONDS" in result.err


@pytest.mark.parametrize("limit", ["first-byte-timeout", "timeout", "stall-timeout"])
def test_a_timeout_is_not_retried(nbx: Runner, server: FakeServer, limit: str) -> None:
    server.script([CHUNKED, chunk(b": ping\n\n"), server.hold] if limit == "stall-timeout" else [server.hold])
    result = nbx("complete", "x", f"--{limit}", "0.2")
    assert (result.code, result.slept, len(server.requests)) == (7, [], 1)
    assert f"use --{limit} SECONDS to wait longer" in result.err


def test_a_timeout_of_0_means_no_limit(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("hi"))
    limits = ("timeout", "stall-timeout", "first-byte-timeout", "connect-timeout")
    assert nbx("complete", "x", *(f"--{name}=0" for name in limits)).out == "hi\n"


def test_the_first_byte_timeout_does_not_limit_the_whole_answer(nbx: Runner, server: FakeServer) -> None:
    def pause(_: object) -> None:
        time.sleep(0.8)

    server.script([CHUNKED, chunk(event(token("a"))), pause, chunk(event(token("b", reason="stop")))])
    result = nbx("complete", "x", "--first-byte-timeout", "0.5")
    assert (result.code, result.out) == (0, "ab\n")
