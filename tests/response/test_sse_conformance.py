"""Conformance with the WHATWG HTML standard: each rule about event streams, and a stream that shows it.

The rules are in our own words; `9.2.5` and `9.2.6` are sections of the standard. The expected events are
written by hand, and compared with those of our parser and of the standard's algorithm.
"""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import TextDelta
from nebius_cli.response.sse_parser import EventParser
from tests.support.event_stream import Event, interpret

BOM = "\ufeff".encode()


class Rule(NamedTuple):
    """A rule, a stream to which it applies, and the expected events."""

    section: str
    says: str
    stream: bytes
    events: tuple[Event, ...]


def rule(section: str, says: str, stream: bytes, *events: str | tuple[str, str]) -> Rule:
    pairs = tuple(Event(event) if isinstance(event, str) else Event(*event) for event in events)
    return Rule(section, says, stream, pairs)


RULES = (
    # 9.2.5: what a stream is made of.
    rule("9.2.5", "a stream is any number of events", b"data:a\n\ndata:b\n\ndata:c\n\n", "a", "b", "c"),
    rule("9.2.5", "an empty stream has no events", b""),
    rule("9.2.5", "a stream may start with one byte order mark", BOM + b"data:a\n\n", "a"),
    rule("9.2.5", "a line ends with CR LF", b"data:a\r\ndata:b\r\n\r\n", "a\nb"),
    rule("9.2.5", "a line ends with LF", b"data:a\ndata:b\n\n", "a\nb"),
    rule("9.2.5", "a line ends with CR", b"data:a\rdata:b\r\r", "a\nb"),
    rule("9.2.5", "the three line endings may be mixed", b"data:a\rdata:b\ndata:c\r\n\r\n", "a\nb\nc"),
    rule("9.2.5", "CR LF is one ending, not a line and a blank one", b"data:a\r\ndata:b\r\r\n", "a\nb"),
    rule("9.2.5", "LF CR is two endings", b"data:a\n\rdata:b\n\n", "a", "b"),
    rule("9.2.5", "CR CR LF is two endings", b"data:a\r\r\ndata:b\n\n", "a", "b"),
    rule("9.2.5", "LF LF is two endings", b"data:a\n\ndata:b\n\n", "a", "b"),
    rule(
        "9.2.5",
        "no other character ends a line",
        "data:\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\n\n".encode(),
        "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
    ),
    rule(
        "9.2.5",
        "a value may hold any character but CR and LF",
        "data:\x00\x7f\U0010ffff\n\n".encode(),
        "\x00\x7f\U0010ffff",
    ),
    rule(
        "9.2.5",
        "the name of a field may hold any character but a colon",
        "da\u20acta x\x00:a\ndata:b\n\n".encode(),
        "b",
    ),
    # 9.2.6: bytes to text.
    rule(
        "9.2.6", "the stream is UTF-8", "data:\u00e9\u20ac\U0001f30d\n\n".encode(), "\u00e9\u20ac\U0001f30d"
    ),
    rule("9.2.6", "an invalid byte becomes U+FFFD", b"data:a\xffb\n\n", "a\ufffdb"),
    rule(
        "9.2.6",
        "a character that a line ending cuts becomes U+FFFD",
        b"data:\xe2\x82\ndata:\xac\n\n",
        "\ufffd\n\ufffd",
    ),
    rule("9.2.6", "a surrogate in UTF-8 is invalid", b"data:\xed\xa0\x80\n\n", "\ufffd\ufffd\ufffd"),
    rule("9.2.6", "an overlong form is invalid", b"data:\xc0\x8a\n\n", "\ufffd\ufffd"),
    rule("9.2.6", "a byte order mark at the start is left out", BOM + b":x\ndata:a\n\n", "a"),
    rule("9.2.6", "only the first byte order mark is left out", BOM + BOM + b"data:a\ndata:b\n\n", "b"),
    rule("9.2.6", "part of a byte order mark is kept", b"\xef\xbbdata:a\ndata:b\n\n", "b"),
    rule("9.2.6", "a later byte order mark is part of a name", b"data:a\n\n" + BOM + b"data:b\n\n", "a"),
    rule("9.2.6", "a byte order mark in a value stays", b"data:" + BOM + b"\n\n", "\ufeff"),
    rule("9.2.6", "a byte order mark alone is an empty stream", BOM),
    # 9.2.6: a blank line.
    rule("9.2.6", "a blank line dispatches the event", b"data:a\n\n", "a"),
    rule("9.2.6", "a blank line after a blank line dispatches nothing", b"data:a\n\n\n\r\r\n\r\n", "a"),
    rule("9.2.6", "blank lines before the first event dispatch nothing", b"\n\n\ndata:a\n\n", "a"),
    rule("9.2.6", "a line of one space is not a blank line", b"data:a\n \ndata:b\n\n", "a\nb"),
    rule("9.2.6", "an event without data is not dispatched", b"event:x\n\nid:1\n\n:\n\nother:2\n\n"),
    rule("9.2.6", "an event that is not dispatched leaves no type behind", b"event:x\n\ndata:a\n\n", "a"),
    rule("9.2.6", "each event starts with empty buffers", b"event:x\ndata:a\n\ndata:b\n\n", ("a", "x"), "b"),
    # 9.2.6: comments.
    rule("9.2.6", "a line that starts with a colon is a comment", b":data:a\ndata:b\n\n", "b"),
    rule("9.2.6", "a colon alone is a comment", b":\n\n:\ndata:a\n:\n\n", "a"),
    rule("9.2.6", "a comment within an event does not end it", b"data:a\n: x\ndata:b\n\n", "a\nb"),
    rule("9.2.6", "a comment and a blank line dispatch nothing", b": ping\n\n: ping\n\n"),
    # 9.2.6: a line with a colon.
    rule("9.2.6", "the name is the text before the first colon", b"data:a:b\n\n", "a:b"),
    rule("9.2.6", "colons after the first belong to the value", b"data:::a\n\n", "::a"),
    rule("9.2.6", "one space after the colon is left out", b"data: a\n\n", "a"),
    rule("9.2.6", "a second space is part of the value", b"data:  a\n\n", " a"),
    rule("9.2.6", "a value of one space is empty", b"data: \n\n", ""),
    rule("9.2.6", "a tab after the colon is part of the value", b"data:\ta\n\n", "\ta"),
    rule("9.2.6", "a no-break space is part of the value", "data:\u00a0a\n\n".encode(), "\u00a0a"),
    rule("9.2.6", "spaces at the end are part of the value", b"data:a  \n\n", "a  "),
    rule("9.2.6", "a space before the colon is part of the name", b"data :a\ndata:b\n\n", "b"),
    rule("9.2.6", "a space before the name is part of it", b" data:a\ndata:b\n\n", "b"),
    # 9.2.6: a line without one.
    rule("9.2.6", "a line without a colon is a name with an empty value", b"data\n\n", ""),
    rule("9.2.6", "two lines without a colon are one newline", b"data\ndata\n\n", "\n"),
    rule("9.2.6", "a line without a colon may reset the type", b"event:x\nevent\ndata:a\n\n", "a"),
    rule("9.2.6", "a line of another name is ignored", b"datum\ndata:a\n\n", "a"),
    # 9.2.6: the fields.
    rule("9.2.6", "names are case-sensitive", b"DATA:a\nData:b\ndata:c\n\n", "c"),
    rule("9.2.6", "event: sets the type", b"event:x\ndata:a\n\n", ("a", "x")),
    rule("9.2.6", "event: may come after the data", b"data:a\nevent:x\n\n", ("a", "x")),
    rule("9.2.6", "the last event: line is used", b"event:x\ndata:a\nevent:y\n\n", ("a", "y")),
    rule("9.2.6", "data: adds its value and a newline", b"data:a\ndata:b\ndata:c\n\n", "a\nb\nc"),
    rule("9.2.6", "empty data: lines are newlines too", b"data:a\ndata:\ndata:b\n\n", "a\n\nb"),
    rule(
        "9.2.6", "the last newline of the data is left out, and only it", b"data:a\ndata:\ndata:\n\n", "a\n\n"
    ),
    rule("9.2.6", "data: alone dispatches an empty text", b"data:\n\n", ""),
    rule("9.2.6", "id: changes no event", b"id:1\ndata:a\nid\n\nid:\x00\ndata:b\n\n", "a", "b"),
    rule("9.2.6", "retry: changes no event, with or without digits", b"retry:10\ndata:a\nretry:x\n\n", "a"),
    rule("9.2.6", "any other field is ignored", b"foo:a\ndata:b\nevents:c\ndata-x:d\n\n", "b"),
    # 9.2.6: the standard's own examples.
    rule("9.2.6", "its example of stocks", b"data: YHOO\ndata: +2\ndata: 10\n\n", "YHOO\n+2\n10"),
    rule(
        "9.2.6",
        "its example of a comment and three events",
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        "first event",
        "second event",
        " third event",
    ),
    rule("9.2.6", "its example of empty texts", b"data\n\ndata\ndata\n\n", "", "\n"),
    rule("9.2.6", "its example of the space", b"data:test\n\ndata: test\n\n", "test", "test"),
)

CUT = {
    "data of an unfinished event": (b"data:a\n\ndata:b\n", Event("b")),
    "an unfinished line of data": (b"data:a\n\ndata:b", Event("b")),
    "the example of empty texts, its last line": (b"data\n\ndata\ndata\n\ndata:", Event("")),
    "a type without data": (b"data:a\n\nevent:x", None),
    "nothing": (b"data:a\n\n", None),
    "a CR that may have been half of an ending": (b"data:a\n\ndata:b\r", Event("b")),
}


def fed(stream: bytes, *positions: int) -> tuple[list[Event], list[Event]]:
    """Return the events of a stream that is split at these positions, and those that `close` returns."""
    parser, received, start = EventParser(), [], 0
    for end in (*positions, len(stream)):
        received += [*parser.feed(stream[start:end])]
        start = end
    found, cut = (
        [Event(payload.data.decode("utf-8", "replace"), payload.event) for payload in payloads]
        for payloads in (received, parser.close())
    )
    return found, cut


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.section} {rule.says}" for rule in RULES])
def test_each_rule_holds(rule: Rule) -> None:
    assert fed(rule.stream) == ([*rule.events], [])
    assert interpret(rule.stream) == ([*rule.events], None)


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.section} {rule.says}" for rule in RULES])
def test_each_rule_holds_wherever_the_stream_is_split(rule: Rule) -> None:
    for position in range(len(rule.stream) + 1):
        assert fed(rule.stream, position) == ([*rule.events], []), position
    assert fed(rule.stream, *range(len(rule.stream))) == ([*rule.events], [])


@pytest.mark.parametrize(("stream", "left"), CUT.values(), ids=CUT)
def test_an_incomplete_event_at_the_end_is_returned_by_close(stream: bytes, left: Event | None) -> None:
    """This deviates from the standard, which drops such an event: it may contain the last token."""
    events, cut = fed(stream)
    assert (events, cut) == (interpret(stream)[0], [left] if left else [])
    assert interpret(stream)[1] == left


def test_each_rule_has_one_case() -> None:
    assert len({rule.says for rule in RULES}) == len(RULES) > 50


def test_the_charset_of_the_content_type_does_not_matter() -> None:
    stream = 'data: {"choices": [{"index": 0, "text": "\u00e9"}]}\n\n'.encode()
    decoder = AnswerDecoder("text/event-stream; charset=latin-1")
    assert TextDelta(0, "\u00e9") in list(decoder.feed(stream))


_PIECES = ("\r", "\n", "data", "event", "id", "retry", ":", " ", "\ufeff", "\u20ac", "\x00", "x", "\u2028")
_STREAMS = st.lists(st.sampled_from([*map(str.encode, _PIECES), b"\xff", b"\xe2\x82"]), max_size=40)


@given(_STREAMS.map(b"".join), st.data())
def test_any_stream_gives_the_events_of_the_standards_algorithm(stream: bytes, data: st.DataObject) -> None:
    positions = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    events, left = interpret(stream)
    assert fed(stream, *positions) == (events, [left] if left else [])
