"""Records are written in the order of their rows."""

import random

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.output.reorder_for_pipe import ReorderBuffer


@given(st.integers(1, 60), st.integers(1, 8), st.randoms(use_true_random=False))
def test_records_are_returned_in_the_order_of_the_rows(rows: int, most: int, jitter: random.Random) -> None:
    window, out = ReorderBuffer(most, 1 << 20), []
    in_flight: list[int] = []
    waiting = list(range(0, 3 * rows, 3))  # a shard's indexes have gaps
    while waiting or in_flight:
        while waiting and not window.full:
            window.take(waiting[0])
            in_flight.append(waiting.pop(0))
        assert 0 < len(in_flight) <= most
        index = in_flight.pop(jitter.randrange(len(in_flight)))
        out += window.add(index, b"%d" % index)
    assert out == [b"%d" % index for index in range(0, 3 * rows, 3)]
    assert window.remaining() == []
    assert not window.full


def test_the_buffer_is_full_when_it_holds_too_many_bytes() -> None:
    window, full = ReorderBuffer(1000, 10), []
    for index in range(3):
        window.take(index)
    for index, record in ((1, b"x" * 9), (2, b"x")):
        assert window.add(index, record) == []
        full.append(window.full)
    assert window.add(0, b"y") == [b"y", b"x" * 9, b"x"]
    assert [*full, window.full] == [False, True, False]


def test_the_remaining_records_of_a_stopped_run_are_in_order_with_gaps() -> None:
    window = ReorderBuffer(10, 100)
    for index in range(5):
        window.take(index)
    assert window.add(3, b"3") + window.add(1, b"1") == []
    assert window.remaining() == [b"1", b"3"]
    assert window.remaining() == []
