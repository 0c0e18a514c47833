"""Results that come in any order → the order in which their rows were taken, with a bounded wait."""

from collections import deque


class ReorderBuffer:
    """Holds results back until those of all rows before them are there.

    Take no further row while it is `full`; then at most `rows` rows and about `size` bytes are held.
    """

    def __init__(self, rows: int, size: int) -> None:
        self._rows = rows
        self._size = size
        self._waiting: deque[int] = deque()  # indexes of the rows taken, in order
        self._held: dict[int, bytes] = {}
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether the next row must wait until the first one here is answered."""
        return len(self._waiting) >= self._rows or self._bytes >= self._size

    def take(self, index: int) -> None:
        """Say that a row has been taken, whose result will come."""
        self._waiting.append(index)

    def add(self, index: int, record: bytes) -> list[bytes]:
        """Take the record of a row; return all that may be written now, in order."""
        self._held[index] = record
        self._bytes += len(record)
        ready = []
        while self._waiting and self._waiting[0] in self._held:
            ready.append(self._held.pop(self._waiting.popleft()))
        self._bytes -= sum(map(len, ready))
        return ready

    def rest(self) -> list[bytes]:
        """Return what is still held, in order: a run that stops early leaves gaps."""
        ready = [self._held.pop(index) for index in self._waiting if index in self._held]
        self._waiting.clear()
        self._bytes = 0
        return ready
