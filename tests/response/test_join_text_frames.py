"""Frames that differ only in their text are joined, and no other data is lost."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import Event, Finished, Frame, Problem, Repeats, TextDelta
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.join_text_frames import MAX_CHOICES, Coalescer


def frame(text: Any = "a", index: Any = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "text": text, "logprobs": None, "finish_reason": None, **more.pop("choice", {})}
    return {"id": "cmpl-1", "created": 1, "choices": [choice], **more}


def wire(*frames: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in frames)


def events(*chunks: bytes, every_frame: bool = False) -> list[Event]:
    decoder = AnswerDecoder("text/event-stream", every_frame=every_frame)
    return [event for chunk in chunks for event in decoder.feed(chunk)] + list(decoder.close())


def test_tokens_received_together_are_joined_after_the_first_frame() -> None:
    first, *rest = events(wire(frame("a"), frame("b"), frame("c")))
    assert isinstance(first, Frame)
    assert rest == [TextDelta(0, "a"), TextDelta(0, "bc")]


def test_tokens_of_different_chunks_are_not_joined() -> None:
    found = events(wire(frame("a")), wire(frame("b"), frame("c")), wire(frame("d")))
    assert found[1:] == [TextDelta(0, "a"), TextDelta(0, "bc"), TextDelta(0, "d")]


def test_each_choice_is_joined_separately() -> None:
    found = events(wire(*(frame(text, index) for text, index in zip("aAbBcC", [0, 1] * 3, strict=True))))
    assert [event for event in found if isinstance(event, TextDelta)] == [
        TextDelta(0, "a"),
        TextDelta(1, "A"),
        TextDelta(0, "bc"),
        TextDelta(1, "BC"),
    ]


def test_held_text_is_emitted_before_any_other_event() -> None:
    end = frame("", choice={"finish_reason": "stop"})
    found = events(wire(frame("a"), frame("b"), end, "no object"))
    assert [event for event in found if not isinstance(event, Frame)] == [
        TextDelta(0, "a"),
        TextDelta(0, "b"),
        Finished(0, "stop"),
        Problem("an event is not a JSON object"),
    ]


def test_every_frame_is_passed_on_in_order_if_requested() -> None:
    frames = [frame(text, index) for text, index in zip("aAbcBd", [0, 1, 0, 0, 1, 0], strict=True)]
    found = events(wire(*frames), every_frame=True)
    remade: list[Any] = []
    for event in found:
        if isinstance(event, Frame):
            remade.append(event.payload)
        elif isinstance(event, Repeats):
            (choice,) = event.frame["choices"]
            remade += [{**event.frame, "choices": [{**choice, "text": text}]} for text in event.texts]
    assert [json.dumps(one) for one in remade] == [json.dumps(one) for one in frames]
    assert "".join(event.text for event in found if isinstance(event, TextDelta) and event.index) == "AB"


def test_the_halves_of_a_surrogate_pair_are_joined() -> None:
    found = events(b"".join(wire(frame("x")) + b'data: {"choices":[]}\n\n' for _ in range(1)))
    assert TextDelta(0, "x") in found
    pair = [frame("x"), frame("\ud83c"), frame("\udf0d")]
    assert events(wire(*pair))[-1] == TextDelta(0, "\ud83c\udf0d")


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": "cmpl-1"},
        {"choices": None},
        {"choices": []},
        {"choices": ["a"]},
        frame(None),
        frame(7),
        frame("a", None),
        frame("a", True),
        frame("a", -1),
        frame("a", usage={"total_tokens": 1}),
        frame("a", error="broken"),
        frame("a", detail="broken"),
        frame("a", object="error"),
        frame("a", choice={"finish_reason": "stop"}),
        frame("a", choice={"token_ids": [5]}),
        frame("a", choice={"logprobs": {"tokens": ["a"]}}),
    ],
    ids=str,
)
def test_a_frame_with_other_data_is_never_treated_as_a_repetition(odd: dict[str, Any]) -> None:
    runs = Coalescer()
    for _ in range(3):
        before = json.dumps(odd)
        assert not runs.try_join(odd)
        assert json.dumps(odd) == before
    assert list(runs.events()) == []


def test_a_change_outside_the_text_ends_a_repetition() -> None:
    runs = Coalescer()
    taken = [runs.try_join(one) for one in (frame(), frame(), frame(id="2"), frame(id="2"), frame())]
    assert taken == [False, True, False, True, False]
    end = frame(choice={"finish_reason": "stop"})
    assert [runs.try_join(one) for one in (frame(), end, frame())] == [True, False, False]


def test_a_frame_without_choices_ends_a_repetition() -> None:
    runs = Coalescer()
    assert [runs.try_join(one) for one in (frame(), frame(), {"id": "2"}, frame())] == [
        False,
        True,
        False,
        False,
    ]


def test_choices_beyond_the_maximum_are_decoded_without_joining() -> None:
    runs = Coalescer()
    assert not any(runs.try_join(frame("a", index)) for index in range(MAX_CHOICES + 2))
    assert runs.try_join(frame("a", MAX_CHOICES - 1))
    assert not runs.try_join(frame("a", MAX_CHOICES))


@st.composite
def streams(draw: st.DrawFn) -> list[Any]:
    """Frames of up to three choices, most of them alike."""
    odd = st.sampled_from(
        [
            {"created": 2},
            {"usage": {"prompt_tokens": 3}},
            {"usage": None},
            {"choice": {"finish_reason": "stop"}},
            {"choice": {"token_ids": [1]}},
            {"choice": {"logprobs": {"tokens": ["x"], "token_logprobs": [-1.0]}}},
            {"choice": {"stop_reason": 7}},
            {"error": "broken"},
        ]
    )
    more = st.one_of(st.just({}), st.just({}), st.just({}), odd)
    one = st.builds(
        lambda text, index, m: frame(text, index, **m), st.text(max_size=3), st.integers(0, 2), more
    )
    return draw(st.lists(st.one_of(one, one, one, st.sampled_from([None, 5, {}, frame(None)])), max_size=12))


def folded(found: Iterator[Event] | list[Event]) -> dict[str, Any]:
    completion = Completion(3)
    for event in found:
        completion.add(event)
    return {**completion.to_json(), "problem": completion.problem, "usage seen": completion.usage}


@given(streams(), st.integers(1, 5))
def test_joining_does_not_change_the_answer(frames: list[Any], size: int) -> None:
    chunks = [wire(*frames[at : at + size]) for at in range(0, len(frames), size)]
    assert folded(events(*chunks)) == folded(events(*chunks, every_frame=True))
