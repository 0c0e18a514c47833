"""Rows of the fault matrix: bodies that are cut, compressed, mislabelled, too large or of the wrong kind."""

import functools
import gzip
import json
import zlib

from tests.faults.connections import flood
from tests.faults.matrix import (
    END,
    HALF,
    JSON,
    LIST,
    SSE,
    WHOLE,
    Fault,
    Good,
    Seen,
    completing,
    differs,
    everywhere,
)
from tests.support.server import LAST_CHUNK, Reply, chunk, event, head, json_answer, sse, status

MIB = 1024 * 1024
CUT = "it ended without a finish_reason"
NOT_COMPLETE = "that is not a complete JSON object"
NO_JSON = Seen(6, "", "the answer to GET /models is not JSON")
GARBAGE = differs(Seen(8, "", CUT), Seen(8, "", NOT_COMPLETE), NO_JSON)
BROKEN = differs(None, Seen(8, "", NOT_COMPLETE), NO_JSON)
EMPTY = differs(Seen(8, "", CUT), Seen(8, "", CUT), NO_JSON)
TOO_LARGE = Seen(9, "half\nexit 7\nhalf\n", "the answer is too large")
NO_ECHO = Seen(3, "", "it ignores echo")


def _both(seen: Seen, models: Seen) -> dict[str, Seen]:
    return differs(seen, seen, models)


def body(data: bytes, content_type: str = JSON) -> Reply:
    return status(200, data, content_type)


def _packed(good: Good, *, cut: int = 0, coding: str = "gzip") -> Reply:
    data = gzip.compress(good.body)
    return [good.head(Content_Encoding=coding), data[: len(data) - cut]]


def _flushed(good: Good, end: bytes = b"") -> Reply:
    """Return the first half in gzip, flushed, and then `end` instead of the rest."""
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(good.first) + packer.flush(zlib.Z_SYNC_FLUSH)
    return [
        good.head(Content_Encoding="gzip", Transfer_Encoding="chunked"),
        chunk(first),
        chunk(end) if end else LAST_CHUNK,
    ]


@functools.cache
def _bomb() -> bytes:
    """Return 160 MB of spaces, compressed to 160 kB."""
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(b" " * MIB) for _ in range(160)) + packer.flush()


UNPACKABLE = "the answer cannot be decompressed"

FAULTS = (
    Fault("gzip", _packed, everywhere(0, "half\n")),
    Fault("gzip, cut in its trailer", lambda good: _packed(good, cut=4), everywhere(0, "half\n")),
    Fault(
        "gzip, cut",
        _flushed,
        differs(Seen(8, "half\n", CUT), Seen(8, "", NOT_COMPLETE), NO_JSON),
    ),
    Fault(
        "invalid gzip",
        lambda good: [good.head(Content_Encoding="gzip"), good.body],
        everywhere(7, "", UNPACKABLE),
    ),
    Fault(
        "gzip that becomes invalid",
        lambda good: _flushed(good, b"\xff" * 99),
        differs(Seen(8, "half\n", UNPACKABLE), Seen(7, "", UNPACKABLE), Seen(7, "", UNPACKABLE)),
    ),
    Fault(
        "an unknown coding",
        lambda good: [good.head(Content_Encoding="rot13"), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "a coding called identity",
        lambda good: [good.head(Content_Encoding="identity"), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "nine nested codings",
        lambda good: _packed(good, coding="gzip, " * 8 + "gzip"),
        everywhere(7, "", UNPACKABLE),
    ),
    Fault(
        "a gzip bomb",
        lambda good: [good.head(Content_Encoding="gzip"), _bomb()],
        differs(
            Seen(8, "", "an event of more than"),
            Seen(8, "", "the answer is larger than"),
            Seen(7, "", "the answer is too large"),
            bulk=TOO_LARGE,
        ),
    ),
    Fault(
        "a nested gzip bomb",
        lambda good: [good.head(Content_Encoding="gzip, gzip"), gzip.compress(_bomb())],
        differs(
            Seen(8, "", "an event of more than"),
            Seen(8, "", "the answer is larger than"),
            Seen(7, "", "the answer is too large"),
            bulk=TOO_LARGE,
        ),
    ),
    Fault("an empty body", lambda good: [good.head(Content_Length="0")], EMPTY),
    Fault("only whitespace", lambda good: [good.head(), b" \r\n\t\n "], GARBAGE),
    Fault(
        "HTML",
        body(b"<html>down for maintenance", "text/html"),
        _both(Seen(8, "", "text/html, not JSON"), Seen(6, "", "HTML")),
    ),
    Fault("HTML with the expected type", lambda good: [good.head(), b"<html>down"], GARBAGE),
    Fault(
        "text", body(b"busy, come back", "text/plain"), differs(Seen(8, "", CUT), Seen(8, "", CUT), NO_JSON)
    ),
    Fault(
        "invalid UTF-8",
        lambda good: [good.head(), good.body.replace(b"half", b"h\xff")],
        differs(Seen(8, "\n", "not valid UTF-8"), Seen(8, "", NOT_COMPLETE), NO_JSON),
    ),
    Fault("NUL bytes", lambda good: [good.head(), bytes(4096)], GARBAGE),
    Fault("a BOM first", lambda good: [good.head(), b"\xef\xbb\xbf" + good.body], everywhere(0, "half\n")),
    Fault(
        "no content type",
        lambda good: [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", good.body],
        everywhere(0, "half\n"),
    ),
    Fault("a wrong content type", lambda good: [head(200, "image/png"), good.body], everywhere(0, "half\n")),
    Fault(
        "a very long content type",
        [head(200, "x/" + "y" * 9999), b"<"],
        _both(Seen(8, "", "yy…"), NO_JSON),
    ),
    Fault(
        "the wrong charset",
        lambda good: [head(200, good.content_type + "; charset=utf-16"), good.body],
        everywhere(0, "half\n"),
    ),
    Fault("JSON where a stream was asked for", json_answer("half"), differs(Seen(0, "half\n"), None, None)),
    Fault(
        "a stream where JSON was asked for",
        sse(HALF, END),
        differs(None, Seen(0, "half\n"), NO_JSON, score=NO_ECHO),
    ),
    Fault("JSON labelled as a stream", [head(200, SSE), json.dumps(WHOLE).encode()], completing(0, "half\n")),
    Fault("a stream labelled as JSON", [head(200, JSON), event(HALF) + event(END)], completing(0, "half\n")),
    Fault("the list of models instead of an answer", body(json.dumps(LIST).encode()), completing(8, "", CUT)),
    Fault(
        "an answer instead of the models",
        json_answer("half"),
        differs(None, None, Seen(6, "", "lists no models")),
    ),
    Fault(
        "an empty list",
        body(b"[]"),
        _both(Seen(8, "", NOT_COMPLETE), Seen(0, "", "none of 0 models matches")),
    ),
    Fault("null", body(b"null"), _both(Seen(8, "", NOT_COMPLETE), Seen(6, "", "lists no models"))),
    Fault("a number", body(b"1e999"), _both(Seen(8, "", NOT_COMPLETE), Seen(6, "", "lists no models"))),
    Fault("a string", body(b'"half"'), _both(Seen(8, "", NOT_COMPLETE), Seen(6, "", "lists no models"))),
    Fault("an empty object", body(b"{}"), _both(Seen(8, "", CUT), Seen(6, "", "lists no models"))),
    Fault("JSON, cut", lambda good: [good.head(), good.body[:-20]], BROKEN),
    Fault("JSON with trailing data", lambda good: [good.head(200), good.body + b"{}"], BROKEN),
    Fault(
        "an error with status 200",
        body(b'{"error": {"message": "full"}}'),
        _both(Seen(8, "", "full"), Seen(6, "", "lists no models")),
    ),
    Fault(
        "NaN",
        lambda good: [
            good.head(),
            good.body.replace(b'"object"', b'"x": NaN, "object"').replace(
                b'"id": "cmpl-1"', b'"id": "c", "x": NaN'
            ),
        ],
        everywhere(0, "half\n"),
    ),
    Fault(
        "very large numbers",
        lambda good: [
            good.head(),
            good.body.replace(b"8192", b"9" * 4000).replace(
                b'"id": "cmpl-1"', b'"id": "c", "x": -1e999, "created": ' + b"9" * 4000
            ),
        ],
        everywhere(0, "half\n"),
    ),
    Fault(
        "a number too long to parse",
        lambda good: [
            good.head(),
            good.body.replace(b"8192", b"9" * 9999).replace(b'"id": "cmpl-1"', b'"id": ' + b"9" * 9999),
        ],
        differs(Seen(8, "", "not JSON"), Seen(8, "", NOT_COMPLETE), NO_JSON),
    ),
    Fault(
        "nested too deeply",
        lambda good: [good.head(), b"data: " * (good.content_type == SSE) + b"[" * 200_000],
        differs(Seen(8, "", "in the middle of an event"), Seen(8, "", NOT_COMPLETE), NO_JSON),
    ),
    Fault(
        "duplicate members",
        lambda good: [good.head(), good.body.replace(b'"id"', b'"id": "first", "id"')],
        everywhere(0, "half\n"),
    ),
    Fault(
        "a list that is too large",
        [head(200, JSON), b'{"data": [', flood(b'{"id": "x"},' * 9999)],
        differs(None, None, Seen(7, "", "too large")),
    ),
)
