"""Rows of the fault matrix: streams over a working connection with invalid or unexpected events.

The request with `--json` is answered with the same stream, as some servers always stream.
"""

from typing import Any

from tests.faults.connections import flood
from tests.faults.matrix import END, HALF, Fault, Seen, completing, differs
from tests.support.canary import CANARY
from tests.support.messages import ECHO
from tests.support.server import USAGE, Reply, event, head, sse, token

SECOND = "choice 2 of 2 ended without"
NEVER = "choice 2 of 2 is missing from the answer"
CUT = "it ended without a finish_reason"
CHUNKED = head(Transfer_Encoding="chunked", Connection="close")
FULL = {"error": {"message": "out of memory", "input": ECHO}}
MIB = 1024 * 1024
STREAM = b"".join(event(value) for value in (HALF, END, USAGE, b"[DONE]"))
TOO_LARGE = Seen(9, "half\nexit 7\nhalf\n", "the answer is too large")
BLOB = Seen(8, "half\n", "an event of more than")
NO_LIST = Seen(6, "", "the answer to GET /models is not JSON")


def raw(data: bytes) -> Reply:
    """Return a stream with these bytes as its body."""
    return [head(Connection="close"), data]


def ends(data: bytes) -> Reply:
    """Return a stream that begins with some text and continues with these bytes."""
    return raw(event(HALF) + data)


def numbered(*indexes: Any) -> Reply:
    """Return a valid stream that also has frames with these choice indexes."""
    return sse(HALF, *({"choices": [{"index": index}]} for index in indexes), END)


def _blob(*, lines: bool) -> Reply:
    """Return a stream with one event of 50 MB, in one line or in many."""
    piece = b"x" * (MIB - 1)
    text = b"".join(b"data: " + piece + b"\n" for _ in range(50)) if lines else b"data: " + b"x" * 50 * MIB
    return [head(), event(HALF), text, b"\n\n"]


NOTHING_FINISHES = {"choices": [{"index": 0, "text": None, "finish_reason": None}]}
ALL_NULL = {"id": None, "object": None, "model": None, "choices": None, "usage": None, "error": None}
NULLS = (
    ALL_NULL,
    {"choices": [None, {"index": None, "text": None, "logprobs": None, "finish_reason": None}]},
    {"choices": [], "usage": {"prompt_tokens": None, "prompt_tokens_details": None}},
    {"choices": [{"text": "", "logprobs": {"tokens": None, "top_logprobs": None}}]},
)
WRONG = (
    {"choices": {"index": 0}, "usage": [1]},
    {"choices": [7, "x", []], "usage": "many"},
    {"choices": [{"index": "0", "text": 7, "logprobs": [], "finish_reason": 1}]},
    {"id": [], "model": {}, "created": "yesterday", "choices": [{"index": 0.5}]},
)

FAULTS = (
    Fault("an error frame", sse(HALF, FULL), completing(8, "half\n", "out of memory")),
    Fault("a detail frame", sse(HALF, {"detail": "gone"}), completing(8, "half\n", "gone")),
    Fault(
        "an error event",
        ends(b'event: error\ndata: {"message": "full"}\n\n'),
        completing(8, "half\n", "full"),
    ),
    Fault(
        "an error event of text", ends(b"event: error\ndata: so full\n\n"), completing(8, "half\n", "so full")
    ),
    Fault("an error frame first", sse(FULL), completing(8, "", "the answer is incomplete\n  out of memory")),
    Fault("an error after the finish", sse(HALF, END, FULL), completing(8, "half\n", "out of memory")),
    Fault("an error that is true", sse(HALF, {"error": True}), completing(8, "half\n", "without a message")),
    Fault("an error that is null", sse(HALF, {"error": None}, END), completing(0, "half\n")),
    Fault(
        "the key in an error frame", sse(HALF, {"error": f"no {CANARY}"}), completing(8, "half\n", "no ***\n")
    ),
    Fault("an invalid frame", sse(HALF, b"{", END), completing(8, "half\n", "an event is not JSON")),
    Fault("two frames in one event", ends(b"data: {}\ndata: {}\n\n"), completing(8, "half\n", "is not JSON")),
    Fault("a frame that is a list", sse(HALF, [1], END), completing(8, "half\n", "not a JSON object")),
    Fault("a frame that is a number", sse(HALF, b"1e999", END), completing(8, "half\n", "not a JSON object")),
    Fault("a frame with too long a number", sse(HALF, b"9" * 9999), completing(8, "half\n", "is not JSON")),
    Fault("a frame nested too deeply", sse(HALF, b"[" * 99_999), completing(8, "half\n", "is not JSON")),
    Fault(
        "a frame with a huge number",
        sse(HALF, b'{"created": %s}' % (b"9" * 4000), END),
        completing(0, "half\n"),
    ),
    Fault("a frame with NaN", sse(HALF, b'{"created": NaN, "x": -Infinity}', END), completing(0, "half\n")),
    Fault("a frame with a duplicate member", sse(b'{"id": 1, "id": 2}', HALF, END), completing(0, "half\n")),
    Fault("null frames", sse(b"null", HALF, b"null", END), completing(0, "half\n")),
    Fault("empty frames", sse(b"", HALF, {}, {"choices": []}, END), completing(0, "half\n")),
    Fault("null in every member", sse(*NULLS, HALF, *NULLS, END, *NULLS), completing(0, "half\n")),
    Fault("the wrong type in every member", sse(*WRONG, HALF, *WRONG, END, *WRONG), completing(0, "half\n")),
    Fault(
        "usage with negative and huge counts",
        sse(
            HALF,
            END,
            {
                **USAGE,
                "usage": {"prompt_tokens": -1, "completion_tokens": -(10**400), "total_tokens": 10**400},
            },
        ),
        completing(0, "half\n"),
    ),
    Fault("comments", raw(b": ping\n\n" + STREAM.replace(b"\n\n", b"\n\n: ping\n")), completing(0, "half\n")),
    Fault("only comments", raw(b": ping\n\n" * 9), completing(8, "", CUT)),
    Fault(
        "ids, retries and unknown fields",
        raw(b"id: \x00\nretry: -1\nx: y\n" + STREAM),
        completing(0, "half\n"),
    ),
    Fault("lines that end with CR", raw(STREAM.replace(b"\n", b"\r")), completing(0, "half\n")),
    Fault("no end marker", sse(HALF, END, done=False), completing(0, "half\n")),
    Fault("two end markers", sse(HALF, END, b"[DONE]"), completing(0, "half\n")),
    Fault("an end marker first", sse(b"[DONE]", HALF, END), completing(8, "", CUT)),
    Fault("an end marker in lower case", sse(HALF, END, b"[done]"), completing(8, "half\n", "is not JSON")),
    Fault(
        "events after the end marker", sse(HALF, END, b"[DONE]", token("more"), FULL), completing(0, "half\n")
    ),
    Fault(
        "a flood after the end marker",
        [head(), STREAM, flood(event(token("more")) * 999)],
        completing(0, "half\n", bulk=TOO_LARGE),
    ),
    Fault("no finish_reason", sse(HALF), completing(8, "half\n", CUT, hint="text received so far is kept")),
    Fault("a choice that never finishes", sse(HALF, *[NOTHING_FINISHES] * 99), completing(8, "half\n", CUT)),
    Fault(
        "one choice unfinished",
        sse(HALF, END, token("b", 1)),
        completing(8, "half\nb\n", SECOND, bulk=None),
        ("-n", "2"),
    ),
    Fault(
        "choices out of order",
        sse(token("b", 1), HALF, token("", 1, "stop"), token("!", 0), token("", 0, "stop")),
        completing(0, "half!\nb\n", bulk=None),
        ("-n", "2"),
    ),
    Fault(
        "one choice missing",
        sse(HALF, END),
        differs(Seen(8, "half\n\n", NEVER), Seen(8, "half\n", NEVER), None, bulk=None, score=None),
        ("-n", "2"),
    ),
    Fault(
        "a choice that was not requested",
        sse(HALF, END, token("x", 1)),
        completing(8, "half\n", "sent choice 2, but the request asked for 1"),
    ),
    Fault("an index of 10**12", numbered(10**12), completing(0, "half\n")),
    Fault(
        "text of choice 1000",
        sse(HALF, token("x", 999), END),
        completing(8, "half\n", "sent choice 1000, but the request asked for 1"),
    ),
    Fault("a thousand choices that were not requested", numbered(*range(1, 1000)), completing(0, "half\n")),
    Fault("invalid indexes", numbered(-1, None, "0", 0.0, True), completing(0, "half\n")),
    Fault(
        "text after the finish",
        sse(HALF, END, token("!")),
        completing(8, "half!\n", "continued after its finish_reason"),
    ),
    Fault("two finish reasons", sse(HALF, END, token("", reason="length")), completing(0, "half\n")),
    Fault("an unknown finish_reason", sse(HALF, token("", reason="bored")), completing(0, "half\n")),
    Fault("content_filter", sse(HALF, token("", reason="content_filter")), completing(0, "half\n")),
    Fault(
        "a request id", sse(HALF, x_request_id="req-7"), completing(8, "half\n", "incomplete (request req-7)")
    ),
    Fault(
        "raw UTF-8 and no charset",
        raw(STREAM.replace(b"half", "é\u20ac".encode())),
        completing(0, "é\u20ac\n"),
    ),
    Fault(
        "the text unchanged with --no-newline",
        sse(token("half\r\n")),
        differs(Seen(8, "half\r\n", CUT), None, None),
        ("--no-newline",),
    ),
    Fault(
        "lone surrogates", sse(token("a\ud800b", reason="stop")), differs(Seen(0, "a\ufffdb\n"), None, None)
    ),
    Fault(
        "a surrogate pair over two tokens",
        sse(token("\ud83c"), token("\udf0d"), END),
        differs(Seen(0, "\U0001f30d\n"), None, None),
    ),
    Fault(
        "an event with invalid UTF-8", ends(b"data: \xff\n\n"), completing(8, "half\n", "is not valid UTF-8")
    ),
    Fault("cut in an event", raw(STREAM[:200]), completing(8, "half\n", "in the middle of an event")),
    Fault("cut in the usage", raw(STREAM[:-60]), completing(0, "half\n")),
    Fault(
        "cut in the blank line after the finish", raw(event(HALF) + event(END)[:-1]), completing(0, "half\n")
    ),
    Fault(
        "one event of 50 MB",
        _blob(lines=False),
        differs(BLOB, BLOB, Seen(7, "", "too large"), bulk=TOO_LARGE, score=Seen(8, "", BLOB.says)),
    ),
    Fault(
        "one event of 50 MB in many lines",
        _blob(lines=True),
        differs(BLOB, BLOB, Seen(7, "", "too large"), bulk=TOO_LARGE, score=Seen(8, "", BLOB.says)),
    ),
    Fault("half a stream instead of the list of models", raw(event(HALF)), differs(None, None, NO_LIST)),
)
