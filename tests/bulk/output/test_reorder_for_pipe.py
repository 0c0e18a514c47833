"""Records come out in the order in which their rows were taken."""

import random

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.output.reorder_for_pipe import ReorderBuffer


@given(st.integers(1, 60), st.integers(1, 8), st.randoms(use_true_random=False))
def test_any_order_in_is_the_order_of_the_rows_out(rows: int, most: int, jitter: random.Random) -> None:
    window, out = ReorderBuffer(most, 1 << 20), []
    flying: list[int] = []
    waiting = list(range(0, 3 * rows, 3))  # a shard's indexes have gaps
    while waiting or flying:
        while waiting and not window.full:
            window.take(waiting[0])
            flying.append(waiting.pop(0))
        assert 0 < len(flying) <= most
        index = flying.pop(jitter.randrange(len(flying)))
        out += window.add(index, b"%d" % index)
    assert out == [b"%d" % index for index in range(0, 3 * rows, 3)]
    assert window.remaining() == []
    assert not window.full


def test_it_is_full_of_bytes_before_it_is_full_of_rows() -> None:
    window, full = ReorderBuffer(1000, 10), []
    for index in range(3):
        window.take(index)
    for index, record in ((1, b"x" * 9), (2, b"x")):
        assert window.add(index, record) == []
        full.append(window.full)
    assert window.add(0, b"y") == [b"y", b"x" * 9, b"x"]
    assert [*full, window.full] == [False, True, False]


def test_the_rest_of_a_run_that_stopped_comes_in_order_with_gaps() -> None:
    window = ReorderBuffer(10, 100)
    for index in range(5):
        window.take(index)
    assert window.add(3, b"3") + window.add(1, b"1") == []
    assert window.remaining() == [b"1", b"3"]
    assert window.remaining() == []
