"""JSON as it goes out."""

import json

from nebius_cli.render.json_output import JsonOutput
from nebius_cli.render.output_options import Mode
from nebius_cli.response.answer_builder import Completion
from nebius_cli.response.events import Finished, Frame, TextDelta
from tests.support.screen import Glass, streams_on


def records(glass: Glass, mode: Mode, *, terminal: bool = False) -> JsonOutput:
    """Return records that go onto `glass`."""
    return JsonOutput(streams_on(glass).write_out, mode, terminal=terminal)


def test_a_response_in_one_piece_comes_out_as_it_came() -> None:
    glass = Glass()
    renderer = records(glass, Mode.JSON)
    response = {"id": "x", "odd": {"b": 1, "a": [None]}, "choices": []}
    renderer.event(Frame(response))
    renderer.finish(Completion(1))
    assert glass.text == json.dumps(response, separators=(",", ":")) + "\n"


def test_frames_are_folded_into_one_response() -> None:
    glass = Glass()
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


def test_no_frame_is_no_object() -> None:
    glass = Glass()
    for mode in (Mode.JSON, Mode.NDJSON):
        records(glass, mode).finish(Completion(1))
    assert glass.text == ""


def test_ndjson_is_each_frame_at_once_and_no_more_at_the_end() -> None:
    glass = Glass()
    renderer = records(glass, Mode.NDJSON, terminal=True)
    renderer.event(Frame({"a": 1}))
    assert glass.text == '{"a":1}\n'
    renderer.event(Frame({"b": "é\n"}))
    renderer.finish(Completion(1))
    assert glass.text.splitlines() == ['{"a":1}', '{"b":"é\\n"}']


def test_on_a_terminal_json_is_indented_and_drives_nothing() -> None:
    glass = Glass()
    renderer = records(glass, Mode.JSON, terminal=True)
    renderer.event(Frame({"text": "\x1b\x9b\u202e"}))
    renderer.finish(Completion(1))
    assert glass.text == '{\n  "text": "\\u001b\\u009b\\u202e"\n}\n'


def test_a_number_that_json_has_not_becomes_null() -> None:
    glass = Glass()
    renderer = records(glass, Mode.NDJSON)
    renderer.event(Frame({"logprob": float("nan"), "list": [float("-inf"), 1.5]}))
    assert json.loads(glass.text) == {"logprob": None, "list": [None, 1.5]}
