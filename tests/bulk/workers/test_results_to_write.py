"""Results wait to be written together, but few of them, and not for long."""

import math
import threading

from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.workers.results_to_write import MAX_UNWRITTEN, MAX_UNWRITTEN_S, UnwrittenResults
from tests.support.bulk import asking


def result(index: int) -> Result:
    return Result(asking(index), 1, 0.1, None, None, b"{}")


def test_they_are_written_soon_after_the_first_of_them() -> None:
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


def test_many_are_written_at_once() -> None:
    waiting = UnwrittenResults(threading.Lock())
    for index in range(MAX_UNWRITTEN):
        assert not waiting.are_many
        waiting.add([result(index)], 0.0)
    assert waiting.are_many


def test_no_result_begins_no_wait() -> None:
    waiting = UnwrittenResults(threading.Lock())
    waiting.add([], 5.0)
    assert waiting.write_at == math.inf
