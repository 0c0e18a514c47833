"""Stores a set of 64-bit digests compactly: in one array with open addressing, where 0 is an empty slot."""

from array import array
from collections.abc import Iterable

_MAX_LOAD = 0.7  # fraction of used slots above which the array grows
_INITIAL_SLOTS = 1 << 10
_MASK = (1 << 64) - 1
# True on a 32-bit Python, whose hashes have too few bits for a million rows.
_SHORT_HASHES = hash(1 << 40) != 1 << 40


def digest(data: bytes | str) -> int:
    """Return a 64-bit digest of bytes or of a text, which is valid in this process only."""
    return (hash(data) ^ (hash(data * 2) << 32 if _SHORT_HASHES else 0)) & _MASK


class DigestSet:
    """A set of digests from 0 to 2**64-1 that are evenly distributed, as hashes are."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _INITIAL_SLOTS))
        self._count = 0  # used slots
        self._max_count = int(_MAX_LOAD * _INITIAL_SLOTS)  # used slots above which the array grows
        self._zero = False  # whether 0 is in the set; a slot with 0 is empty

    def add(self, digest: int) -> bool:
        """Add a digest; return whether it is new."""
        if digest == 0:
            was, self._zero = self._zero, True
            return not was
        slots = self._slots
        mask = len(slots) - 1
        at = digest & mask
        while found := slots[at]:
            if found == digest:
                return False
            at = (at + 1) & mask
        slots[at] = digest
        self._count += 1
        if self._count > self._max_count:
            self._grow()
        return True

    def update(self, digests: Iterable[int]) -> None:
        """Add many digests."""
        add = self.add
        for each in digests:
            add(each)

    def __contains__(self, digest: int) -> bool:
        if digest == 0:
            return self._zero
        slots = self._slots
        mask = len(slots) - 1
        at = digest & mask
        while found := slots[at]:
            if found == digest:
                return True
            at = (at + 1) & mask
        return False

    def __len__(self) -> int:
        return self._count + self._zero

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        mask = len(slots) - 1
        for digest in self._slots:
            if digest:
                at = digest & mask
                while slots[at]:
                    at = (at + 1) & mask
                slots[at] = digest
        self._slots = slots
        self._max_count = int(_MAX_LOAD * len(slots))
