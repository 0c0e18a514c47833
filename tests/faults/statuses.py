"""Rows of the fault matrix: status codes other than 200, with every kind of body."""

import gzip
import json

from tests.faults.connections import flood, hold
from tests.faults.matrix import Fault, Good, Seen, both_ways, differs, everywhere
from tests.support.canary import CANARY
from tests.support.messages import ECHO
from tests.support.server import Reply, detail, head, reset, sse, status, token

INVALID = [{"loc": ["body", "n"], "msg": "too large", "input": {"prompt": ECHO}}]
FULL = {"error": {"message": "out of memory", "input": ECHO}}
HUGE = 100 * 1024 * 1024


def _huge(code: int) -> Reply:
    return [head(code, Content_Length=str(HUGE)), flood(b"busy " * 20_000)]


def _refused(says: str) -> Seen:
    """Return the outcome of a row whose record contains the server's message unchanged, as it is data."""
    return Seen(9, "half\nexit 3\nhalf\n", says)


def redirect(code: int, to: str) -> Reply:
    return status(code, b"moved", Location=to)


CANNOT_FOLLOW = "a redirect to http://localhost:1/v1\n  nbx does not send the key and the prompt to this URL"

GONE = "`x` does not exist.\n"  # no other row can succeed
# Bulk postpones a row up to ten times as often as it retries one.
FORBIDDEN = Seen(9, "half\nexit 4\nhalf\n", "403\n  Forbidden")
PUT_OFF = Seen(9, "half\nexit 5\nhalf\n", "429\n  x", 10)

FAULTS = (
    Fault("400", detail(400, "context length is 9"), everywhere(3, "", "answered 400\n  context length")),
    Fault(
        "401",
        detail(401, "Couldn't authenticate."),
        everywhere(4, "", "authenticate.", hint="the key is from NEBIUS_API_KEY"),
    ),
    Fault(
        "402",
        status(402, b'{"error": "no credits"}'),
        both_ways(4, "", "no credits", hint="check the balance"),
    ),
    Fault(
        "403",
        detail(403, "Forbidden"),
        both_ways(4, "", "Forbidden", hint="the key may lack", bulk=FORBIDDEN),
    ),
    Fault(
        "404",
        detail(404, "The model `x` does not exist."),
        everywhere(3, "", GONE, bulk=Seen(3, "half\n", GONE)),
    ),
    Fault("405", status(405), both_ways(3, "", "answered 405\n")),
    Fault("408", detail(408, "slow"), both_ways(3, "", "answered 408\n  slow", retried=True)),
    Fault("409", detail(409, "off"), everywhere(3, "", "off", retried=True, hint="the model is stopped")),
    Fault("413", status(413), both_ways(3, "", "answered 413", hint="the request is too large")),
    Fault("418", status(418, b'{"message": "teapot"}'), both_ways(3, "", "answered 418\n  teapot")),
    Fault("422", detail(422, INVALID), everywhere(3, "", "answered 422\n  n: too large")),
    Fault(
        "422 with a long prompt",
        detail(422, [{"input": ECHO * 99_999}, *INVALID]),
        both_ways(3, "", "n: too large"),
    ),
    Fault(
        "422, cut", status(422, json.dumps(INVALID).encode()[:-9]), both_ways(3, "", "invalid or truncated")
    ),
    Fault(
        "429",
        detail(429, "too many", Retry_After="1"),
        everywhere(5, "", "answered 429\n  too many", retried=True, hint="wait", bulk=None),
    ),
    Fault(
        "429 with a wait of an hour",
        detail(429, "x", Retry_After="3600"),
        everywhere(5, "", "answered 429\n  x\n  ", bulk=Seen(5, "half\n", "nbx waits at most")),
    ),
    Fault(
        "429 with an infinite wait",
        detail(429, "x", Retry_After="1e999"),
        both_ways(5, "", "answered 429\n  x\n  ", bulk=Seen(5, "half\n", "nbx waits at most")),
    ),
    Fault(
        "429 with an invalid wait",
        detail(429, "x", Retry_After="nan"),
        both_ways(5, "", "429\n  x", retried=True, bulk=PUT_OFF),
    ),
    Fault(
        "429 with a wait until a past date",
        detail(429, "x", Retry_After="Thu, 01 Jan 1970 00:00:00 GMT"),
        both_ways(5, "", "429\n  x", retried=True, bulk=PUT_OFF),
    ),
    Fault(
        "500", status(500, json.dumps(FULL).encode()), everywhere(6, "", "500\n  out of memory", retried=True)
    ),
    Fault(
        "502 in HTML",
        status(502, b"<html>Bad Gateway", "text/html"),
        everywhere(6, "", "the body is HTML", retried=True),
    ),
    Fault("503 empty", status(503), everywhere(6, "", "the server answered 503\n", retried=True, bulk=None)),
    Fault(
        "504 in text",
        status(504, b"upstream\ntimed out", "text/plain"),
        both_ways(6, "", "upstream timed out", retried=True),
    ),
    Fault(
        "529 with invalid UTF-8",
        status(529, b"\xff\xfe busy"),
        everywhere(6, "", "\ufffd\ufffd busy", retried=True),
    ),
    Fault("599", status(599, b"null"), both_ways(6, "", "answered 599\n", retried=True)),
    Fault("a status of 999", status(999, b"what"), both_ways(6, "", "answered 999\n  what", retried=True)),
    Fault("500 with only a list", status(500, b"[[], {}, 1]"), both_ways(6, "", "500\n", retried=True)),
    Fault("500 with only a number", status(500, b"1e999"), both_ways(6, "", "answered 500\n", retried=True)),
    Fault(
        "500 with null in every member",
        status(500, b'{"detail": [null, {"loc": null, "msg": null}], "error": null, "message": null}'),
        both_ways(6, "", "answered 500\n", retried=True),
    ),
    Fault(
        "500 with a body nested too deeply",
        status(500, b'{"detail":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        both_ways(6, "", "invalid or truncated", retried=True),
    ),
    Fault("400 of 100 MB", _huge(400), everywhere(3, "", "answered 400\n  busy busy")),
    Fault("500 of 100 MB", _huge(500), both_ways(6, "", "answered 500\n  busy busy", retried=True)),
    Fault(
        "500 of 100 MB of JSON",
        [head(500), b'{"detail":[', flood(b"{}," * 30_000)],
        both_ways(6, "", "the body is JSON that is invalid or truncated", retried=True),
    ),
    Fault(
        "500, cut",
        [head(500, Content_Length="99"), b"busy", reset],
        everywhere(6, "", "answered 500\n  busy", retried=True),
    ),
    Fault("400 that never ends", [head(400), b"busy", hold], both_ways(3, "", "400\n  busy")),
    Fault(
        "500 in gzip",
        [head(500, Content_Encoding="gzip", Connection="close"), gzip.compress(b"busy")],
        both_ways(6, "", "500\n  busy", retried=True),
    ),
    Fault(
        "500 with invalid gzip",
        [head(500, Content_Encoding="gzip", Connection="close"), b"busy"],
        both_ways(6, "", "answered 500\n", retried=True),
    ),
    Fault("500 as a stream", [head(500), *sse(token("x"))[1:]], both_ways(6, "", "500\n", retried=True)),
    Fault("401 echoing the key", detail(401, f"{CANARY} is no key"), everywhere(4, "", "  *** is no key\n")),
    Fault(
        "400 with escapes",
        status(400, b"\x1b[31mred\x07"),
        both_ways(3, "", "\u241b[31mred\u2407", bulk=_refused("\x1b[31mred\x07")),
    ),
    Fault(
        "400 with a request id", detail(400, "x", x_request_id="r-7"), everywhere(3, "", "400 (request r-7)")
    ),
    Fault(
        "400 with an inference id", detail(400, "x", x_inference_id="i-8"), both_ways(3, "", "(request i-8)")
    ),
    Fault(
        "400 with escapes in the request id",
        detail(400, "x", x_request_id="\x1b[2J"),
        both_ways(3, "", "(request \u241b[2J)", bulk=_refused("(request \x1b[2J)")),
    ),
    Fault(
        "400 with a very long request id",
        detail(400, "x", x_request_id="r" * 9999),
        both_ways(3, "", "r…"),
    ),
    *(
        Fault(
            f"{code} in a loop",
            redirect(code, "/v1/x"),
            everywhere(3, "", "more than 3 redirects"),
            requests=4,
        )
        for code in (301, 302, 307, 308)
    ),
    *(
        Fault(
            f"{code} to another host",
            redirect(code, "http://localhost:1/v1"),
            everywhere(3, "", CANNOT_FOLLOW),
        )
        for code in (301, 302, 303, 307, 308)
    ),
    Fault("a very long redirect", status(307, b"", Location="//h/" + "x" * 9999), both_ways(3, "", "xx…")),
    Fault("a redirect to nowhere", status(307), both_ways(3, "", "a redirect without a Location header")),
    Fault("304", [head(304)], everywhere(3, "", "answered 304, a redirect without a Location header")),
    Fault("101", [head(101)], everywhere(7, "", "the server sent 101 instead of an answer")),
    Fault("103", [head(103)], everywhere(7, "", "closed connection without", retried=True)),
    Fault("100 first", lambda good: [head(100), good.head(), good.body], everywhere(0, "half\n")),
    Fault(
        "103 Early Hints first",
        lambda good: [head(103, Link="</style.css>; rel=preload"), good.head(), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "100, 102, 103 and 199 first",
        lambda good: [*map(head, (100, 102, 103, 199)), good.head(), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "103 before an error",
        [head(103), *detail(422, INVALID)],
        both_ways(3, "", "answered 422\n  n: too large"),
    ),
    Fault("201", lambda good: [good.head(201), good.body], everywhere(0, "half\n")),
)


def _empty(status: int) -> Fault:
    def reply(good: Good) -> Reply:
        return [good.head(status)]

    none = Seen(8, "", "it ended without a finish_reason")
    return Fault(str(status), reply, differs(none, none, Seen(6, "", "is not JSON")))


FAULTS += (_empty(204), _empty(205))
