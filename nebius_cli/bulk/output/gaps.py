"""Which numbers of a rising row of numbers are missing."""

SHOWN = 5  # gaps that are named


class Gaps:
    """Takes the numbers that are there, rising from 0; its text names the first ones that are not."""

    def __init__(self) -> None:
        self.rows = 0  # all so far, missing ones too
        self.missing = 0
        self._first: list[str] = []
        self._count = 0

    def seen(self, number: int) -> None:
        """Take the next number that is there."""
        self.end(number)
        self.rows = number + 1

    def end(self, count: int) -> None:
        """Say that the numbers end before `count`."""
        if count <= self.rows:
            return
        self.missing += count - self.rows
        self._count += 1
        if len(self._first) < SHOWN:
            last = count - 1
            self._first.append(f"{self.rows}-{last}" if last > self.rows else str(last))
        self.rows = count

    def __str__(self) -> str:
        more = self._count - len(self._first)
        return ", ".join(self._first) + (f" and {more} more gap{'s' * (more > 1)}" if more else "")
