"""Results are written in batches, limited in size and in waiting time."""

import math
import threading

from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.workers.results_to_write import MAX_UNWRITTEN, MAX_UNWRITTEN_S, UnwrittenResults
from tests.support.bulk import make_row


def result(index: int) -> Result:
    return Result(make_row(index), 1, 0.1, None, None, b"{}")


def test_results_are_written_soon_after_the_first_one_is_added() -> None:
    waiting = UnwrittenResults(threading.Lock())
    assert waiting.write_at == math.inf
    waiting.add([result(0)], 5.0)
    waiting.add([result(1)], 5.01)
    assert waiting.write_at == 5.0 + MAX_UNWRITTEN_S
    written: list[list[Result]] = []
    waiting.write(written.append)
    waiting.write(written.append)
    assert ([[one.row.index for one in results] for results in written], waiting.write_at) == (
        [[0, 1]],
        math.inf,
    )


def test_many_results_are_written_immediately() -> None:
    waiting = UnwrittenResults(threading.Lock())
    for index in range(MAX_UNWRITTEN):
        assert not waiting.must_be_written
        waiting.add([result(index)], 0.0)
    assert waiting.must_be_written


def test_adding_no_results_sets_no_deadline() -> None:
    waiting = UnwrittenResults(threading.Lock())
    waiting.add([], 5.0)
    assert waiting.write_at == math.inf
