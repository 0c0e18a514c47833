"""Rows that share requests, and a server that accepts one prompt per request."""

from dataclasses import replace
from typing import Any

import pytest

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import NOTHING
from nebius_cli.bulk.send_queue import Grouping
from nebius_cli.core.detect_multi_prompt_support import ONE_AT_A_TIME
from nebius_cli.core.errors_and_exit_codes import IgnoredFieldError, NbxError, RejectedError
from tests.support.bulk import make_row
from tests.support.dispatching import answer, dispatcher, refused, sent
from tests.support.item_rows import WordRows

IGNORED = IgnoredFieldError("ignored")
NO_SCORE = RejectedError("no score")


def question(index: int, words: str, **more: Any) -> Row:
    item = WordRows.of(words)
    variants = more.get("variants", ())
    count = len(item.prompts) * (1 + len(variants))
    prompt = item.prompts if len(item.prompts) > 1 else item.prompts[0]
    row = replace(make_row(index), prompt=prompt, item=item, part_count=count, common=b'{"model":"m"}')
    return replace(row, **more)


def prompts(batch: Batch) -> list[Any]:
    return [row.prompt for row in batch.rows]


@pytest.mark.parametrize(
    ("rows", "limit", "groups"),
    [
        (["a b", "c d", "e f"], 4, [["a", "b", "c", "d"], ["e", "f"]]),
        (["a b", "c d"], 3, [["a", "b"], ["c", "d"]]),
        (["a b c", "d"], 2, [["a", "b", "c"], ["d"]]),
        (["a", "b", "c d"], 2, [["a", "b"], ["c", "d"]]),
    ],
)
def test_the_prompts_of_a_row_stay_together(rows: list[str], limit: int, groups: list[list[str]]) -> None:
    of = dispatcher(*(question(index, words) for index, words in enumerate(rows)), group=limit)
    assert [prompts(sent(of)) for _ in groups] == groups


def test_an_incomplete_group_is_built_only_on_request() -> None:
    grouping = Grouping(4, 1, lambda _: NOTHING)
    grouping.offer(question(0, "a b"))
    grouping.build(incomplete=False)
    assert grouping.upcoming is None
    grouping.build(incomplete=True)
    assert grouping.upcoming is not None


def test_the_requests_of_a_row_to_several_models_each_name_their_model() -> None:
    of = dispatcher(question(0, "a b", variants=((b'{"model":"other"}', "other"),)), group=8)
    first, second = sent(of), sent(of)
    assert (first.body, second.body) == (
        b'{"model":"m","prompt":["a","b"]}',
        b'{"model":"other","prompt":["a","b"]}',
    )
    assert [row.part for row in (*first.rows, *second.rows)] == [0, 1, 2, 3]
    assert second.rows[0].model == "other"


def without_arrays(of: Dispatcher) -> list[int]:
    """Answer single prompts only; return the sizes of the requests."""
    sizes = []
    while isinstance(step := of.next(0.0), Batch):
        sizes.append(len(step.rows))
        if len(step.rows) > 1:
            of.failed(step, refused(500), 0.0)
        else:
            answer(of, step)
    return sizes


def test_a_server_that_answers_only_single_prompts_gets_no_more_groups() -> None:
    of = dispatcher(*(question(index, "a b c") for index in range(4)), group=3, retries=0, fixed=1)
    notes: list[str] = []
    of.note = notes.append
    assert without_arrays(of) == [3, *[1] * 12]
    assert notes == [ONE_AT_A_TIME]


def test_groups_are_still_sent_if_the_single_prompts_of_a_failed_group_fail_too() -> None:
    of = dispatcher(*(question(index, "a b") for index in range(2)), group=2, retries=0, fixed=1)
    of.failed(sent(of), refused(500), 0.0)
    for _ in range(2):
        of.failed(sent(of), refused(400), 0.0)
    assert len(sent(of).rows) == 2


def test_groups_are_always_sent_to_a_server_that_has_answered_one() -> None:
    of = dispatcher(*(question(index, "a b") for index in range(3)), group=2, retries=0, fixed=1)
    answer(of, sent(of))
    of.failed(sent(of), refused(500), 0.0)
    for _ in range(2):
        answer(of, sent(of))
    assert len(sent(of).rows) == 2


def test_rows_sent_again_in_the_second_form_are_sent_one_by_one() -> None:
    of = dispatcher(*(question(index, "a b") for index in range(3)), group=2, fixed=2)
    one, other = sent(of), sent(of)
    assert of.answered(one, [IGNORED, IGNORED], None, {}, 0.0, again=True) == []
    assert of.failed(other, refused(400), 0.0, again=True) == []
    sizes = []
    results = []
    while isinstance(step := of.next(0.0), Batch):
        sizes.append(len(step.rows))
        results += answer(of, step)
    assert sizes == [1] * 6
    assert sorted(result.attempts for result in results) == [1, 1, 2, 2, 2, 2]


def ignored(of: Dispatcher, *outcomes: NbxError) -> list[Any]:
    return of.answered(sent(of), outcomes, None, {}, 0.0)


def test_answers_that_ignore_a_field_stop_the_run_early() -> None:
    of = dispatcher(*(question(index, "a") for index in range(100)), fixed=1)
    for _ in range(3):
        assert ignored(of, IGNORED) == []
    assert of.next(0.0) is None
    assert of.fatal is IGNORED
    of = dispatcher(question(0, "a"), fixed=1)
    assert ignored(of, IGNORED) == []
    assert of.next(0.0) is None
    assert of.fatal is IGNORED


def test_after_a_valid_answer_rows_with_an_ignored_field_fail_alone() -> None:
    of = dispatcher(*(question(index, "a b") for index in range(4)), group=2, fixed=1)
    assert ignored(of, IGNORED, NO_SCORE) == []
    assert [result.error for result in answer(of, sent(of))] == [None, None, IGNORED, NO_SCORE]
    assert [result.error for result in ignored(of, NO_SCORE, IGNORED)] == [NO_SCORE, IGNORED]


def test_rows_without_a_score_do_not_end_the_run() -> None:
    of = dispatcher(*(question(index, "a") for index in range(20)), fixed=1)
    results = [result for _ in range(20) for result in ignored(of, NO_SCORE)]
    assert len(results) == 20
    assert of.fatal is None
