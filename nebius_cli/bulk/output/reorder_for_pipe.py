"""Puts the records of `--ordered` output to a pipe in the order of their rows, in bounded memory."""

from collections import deque


class ReorderBuffer:
    """Holds records until the records of all rows before them have been added.

    While it is `full`, do not take another row; so it holds at most `rows` rows and about `size` bytes.
    """

    def __init__(self, rows: int, size: int) -> None:
        self._rows = rows
        self._size = size
        self._waiting: deque[int] = deque()  # indexes of the rows taken, in order
        self._held: dict[int, bytes] = {}
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether no further row may be taken yet."""
        return len(self._waiting) >= self._rows or self._bytes >= self._size

    def take(self, index: int) -> None:
        """Register a row that has been taken; its record will be added later."""
        self._waiting.append(index)

    def add(self, index: int, record: bytes) -> list[bytes]:
        """Add the record of a row; return all records that may be written now, in order."""
        self._held[index] = record
        self._bytes += len(record)
        ready = []
        while self._waiting and self._waiting[0] in self._held:
            ready.append(self._held.pop(self._waiting.popleft()))
        self._bytes -= sum(map(len, ready))
        return ready

    def remaining(self) -> list[bytes]:
        """Return the records still held, in order, with gaps where rows were not answered."""
        ready = [self._held.pop(index) for index in self._waiting if index in self._held]
        self._waiting.clear()
        self._bytes = 0
        return ready
