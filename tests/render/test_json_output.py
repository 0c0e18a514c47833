"""JSON output: one object at the end, or one line for each frame."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core import jsontext
from nebius_cli.render.json_output import JsonOutput
from nebius_cli.render.output_options import Mode
from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import Finished, Frame, TextDelta
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.terminal.sanitize import visible_json
from tests.support.screen import FakeTerminal, streams_on
from tests.support.server import token


def records(glass: FakeTerminal, mode: Mode, *, terminal: bool = False) -> JsonOutput:
    """Return a JSON output that writes to `glass`."""
    return JsonOutput(streams_on(glass).write_out, mode, terminal=terminal)


def test_a_response_in_one_piece_is_written_unchanged() -> None:
    glass = FakeTerminal()
    renderer = records(glass, Mode.JSON)
    response = {"id": "x", "odd": {"b": 1, "a": [None]}, "choices": []}
    renderer.event(Frame(response))
    renderer.finish(Completion(1))
    assert glass.text == json.dumps(response, separators=(",", ":")) + "\n"


def test_frames_are_combined_into_one_response() -> None:
    glass = FakeTerminal()
    renderer = records(glass, Mode.JSON)
    completion = Completion(1)
    for event in (
        Frame({"id": "x"}),
        TextDelta(0, "a"),
        Frame({"id": "x"}),
        TextDelta(0, "b"),
        Finished(0, "stop"),
    ):
        renderer.event(event)
        completion.add(event)
    assert glass.text == ""
    renderer.finish(completion)
    assert json.loads(glass.text)["choices"][0]["text"] == "ab"


def test_without_frames_nothing_is_written() -> None:
    glass = FakeTerminal()
    for mode in (Mode.JSON, Mode.NDJSON):
        records(glass, mode).finish(Completion(1))
    assert glass.text == ""


def test_ndjson_writes_each_frame_at_once_and_nothing_at_the_end() -> None:
    glass = FakeTerminal()
    renderer = records(glass, Mode.NDJSON, terminal=True)
    renderer.event(Frame({"a": 1}))
    assert glass.text == '{"a":1}\n'
    renderer.event(Frame({"b": "é\n"}))
    renderer.finish(Completion(1))
    assert glass.text.splitlines() == ['{"a":1}', '{"b":"é\\n"}']


def test_on_a_terminal_json_is_indented_and_control_characters_are_escaped() -> None:
    glass = FakeTerminal()
    renderer = records(glass, Mode.JSON, terminal=True)
    renderer.event(Frame({"text": "\x1b\x9b\u202e"}))
    renderer.finish(Completion(1))
    assert glass.text == '{\n  "text": "\\u001b\\u009b\\u202e"\n}\n'


def test_nan_and_infinity_become_null() -> None:
    glass = FakeTerminal()
    renderer = records(glass, Mode.NDJSON)
    renderer.event(Frame({"logprob": float("nan"), "list": [float("-inf"), 1.5]}))
    assert json.loads(glass.text) == {"logprob": None, "list": [None, 1.5]}


TEXTS = st.one_of(st.text(max_size=4), st.sampled_from(["\ud800", "é", "\0é\0", "\x9b"]))
FRAMES = st.builds(
    lambda text, index, more: {**token(text, index), **more},
    TEXTS,
    st.integers(0, 1),
    st.sampled_from([{}, {}, {}, {"odd": "\udfff"}, {"odd": "\0é\0"}, {"usage": {"prompt_tokens": 1}}]),
)


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@given(frames=st.lists(FRAMES, max_size=12), size=st.integers(1, 5))
def test_frames_received_together_are_written_as_the_same_lines(
    frames: list[Any], size: int, *, terminal: bool
) -> None:
    written: list[bytes] = []
    renderer = JsonOutput(written.append, Mode.NDJSON, terminal=terminal)
    decoder = AnswerDecoder("text/event-stream", every_frame=True)
    events = [b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames]
    for at in range(0, len(events), size):
        for event in decoder.feed(b"".join(events[at : at + size])):
            renderer.event(event)
    lines = [jsontext.encode(frame) for frame in frames]
    if terminal:
        lines = [visible_json(line.decode()).encode() for line in lines]
    assert b"".join(written) == b"".join(line + b"\n" for line in lines)
