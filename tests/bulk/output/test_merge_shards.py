"""Missing rows are counted and listed."""

import pytest

from nebius_cli.bulk.output.merge_shards import Gaps


@pytest.mark.parametrize(
    ("present", "count", "missing", "text"),
    [
        ([0, 1, 2], 3, 0, ""),
        ([], 0, 0, ""),
        ([], 3, 3, "0-2"),
        ([0, 2], 3, 1, "1"),
        ([3], 6, 5, "0-2, 4-5"),
        (range(1, 12, 2), 12, 6, "0, 2, 4, 6, 8 and 1 more gap"),
        (range(1, 16, 2), 17, 9, "0, 2, 4, 6, 8 and 4 more gaps"),
    ],
)
def test_gaps_are_counted_and_the_first_ones_named(
    present: range | list[int], count: int, missing: int, text: str
) -> None:
    gaps = Gaps()
    for number in present:
        gaps.add(number)
    gaps.end(count)
    assert (gaps.rows, gaps.missing, str(gaps)) == (count, missing, text)
