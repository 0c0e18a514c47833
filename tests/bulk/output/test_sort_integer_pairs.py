"""Pairs of integers are sorted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.output import sort_integer_pairs
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort

NUMBERS = st.integers(0, 2**64 - 1)


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), st.integers(1, 10))
def test_pairs_are_sorted_for_any_size_of_the_sorted_runs(given: list[tuple[int, int]], run: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sort_integer_pairs, "_RUN_PAIRS", run)
        found = IndexSort()
        for first, second in given:
            found.add(first, second)
        assert len(found) == len(given)
        assert list(found) == sorted(given)
        assert list(found) == sorted(given)
