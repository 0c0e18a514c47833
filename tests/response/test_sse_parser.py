"""Bytes of an event stream → payloads, wherever the bytes were cut."""

import tracemalloc
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.sse_parser import (
    MAX_EVENT_BYTES,
    MAX_EVENT_LINES,
    EventParser,
    EventTooLargeError,
    Payload,
)

# Every line ending, a BOM, comments, fields that are ignored, several data lines, types, UTF-8 of 2 to 4
# bytes, and at its end an event that no blank line closes.
SAMPLE = (
    "\ufeff: first\r\n"
    "data: é\u20ac\U0001f30d\r\n\r\n"
    "event: error\rdata: one\rdata:two\r\r"
    "id: 7\nretry: 9\ndata\n\n"
    ":\n\n"
    "event: lost\r\n\r\n"
    "data:  x: y\n\r"
    "data: [DONE]\n"
    "data"
).encode()

IN_SAMPLE = [
    Payload("é\u20ac\U0001f30d".encode()),
    Payload(b"one\ntwo", "error"),
    Payload(b""),
    Payload(b" x: y"),
    Payload(b"[DONE]\n"),
]


def parse(*chunks: bytes) -> list[Payload]:
    parser = EventParser()
    fed = [payload for chunk in chunks for payload in parser.feed(chunk)]
    return fed + list(parser.close())


def cut(data: bytes, *places: int) -> list[bytes]:
    return [data[start:end] for start, end in pairwise((0, *places, len(data)))]


def test_two_cuts_anywhere_change_nothing() -> None:
    for places in combinations(range(len(SAMPLE) + 1), 2):
        assert parse(*cut(SAMPLE, *places)) == IN_SAMPLE, places


def test_byte_by_byte_gives_the_same_events() -> None:
    assert parse(*(SAMPLE[i : i + 1] for i in range(len(SAMPLE)))) == IN_SAMPLE


def test_bytes_that_are_no_text_pass_in_data_and_not_in_a_type() -> None:
    assert parse(b"data: \xff\xfe\x00\n\n") == [Payload(b"\xff\xfe\x00")]
    assert parse(b"event: \xff\ndata: x\n\n") == [Payload(b"x", "\ufffd")]


def test_an_event_comes_with_the_byte_that_ends_it() -> None:
    parser = EventParser()
    assert list(parser.feed(b"data: a\r")) == []
    assert list(parser.feed(b"\r")) == [Payload(b"a")]
    assert list(parser.feed(b"\n")) == []
    assert list(parser.feed(b"data: b\n\n")) == [Payload(b"b")]


def test_a_cr_and_an_lf_that_come_apart_are_one_ending_and_no_more() -> None:
    parser = EventParser()
    chunks = (b"data: a\r", b"\n", b"\n", b"data: b\r", b"", b"\ndata: c\n\n")
    assert [payload.data for chunk in chunks for payload in parser.feed(chunk)] == [b"a", b"b\nc"]


def test_the_blank_line_of_a_crlf_stream_counts_once() -> None:
    parser = EventParser()
    chunks = (b"data: a\r", b"\n", b"", b"\r", b"", b"\ndata: b\r\n\r\n")
    assert [payload.data for chunk in chunks for payload in parser.feed(chunk)] == [b"a", b"b"]


MIB = 1024 * 1024


def largest() -> EventParser:
    """Return a parser that holds as much of an event as is allowed, after a smaller one."""
    parser = EventParser()
    assert len(list(parser.feed(b"data: before\n\n"))) == 1
    line = b"x" * (MIB - len(b"\n"))
    for _ in range(MAX_EVENT_BYTES // MIB):
        assert not list(parser.feed(b"data:" + line + b"\n"))
    return parser


def test_an_event_as_large_as_allowed_passes() -> None:
    assert len(next(largest().feed(b"\n")).data) == MAX_EVENT_BYTES - 1


def test_one_byte_more_is_refused() -> None:
    with pytest.raises(EventTooLargeError):
        list(largest().feed(b":"))


@pytest.mark.parametrize("piece", [b"x" * MIB, b"data:" + b"x" * MIB + b"\n"], ids=["line", "lines"])
def test_an_event_that_never_ends_is_refused(piece: bytes) -> None:
    parser = EventParser()
    for _ in range(MAX_EVENT_BYTES // MIB - 1):
        list(parser.feed(piece))
    with pytest.raises(EventTooLargeError, match=str(MAX_EVENT_BYTES)):
        list(parser.feed(piece * 2))


def test_an_event_of_very_many_lines_is_refused() -> None:
    parser = EventParser()
    assert not list(parser.feed(b"data:xx\n" * MAX_EVENT_LINES))
    with pytest.raises(EventTooLargeError, match=f"{MAX_EVENT_LINES} lines"):
        list(parser.feed(b"data:xx\n"))


def test_a_line_that_comes_in_small_pieces_is_held_in_one() -> None:
    tracemalloc.start()
    try:
        parser = EventParser()
        for number in range(MIB // 32):
            list(parser.feed(number.to_bytes(4, "big").replace(b"\n", b"_").replace(b"\r", b"_")))
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "piece", [b"data:" + b"x" * MIB + b"\n\n", b":" + b"x" * MIB + b"\n"], ids=["events", "comments"]
)
def test_a_stream_may_be_longer_than_an_event(piece: bytes) -> None:
    parser = EventParser()
    for _ in range(MAX_EVENT_BYTES // MIB + 1):
        list(parser.feed(piece))
    assert [payload.data for payload in parser.feed(b"data: end\n\n")] == [b"end"]


_ENDINGS = st.sampled_from([b"\n", b"\r", b"\r\n"])
_LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
_EVENTS = st.lists(st.tuples(_LINES, st.lists(_LINES, min_size=1, max_size=4)), max_size=6)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Payload], bytes]:
    """Return events and a way to write them."""
    events = draw(_EVENTS)
    written = bytearray(draw(st.sampled_from([b"", b"\xef\xbb\xbf"])))

    def line(text: str) -> None:
        ending = draw(_ENDINGS)
        if not text and written.endswith(b"\r") and ending == b"\n":
            ending = b"\r"  # else the two would be one CRLF
        written.extend(text.encode() + ending)

    for kind, texts in events:
        lines = [f"data: {text}" for text in texts] + ([f"event: {kind}"] if kind else [])
        noise = draw(st.lists(st.sampled_from([":", ": ping", "id: 1", "retry: 2", "other"]), max_size=2))
        position = draw(st.integers(0, len(lines)))
        for text in (*lines[:position], *noise, *lines[position:], ""):
            line(text)
    return [Payload("\n".join(texts).encode(), kind) for kind, texts in events], bytes(written)


@given(streams(), st.data())
def test_whatever_is_written_is_read_again(stream: tuple[list[Payload], bytes], data: st.DataObject) -> None:
    events, written = stream
    places = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=8)))
    assert parse(*cut(written, *places)) == events
