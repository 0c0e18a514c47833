"""If each row is sent to two models, the errors of each model are counted separately."""

from dataclasses import replace

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.row_error_or_run_error import MAX_FORBIDDEN, MAX_SUSPECTS
from nebius_cli.core.errors_and_exit_codes import NbxError
from tests.support.bulk import make_row
from tests.support.dispatching import GARBAGE, answer, dispatcher, refused, sent


def of_two_models(*rows: Row) -> list[Row]:
    """Return each row twice, as the part for the model of the run and as the one for the other model."""
    common = b'{"model":"other"}'
    return [part for row in rows for part in (row, replace(row, common=common, model="other", variant=1))]


@pytest.mark.parametrize("error", [refused(403), GARBAGE])
def test_a_model_that_only_fails_stops_the_run_even_if_another_model_answers(error: NbxError) -> None:
    of = dispatcher(*of_two_models(*map(make_row, range(9))), fixed=1, retries=0)
    for _ in range(MAX_SUSPECTS):
        assert not of.stopped
        answer(of, sent(of))
        assert of.failed(sent(of), error, 0.0) == []
    assert (of.stopped, of.fatal) == (True, error)


def test_a_second_model_that_does_not_exist_stops_the_run() -> None:
    of, error = dispatcher(*of_two_models(make_row(0), make_row(1)), fixed=1), refused(404)
    answer(of, sent(of))
    assert of.failed(sent(of), error, 0.0) == []
    assert (of.stopped, of.fatal) == (True, error)


def test_a_key_refused_for_one_of_two_models_stops_the_run_after_some_rows() -> None:
    of = dispatcher(*of_two_models(*map(make_row, range(99))), fixed=1, retries=0)
    answer(of, sent(of))
    answer(of, sent(of))
    failed = 0
    while isinstance(step := of.next(0.0), Batch):
        if step.variant:
            failed += 1
            of.failed(step, refused(403), 0.0)
        else:
            answer(of, step)
    assert (failed, of.stopped) == (MAX_FORBIDDEN, True)
