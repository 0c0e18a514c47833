"""Parsing the bytes of an event stream into payloads, wherever the stream is split."""

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
# bytes, and a last event without a blank line after it.
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


def cut(data: bytes, *positions: int) -> list[bytes]:
    return [data[start:end] for start, end in pairwise((0, *positions, len(data)))]


def test_splitting_the_stream_at_any_two_positions_gives_the_same_events() -> None:
    for positions in combinations(range(len(SAMPLE) + 1), 2):
        assert parse(*cut(SAMPLE, *positions)) == IN_SAMPLE, positions


def test_feeding_byte_by_byte_gives_the_same_events() -> None:
    assert parse(*(SAMPLE[i : i + 1] for i in range(len(SAMPLE)))) == IN_SAMPLE


def test_invalid_utf_8_is_kept_in_data_and_replaced_in_a_type() -> None:
    assert parse(b"data: \xff\xfe\x00\n\n") == [Payload(b"\xff\xfe\x00")]
    assert parse(b"event: \xff\ndata: x\n\n") == [Payload(b"x", "\ufffd")]


def test_an_event_is_returned_with_the_byte_that_ends_it() -> None:
    parser = EventParser()
    assert list(parser.feed(b"data: a\r")) == []
    assert list(parser.feed(b"\r")) == [Payload(b"a")]
    assert list(parser.feed(b"\n")) == []
    assert list(parser.feed(b"data: b\n\n")) == [Payload(b"b")]


def test_a_cr_and_an_lf_in_different_chunks_are_one_line_ending() -> None:
    parser = EventParser()
    chunks = (b"data: a\r", b"\n", b"\n", b"data: b\r", b"", b"\ndata: c\n\n")
    assert [payload.data for chunk in chunks for payload in parser.feed(chunk)] == [b"a", b"b\nc"]


def test_the_blank_line_of_a_crlf_stream_counts_once() -> None:
    parser = EventParser()
    chunks = (b"data: a\r", b"\n", b"", b"\r", b"", b"\ndata: b\r\n\r\n")
    assert [payload.data for chunk in chunks for payload in parser.feed(chunk)] == [b"a", b"b"]


MIB = 1024 * 1024


def largest() -> EventParser:
    """Return a parser that holds as much of an event as is allowed, after a small event."""
    parser = EventParser()
    assert len(list(parser.feed(b"data: before\n\n"))) == 1
    line = b"x" * (MIB - len(b"\n"))
    for _ in range(MAX_EVENT_BYTES // MIB):
        assert not list(parser.feed(b"data:" + line + b"\n"))
    return parser


def test_an_event_of_the_maximum_size_is_accepted() -> None:
    assert len(next(largest().feed(b"\n")).data) == MAX_EVENT_BYTES - 1


def test_an_event_one_byte_over_the_maximum_size_is_refused() -> None:
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


def test_a_line_received_in_small_pieces_takes_little_memory() -> None:
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
def test_a_stream_may_be_longer_than_the_maximum_size_of_an_event(piece: bytes) -> None:
    parser = EventParser()
    for _ in range(MAX_EVENT_BYTES // MIB + 1):
        list(parser.feed(piece))
    assert [payload.data for payload in parser.feed(b"data: end\n\n")] == [b"end"]


_ENDINGS = st.sampled_from([b"\n", b"\r", b"\r\n"])
_LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
_EVENTS = st.lists(st.tuples(_LINES, st.lists(_LINES, min_size=1, max_size=4)), max_size=6)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Payload], bytes]:
    """Return events and a stream that encodes them."""
    events = draw(_EVENTS)
    written = bytearray(draw(st.sampled_from([b"", b"\xef\xbb\xbf"])))

    def line(text: str) -> None:
        ending = draw(_ENDINGS)
        if not text and written.endswith(b"\r") and ending == b"\n":
            ending = b"\r"  # otherwise the two would be one CRLF
        written.extend(text.encode() + ending)

    for kind, texts in events:
        lines = [f"data: {text}" for text in texts] + ([f"event: {kind}"] if kind else [])
        noise = draw(st.lists(st.sampled_from([":", ": ping", "id: 1", "retry: 2", "other"]), max_size=2))
        position = draw(st.integers(0, len(lines)))
        for text in (*lines[:position], *noise, *lines[position:], ""):
            line(text)
    return [Payload("\n".join(texts).encode(), kind) for kind, texts in events], bytes(written)


@given(streams(), st.data())
def test_any_encoded_events_are_parsed_back(stream: tuple[list[Payload], bytes], data: st.DataObject) -> None:
    events, written = stream
    positions = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=8)))
    assert parse(*cut(written, *positions)) == events
