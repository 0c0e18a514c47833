"""What a server or a network can do wrong: exit code, what is kept on stdout, what is said on stderr."""

import gzip
import json
import socket
from dataclasses import dataclass

import pytest

from tests.conftest import CANARY
from tests.support.messages import ECHO, check_message
from tests.support.run import Result, Runner
from tests.support.server import (
    USAGE,
    FakeServer,
    Reply,
    Step,
    chunk,
    close_delimited,
    closed_port,
    detail,
    event,
    gzipped,
    head,
    reset,
    sse,
    status,
    token,
    whole,
)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, and what must come of it. Without a reply, there is no connection."""

    name: str
    reply: Reply
    code: int
    out: str = ""
    says: str = ""
    args: tuple[str, ...] = ()
    requests: int = 1


def hold(connection: socket.socket) -> None:
    """Stand for the server's own `hold`: say nothing more until the test is over."""


def body(data: bytes, content_type: str = "application/json") -> Reply:
    return status(200, data, content_type)


def ends(*steps: Step) -> Reply:
    """A chunked stream that begins with some text and goes on with these steps."""
    return [CHUNKED, chunk(event(HALF)), *steps]


HALF, END = token("half"), token("", reason="stop")
GOOD = (HALF, END, USAGE, b"[DONE]")
STREAM = b"".join(event(value) for value in GOOD)
WHOLE = {"id": "cmpl-1", "choices": [{"index": 0, "text": "half", "logprobs": None, "finish_reason": "stop"}]}
ONE = json.dumps(WHOLE).encode()
CHUNKED, OPEN = head(Transfer_Encoding="chunked", Connection="close"), head(Connection="close")
GZIP = head(Content_Encoding="gzip", Connection="close")
LONG, SHORT = (head(Content_Length=length, Connection="close") for length in ("9999", "150"))
PARTS = (
    {"id": "cmpl-1", "choices": [{"text": "ha"}]},
    {"choices": [{"text": "lf", "finish_reason": "stop"}]},
)
FULL = {"error": {"message": "out of memory", "input": ECHO}}
INVALID = [{"loc": ["body", "n"], "msg": "too large", "input": {"prompt": ECHO}}]
FOLDED = ONE.decode().replace(", ", ",").replace(": ", ":") + "\n"
WIDE = STREAM.replace(b"half", "é".encode())
NAN = b'{"choices": [{"text": "a", "finish_reason": "stop", "x": NaN}]}'
NULL = '{"choices":[{"text":"a","finish_reason":"stop","x":null}]}\n'
CUT = "it ended without a finish_reason"
BROKE = "the connection broke: it ended in the middle of the answer"
SSE, NOT_JSON = "text/event-stream", "that is not a whole JSON object"
JSON, NDJSON, TWO, BARE = ("--json",), ("--ndjson",), ("-n", "2"), ("--no-newline",)
FIRST, STALL, TOTAL = ("--first-byte-timeout", "0.2"), ("--stall-timeout", "0.5"), ("--timeout", "1")
CLOSED, NOWHERE = ("--base-url", "http://127.0.0.1:{closed}"), ("--base-url", "https://nbx.invalid")

CONNECTION = (
    Fault("refused", [], 7, "", "connection to 127.0.0.1 refused", CLOSED, 0),
    Fault("no such host", [], 7, "", "no connection to nbx.invalid\n  its name does not resolve", NOWHERE, 0),
    Fault("reset before headers", [reset], 7, "", "the connection to 127.0.0.1 broke\n  Connection reset"),
    Fault("closed before headers", [b""], 7, "", "Remote end closed connection without response"),
    Fault("no HTTP", [b"220 mail.example ESMTP\r\n"], 7, "", "the connection to 127.0.0.1 broke"),
    Fault("reset in headers", [b"HTTP/1.1 200 OK\r\nContent-Ty", reset], 7, "", "127.0.0.1 broke"),
    Fault("reset after headers", [CHUNKED, reset], 7, "", "the connection broke"),
    Fault("closed after headers", [CHUNKED], 7, "", "it ended in the middle of the answer"),
    Fault("reset with a request id", [head(x_request_id="r-7"), reset], 7, "", "broke (request r-7)"),
    Fault("reset in the first event", [CHUNKED, chunk(event(HALF))[:-30], reset], 7, "", "connection broke"),
    Fault("reset between events", ends(reset), 8, "half\n", "the connection broke: Connection reset by peer"),
    Fault("closed in a chunk", ends(b"ff\r\ndata"), 8, "half\n", BROKE),
    Fault("closed between chunks", ends(), 8, "half\n", BROKE),
    Fault("reset after the finish", ends(chunk(event(END)), reset), 0, "half\n"),
    Fault("reset in the last blank line", ends(chunk(event(END)[:-1]), reset), 0, "half\n"),
    Fault("closed without a last chunk", ends(chunk(event(END))), 0, "half\n"),
    Fault("a chunk size that is none", ends(b"zz\r\nxx"), 8, "half\n", BROKE),
    Fault("a first chunk size that is none", [CHUNKED, b"zz\r\nxx"], 7, "", "it ended in the middle"),
    Fault("a length too long", [LONG, event(HALF)], 8, "half\n", BROKE),
    Fault("a length too long for a whole answer", [LONG, STREAM], 0, "half\n"),
    Fault("a length too short", [SHORT, STREAM], 8, "", "the stream ended in the middle of an event"),
    Fault("silence before headers", [hold], 7, "", "nothing came for 0.2 s\n  --first-byte-timeout", FIRST),
    Fault("silence after headers", [CHUNKED, hold], 7, "", "nothing came for 0.2 s", FIRST),
    Fault("a stall", ends(hold), 7, "half\n", "nothing came for 0.5 s\n  --stall-timeout", STALL),
    Fault("a stall after the finish", ends(chunk(event(END)), hold), 0, "half\n", "", STALL),
    Fault("all of it too slow", ends(hold), 7, "half\n", "longer than 1 s in all\n  --timeout", TOTAL),
)

BODIES = (
    Fault("close-delimited", close_delimited(*GOOD), 0, "half\n"),
    Fault("close-delimited, cut", close_delimited(HALF), 8, "half\n", CUT),
    Fault("close-delimited, cut in an event", [OPEN, STREAM[:200]], 8, "half\n", "in the middle of an event"),
    Fault("close-delimited, cut in the usage", [OPEN, STREAM[:-60]], 0, "half\n"),
    Fault("gzip", gzipped(*GOOD), 0, "half\n"),
    Fault("gzip, cut", gzipped(HALF, END, cut=20), 8, "half\n", "incomplete"),
    Fault("gzip, cut in its trailer", gzipped(*GOOD, cut=6), 0, "half\n"),
    Fault("gzip that is none", [GZIP, STREAM], 7, "", "compressed in a way that cannot be undone"),
    Fault("gzip all the same", sse(*GOOD[:3], Content_Encoding="identity"), 0, "half\n"),
    Fault("204", [head(204, Connection="close")], 8, "", CUT),
    Fault("nothing", body(b"", SSE), 8, "", f"{CUT}\n  send it again"),
    Fault("only the end marker", sse(), 8, "", CUT),
    Fault("HTML", body(b"<html>down for maintenance", "text/html"), 8, "", f"text/html {NOT_JSON}"),
    Fault("JSON where a stream was asked for", whole("half"), 0, "half\n"),
    Fault("a stream where JSON was asked for", sse(*PARTS), 0, FOLDED, "", JSON),
    Fault("JSON called text", body(ONE, "text/plain"), 0, "half\n"),
    Fault("a stream called text", body(STREAM, "text/plain"), 0, "half\n"),
    Fault("JSON, cut", body(ONE[:-20]), 8, "", NOT_JSON, JSON),
    Fault("a list", body(b"[]"), 8, "", NOT_JSON, JSON),
    Fault("JSON without choices", body(b'{"id": "x"}'), 8, "", CUT, JSON),
    Fault("JSON with an error", body(json.dumps(FULL).encode()), 8, "", "out of memory"),
    Fault("JSON with NaN", body(NAN), 0, NULL, "", JSON),
    Fault("a stream with NaN", sse(NAN), 0, NULL, "", NDJSON),
    Fault("no charset", body(event(token("é\u20ac", reason="stop")), SSE), 0, "é\u20ac\n"),
    Fault("raw UTF-8 and no charset", body(WIDE, SSE), 0, "é\n"),
    Fault("the wrong charset", body(WIDE, SSE + "; charset=latin-1"), 0, "é\n"),
    Fault("bytes that are no UTF-8", [OPEN, WIDE.replace(b"\xa9", b"")], 8, "\n", "not valid UTF-8"),
    Fault("lone surrogates", sse(token("a\ud800b", reason="stop")), 0, "a\ufffdb\n"),
    Fault("a surrogate pair over two tokens", sse(token("\ud83c"), token("\udf0d"), END), 0, "\U0001f30d\n"),
)

FRAMES = (
    Fault("an error frame", sse(HALF, FULL), 8, "half\n", "out of memory"),
    Fault("a detail frame", sse(HALF, {"detail": "gone"}), 8, "half\n", "gone"),
    Fault("an error event", ends(chunk(b'event: error\ndata: {"message": "full"}\n\n')), 8, "half\n", "full"),
    Fault("an error frame first", sse(FULL), 8, "", "the answer is incomplete\n  out of memory"),
    Fault("an error after the finish", sse(HALF, END, FULL), 8, "half\n", "out of memory"),
    Fault("an invalid frame", sse(HALF, b"{", END), 8, "half\n", "an event is not JSON"),
    Fault("a frame that is a list", sse(HALF, [1], END), 8, "half\n", "an event is not a JSON object"),
    Fault("null frames", sse(b"null", HALF, b"null", END), 0, "half\n"),
    Fault("empty frames", sse(b"", HALF, {}, {"choices": []}, {"choices": None}, END), 0, "half\n"),
    Fault("comments", [OPEN, b": ping\n\n" + STREAM.replace(b"\n\n", b"\n\n: ping\n")], 0, "half\n"),
    Fault("no end marker", sse(HALF, END, done=False), 0, "half\n"),
    Fault("two end markers", sse(HALF, END, b"[DONE]"), 0, "half\n"),
    Fault("events after the end marker", sse(HALF, END, b"[DONE]", token("more"), FULL), 0, "half\n"),
    Fault("no finish_reason", sse(HALF), 8, "half\n", f"{CUT}\n  what came is kept"),
    Fault("one choice unfinished", sse(HALF, END, token("b", 1)), 8, "half\nb\n", "choice 2 of 2", TWO),
    Fault("one choice missing", sse(HALF, END), 8, "half\n\n", "choice 2 of 2 ended without", TWO),
    Fault("a choice nobody asked for", sse(HALF, END, token("x", 1)), 8, "half\n", "sent choice 2 of 1"),
    Fault(
        "text after the finish", sse(HALF, END, token("!")), 8, "half!\n", "went on after its finish_reason"
    ),
    Fault("the key in an error frame", sse(HALF, {"error": f"no {CANARY}"}), 8, "half\n", "  no ***\n"),
    Fault("a finish_reason nobody knows", sse(HALF, token("", reason="bored")), 0, "half\n"),
    Fault("content_filter", sse(HALF, token("", reason="content_filter")), 0, "half\n"),
    Fault("a request id", sse(HALF, x_request_id="req-7"), 8, "half\n", "incomplete (request req-7)"),
    Fault("exactly what came", sse(token("half\r\n")), 8, "half\r\n", CUT, BARE),
)

STATUSES = (
    Fault("400", detail(400, "maximum context length is 9"), 3, "", "answered 400\n  maximum context"),
    Fault("401", detail(401, "Couldn't authenticate."), 4, "", "Couldn't authenticate.\n  nbx auth status"),
    Fault("402", status(402, b'{"error": "no credits"}'), 4, "", "no credits\n  check the balance"),
    Fault("403", detail(403, "Forbidden"), 4, "", "Forbidden\n  the key may lack"),
    Fault("404", detail(404, "The model `x` does not exist."), 3, "", "The model `x` does not exist.\n"),
    Fault("408", detail(408, "slow"), 3, "", "answered 408\n  slow"),
    Fault("409", detail(409, "stopped"), 3, "", "stopped\n  the model is stopped or changing"),
    Fault("413", status(413), 3, "", "answered 413\n  the request is too large"),
    Fault("418", status(418, b'{"message": "teapot"}'), 3, "", "answered 418\n  teapot"),
    Fault("422", detail(422, INVALID), 3, "", "answered 422\n  n: too large"),
    Fault("422 with a long prompt", detail(422, [{"input": ECHO * 99_999}, *INVALID]), 3, "", "n: too large"),
    Fault("422, cut", status(422, json.dumps(INVALID).encode()[:-9]), 3, "", "broken or cut"),
    Fault("429", detail(429, "too many", Retry_After="1"), 5, "", "answered 429\n  too many\n  wait"),
    Fault("500", status(500, json.dumps(FULL).encode()), 6, "", "answered 500\n  out of memory"),
    Fault("502 in HTML", status(502, b"<html>Bad Gateway", "text/html"), 6, "", "the body is HTML"),
    Fault("503 empty", status(503), 6, "", "the server answered 503\n"),
    Fault("504 in text", status(504, b"upstream\ntimed out", "text/plain"), 6, "", "upstream timed out"),
    Fault("529 that is no UTF-8", status(529, b"\xff\xfe busy"), 6, "", "\ufffd\ufffd busy"),
    Fault("500 of 1 MB", status(500, b"busy " * 200_000), 6, "", "answered 500\n  busy busy"),
    Fault("500, cut", [head(500, Content_Length="99"), b"busy", reset], 6, "", "answered 500\n  busy"),
    Fault("500 that never ends", [head(500), b"busy", hold], 6, "", "answered 500\n  busy"),
    Fault("500 in gzip", [head(500, Content_Encoding="gzip"), gzip.compress(b"busy")], 6, "", "busy"),
    Fault("401 with the key", detail(401, f"{CANARY} is no key"), 4, "", "  *** is no key\n"),
    Fault("500 with escapes", status(500, b"\x1b[31mred\x07"), 6, "", "\u241b[31mred\u2407"),
    Fault("500 with a request id", detail(500, "x", x_request_id="req-7"), 6, "", "500 (request req-7)"),
    Fault("500 with an inference id", detail(500, "x", x_inference_id="inf-8"), 6, "", "(request inf-8)"),
    Fault(
        "500 with a request id of escapes",
        detail(500, "x", x_request_id="\x1b[2J"),
        6,
        "",
        "(request \u241b[2J)",
    ),
    Fault("500 with an endless request id", detail(500, "x", x_request_id="r" * 9999), 6, "", "r…)"),
    Fault("an endless redirect", status(307, b"", Location="//h/" + "x" * 9999), 3, "", "xx…"),
    Fault("an endless type", body(b"<", "x/" + "y" * 9999), 8, "", "yy… that is not a whole JSON object"),
    Fault("100 first", [head(100), *sse(*GOOD)], 0, "half\n"),
    Fault("304", [head(304)], 3, "", "answered 304, a redirect to nowhere"),
)

FAULTS = CONNECTION + BODIES + FRAMES + STATUSES


def run(fault: Fault, nbx: Runner, server: FakeServer) -> Result:
    if fault.requests:
        server.script([server.hold if step is hold else step for step in fault.reply])
    args = [arg.replace("{closed}", str(closed_port())) for arg in fault.args]
    return nbx("complete", "x", "--retries", "0", *args)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(fault: Fault, nbx: Runner, server: FakeServer) -> None:
    result = run(fault, nbx, server)
    assert (result.code, result.out) == (fault.code, fault.out)
    assert fault.says in result.err
    assert bool(result.err) == bool(fault.says)
    assert len(server.requests) == fault.requests
    check_message(result.err)


def test_there_are_enough_faults_and_each_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 90
