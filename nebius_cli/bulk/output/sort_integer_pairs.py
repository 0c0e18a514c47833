"""Sorts many pairs of integers in 16 bytes per pair."""

import heapq
from array import array
from collections.abc import Iterator

_RUN_PAIRS = 1 << 15  # sorted as Python objects at a time


class IndexSort:
    """Pairs of integers, each 0 to 2**64-1. Add all, then iterate over them in order."""

    def __init__(self) -> None:
        self._first = array("Q")
        self._second = array("Q")

    def add(self, first: int, second: int) -> None:
        """Add a pair."""
        self._first.append(first)
        self._second.append(second)

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return heapq.merge(*[self._sorted_run(start) for start in range(0, len(self), _RUN_PAIRS)])

    def _sorted_run(self, start: int) -> Iterator[tuple[int, int]]:
        part = slice(start, start + _RUN_PAIRS)
        pairs = sorted(zip(self._first[part], self._second[part], strict=True))
        self._first[part] = array("Q", [first for first, _ in pairs])
        self._second[part] = array("Q", [second for _, second in pairs])
        return zip(memoryview(self._first)[part], memoryview(self._second)[part], strict=True)


def joined(pairs: IndexSort, others: IndexSort) -> Iterator[tuple[int, int | None]]:
    """Yield the second number of each pair, and that of the pair in `others` with the same first number.

    The latter is None if `others` has no such pair. `others` must not have two of them.
    """
    waiting = iter(others)
    key, found = next(waiting, (-1, 0))
    for first, second in pairs:
        while 0 <= key < first:
            key, found = next(waiting, (-1, 0))
        yield second, found if key == first else None
