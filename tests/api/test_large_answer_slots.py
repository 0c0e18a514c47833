"""Many large answers at once take no more memory than two, and small ones do not wait."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from nebius_cli.api.large_answer_slots import MAX_LARGE_ANSWERS, MIN_LARGE_BYTES, LargeAnswers
from nebius_cli.core.errors_and_exit_codes import RejectedError
from tests.support.calls import connect, failure, send, within
from tests.support.server import FakeServer, detail, status

MIB = 1 << 20


def test_large_answers_take_turns(server: FakeServer) -> None:
    size, count = 8 * MIB, 8
    server.script(*[status(200, b" " * size) for _ in range(count)])
    api = connect(server.url)

    def length(_: int) -> int:
        with api.large_answers.turn:
            return len(send(api).body)

    tracemalloc.start()
    with ThreadPoolExecutor(count) as threads:
        assert list(threads.map(length, range(count))) == [size] * count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The server creates its answers before the trace starts; a growing buffer briefly takes twice its size.
    assert peak < (2 * MAX_LARGE_ANSWERS + 1) * size


def test_a_turn_ends_with_the_outermost_block_and_after_a_failure(server: FakeServer) -> None:
    large = LargeAnswers()
    for _ in range(3 * MAX_LARGE_ANSWERS):
        with large.turn:
            with large.turn:
                large.take(within())
            large.take(within())
    large.take(within())  # outside any block `take` never waits
    server.script(*[detail(400, "x" * 2 * MIN_LARGE_BYTES) for _ in range(2 * MAX_LARGE_ANSWERS)])
    api = connect(server.url)
    for _ in range(2 * MAX_LARGE_ANSWERS):
        assert isinstance(failure(send, api), RejectedError)
    assert len(server.requests) == 2 * MAX_LARGE_ANSWERS
