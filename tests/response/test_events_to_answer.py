"""Combining events into one answer that has the same shape as an answer of the API."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import IncompleteError
from nebius_cli.response.answer_decoder import AnswerDecoder, decode_object
from nebius_cli.response.answer_events import Finished, Frame, Problem, TextDelta, Usage
from nebius_cli.response.check_complete import MAX_UNFINISHED
from nebius_cli.response.events_to_answer import Completion


def folded(*frames: Any, expected: int = 1) -> Completion:
    completion = Completion(expected)
    for frame in frames:
        for event in decode_object(frame):
            completion.add(event)
    return completion


def frame(*choices: Any, **members: Any) -> dict[str, Any]:
    return {"choices": list(choices), **members}


def test_texts_of_interleaved_choices_are_kept_apart_and_in_order() -> None:
    completion = folded(
        frame({"index": 1, "text": "b1"}),
        frame({"index": 0, "text": "a1"}, {"index": 1, "text": "b2"}),
        frame({"index": 0, "text": "a2", "finish_reason": "stop"}),
        frame({"index": 1, "text": "", "finish_reason": "length"}),
        expected=2,
    )
    assert completion.to_json()["choices"] == [
        {"index": 0, "text": "a1a2", "logprobs": None, "finish_reason": "stop"},
        {"index": 1, "text": "b1b2", "logprobs": None, "finish_reason": "length"},
    ]
    assert completion.reasons() == ["stop", "length"]
    assert completion.unfinished == []


def test_each_finish_reason_is_listed_once() -> None:
    completion = Completion(3)
    for index, reason in ((2, "stop"), (0, "length"), (1, "stop")):
        completion.add(Finished(index, reason))
    assert completion.reasons() == ["length", "stop"]


def test_choices_that_are_missing_or_without_a_reason_are_unfinished() -> None:
    completion = folded(
        frame({"index": 0, "finish_reason": "stop"}), frame({"index": 3, "text": "x"}), expected=3
    )
    assert completion.unfinished == [1, 2, 3]
    assert Completion(2).unfinished == [0, 1]
    assert Completion(10**12).unfinished == list(range(MAX_UNFINISHED))  # not a list of all


def test_an_answer_has_started_after_a_text_or_a_reason_but_not_after_a_frame() -> None:
    assert not Completion(1).started
    assert not folded(frame({"index": 0, "text": ""}, id="x")).started
    assert folded(frame({"index": 0, "text": "a"})).started
    assert folded(frame({"index": 0, "finish_reason": "stop"})).started


def test_each_member_of_the_response_has_its_last_value_that_is_not_null() -> None:
    completion = folded(
        frame(id="1", model="m", service_tier=None, usage=None, system_fingerprint=None),
        frame(id="2", model="m", service_tier="flex"),
        frame(service_tier=None, usage={"total_tokens": 3}),
    )
    assert completion.to_json() == {
        "id": "2",
        "model": "m",
        "service_tier": "flex",
        "usage": {"total_tokens": 3},
        "system_fingerprint": None,
        "choices": [],
    }
    assert completion.member("service_tier") == "flex"
    assert completion.member("nothing") is None
    assert completion.usage == Usage(None, None, 3)


def test_choices_of_the_wrong_type_are_ignored() -> None:
    assert folded({"choices": None}, {"choices": {"0": {"text": "a"}}}).to_json() == {"choices": []}
    assert folded({"id": "1"}).to_json() == {"id": "1", "choices": []}


def test_the_last_usage_is_kept() -> None:
    assert folded(frame(usage={"total_tokens": 3}), frame(usage={"total_tokens": 4})).usage == Usage(
        None, None, 4
    )


def test_the_first_problem_is_reported() -> None:
    completion = Completion(1)
    completion.add(Problem("first"))
    completion.add(Problem("second"))
    assert completion.problem == "first"


def test_text_after_the_end_of_its_choice_is_a_problem() -> None:
    late = folded(frame({"index": 0, "text": "a", "finish_reason": "stop"}), frame({"index": 0, "text": "b"}))
    assert late.problem == "choice 1 continued after its finish_reason"
    completion = Completion(1)
    for event in (
        TextDelta(0, "a"),
        TextDelta(0, "b"),
        Finished(0, "stop"),
        TextDelta(0, "", {"tokens": [""]}),
    ):
        completion.add(event)
    assert completion.problem == ""


def test_a_truncated_end_is_not_a_problem_if_each_choice_is_finished() -> None:
    completion = Completion(1)
    completion.add(Finished(0, "stop"))
    completion.add(Problem("cut", cut=True))
    assert completion.problem == ""
    completion.add(Problem("full"))
    assert completion.problem == "full"
    unfinished = Completion(1)
    unfinished.add(Problem("cut", cut=True))
    assert unfinished.problem == "cut"


def test_log_probabilities_of_tokens_are_joined() -> None:
    def piece(token: str, offset: int) -> dict[str, Any]:
        lists = {"tokens": [token], "token_logprobs": [-0.5], "text_offset": [offset]}
        return {"index": 0, "text": token, "logprobs": {**lists, "top_logprobs": [{token: -0.5}]}}

    completion = folded(frame(piece("a", 0)), frame(piece("b", 1)), frame({"index": 0, "logprobs": None}))
    assert completion.to_json()["choices"][0]["logprobs"] == {
        "tokens": ["a", "b"],
        "token_logprobs": [-0.5, -0.5],
        "text_offset": [0, 1],
        "top_logprobs": [{"a": -0.5}, {"b": -0.5}],
    }


def test_log_probabilities_of_the_chat_shape_are_joined() -> None:
    completion = folded(
        frame({"index": 0, "text": "a", "logprobs": {"content": [{"token": "a"}], "refusal": None}}),
        frame({"index": 0, "text": "b", "logprobs": {"content": [{"token": "b"}], "refusal": None}}),
    )
    assert completion.to_json()["choices"][0]["logprobs"] == {
        "content": [{"token": "a"}, {"token": "b"}],
        "refusal": None,
    }


def test_members_that_vllm_adds_to_a_choice_are_kept() -> None:
    completion = folded(
        frame({"index": 0, "text": "a", "stop_reason": None, "token_ids": [1], "prompt_token_ids": [9]}),
        frame({"index": 0, "text": "b", "stop_reason": "END", "token_ids": [2], "prompt_token_ids": None}),
    )
    choice = completion.to_json()["choices"][0]
    assert (choice["stop_reason"], choice["token_ids"], choice["prompt_token_ids"]) == ("END", [1, 2], [9])


def test_a_member_that_changes_its_type_has_its_last_value() -> None:
    completion = folded(
        frame({"index": 0, "odd": "x"}), frame({"index": 0, "odd": [1]}), frame({"index": 0, "odd": 5})
    )
    assert completion.to_json()["choices"][0]["odd"] == 5
    completion = folded(frame({"index": 0, "odd": "x"}), frame({"index": 0, "odd": [1]}))
    assert completion.to_json()["choices"][0]["odd"] == [1]


def test_members_of_the_wrong_type_are_not_in_the_answer() -> None:
    completion = folded(frame({"index": -1, "text": "a", "finish_reason": 7, "logprobs": "x"}))
    choice = {"index": 0, "text": "a", "logprobs": None, "finish_reason": None}
    assert completion.to_json()["choices"] == [choice]


def test_combining_frames_does_not_modify_them() -> None:
    first = frame({"index": 0, "text": "a", "token_ids": [1], "logprobs": {"tokens": ["a"]}})
    before = json.dumps(first)
    folded(first, frame({"index": 0, "text": "b", "token_ids": [2], "logprobs": {"tokens": ["b"]}}))
    assert json.dumps(first) == before


def test_entries_that_are_not_choices_are_ignored() -> None:
    completion = Completion(1)
    completion.add(Frame({"choices": ["x", None, {"text": "c"}]}))
    completion.add(TextDelta(2, "c"))
    assert [choice["index"] for choice in completion.to_json()["choices"]] == [2]


_TEXTS = st.lists(st.lists(st.text(max_size=4), max_size=5), min_size=1, max_size=4)


@given(_TEXTS, st.randoms(use_true_random=False))
def test_a_stream_gives_the_same_answer_as_a_single_response(texts: list[list[str]], random: Any) -> None:
    whole = {
        "id": "cmpl-1",
        "object": "text_completion",
        "usage": {"total_tokens": 5},
        "choices": [
            {
                "index": index,
                "text": "".join(pieces),
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
            }
            for index, pieces in enumerate(texts)
        ],
    }
    queues = [
        [
            {"index": i, "text": piece, "logprobs": None, "finish_reason": None, "stop_reason": None}
            for piece in pieces
        ]
        + [{"index": i, "text": "", "logprobs": None, "finish_reason": "stop", "stop_reason": None}]
        for i, pieces in enumerate(texts)
    ]
    frames = []
    while waiting := [queue for queue in queues if queue]:
        frames.append(frame(random.choice(waiting).pop(0), id="cmpl-1", object="text_completion"))
    frames.append(frame(id="cmpl-1", object="text_completion", usage={"total_tokens": 5}))
    completion, decoder = Completion(len(texts)), AnswerDecoder("text/event-stream")
    for one in frames:
        for event in decoder.feed(b"data: " + json.dumps(one).encode() + b"\n\n"):
            completion.add(event)
    assert completion.to_json() == whole
    assert completion.unfinished == []


def test_an_answer_with_a_finish_reason_in_fail_on_is_incomplete() -> None:
    completion = folded(frame({"index": 0, "text": "a", "finish_reason": "length"}))
    completion.check_reasons(["stop"])
    with pytest.raises(IncompleteError) as caught:
        completion.check_reasons(["stop", "length"])
    assert (caught.value.what, caught.value.why, caught.value.hint) == (
        "the token limit cut off the answer",
        "--fail-on length makes this an error",
        "--max-tokens N allows a longer answer",
    )
    odd = folded(frame({"index": 0, "text": "a", "finish_reason": "odd"}))
    with pytest.raises(IncompleteError) as caught:
        odd.check_reasons(["odd"])
    assert (caught.value.what, caught.value.hint) == ("the finish reason is odd", "")


def test_an_unrequested_choice_without_text_is_ignored() -> None:
    completion = folded(frame({"index": 0, "text": "a", "finish_reason": "stop"}, {"index": 10**12, "x": 1}))
    assert completion.unfinished == []
    assert [choice["index"] for choice in completion.to_json()["choices"]] == [0]


@pytest.mark.parametrize(
    "member",
    [
        {"text": "x" * 1000},
        {"logprobs": {"tokens": ["x" * 1000]}},
        {"logprobs": {"content": [{"token": "x" * 500, "bytes": [1] * 20}]}},
        {"seen": ["x" * 1000]},
    ],
    ids=str,
)
def test_data_that_grows_with_each_frame_is_counted(member: dict[str, Any]) -> None:
    completion = folded(*[frame({"index": 0, **member})] * 100)
    assert 100_000 < completion.memory_bytes < 200_000


def test_data_that_replaces_earlier_data_is_counted_once() -> None:
    names = folded(*[frame({"index": 0, "stop_reason": "x" * 1000}, model="y" * 1000)] * 100)
    assert 2_000 < names.memory_bytes < 5_000
    other = folded(*[{f"name-{number}": "x" * 1000} for number in range(100)])
    assert 100_000 < other.memory_bytes < 200_000


def test_a_missing_choice_and_an_unfinished_choice_are_reported_differently() -> None:
    first = {"index": 0, "text": "a", "finish_reason": "stop"}
    never, unfinished = (
        folded(frame(first), expected=2),
        folded(frame(first, {"index": 1, "text": "b"}), expected=2),
    )
    assert never.fault == "choice 2 of 2 is missing from the answer"
    assert unfinished.fault == "choice 2 of 2 ended without a finish_reason"
