"""A set of 64-bit digests in little memory: open addressing over one array, zero for an empty place."""

from array import array
from collections.abc import Iterable

_LOAD = 0.7  # of the places may be taken
_FIRST = 1 << 10  # places
_MASK = (1 << 64) - 1


def digest(data: bytes) -> int:
    """Return 64 bits that stand for these bytes in this process; another one has others."""
    # Two of them: a 32-bit Python's hash has 32 bits, in which a million rows are not told apart.
    return (hash(data) ^ hash(data + b"+") << 32) & _MASK


class DigestSet:
    """Remembers 64-bit digests, 0 to 2**64-1; they should be evenly spread, as a hash's are."""

    def __init__(self) -> None:
        self._places = array("Q", bytes(8 * _FIRST))
        self._count = 0  # of those in the places
        self._most = int(_LOAD * _FIRST)  # before it grows
        self._zero = False  # zero means empty there

    def add(self, digest: int) -> bool:
        """Remember a digest; return whether it is new."""
        if digest == 0:
            was, self._zero = self._zero, True
            return not was
        places = self._places
        mask = len(places) - 1
        at = digest & mask
        while found := places[at]:
            if found == digest:
                return False
            at = (at + 1) & mask
        places[at] = digest
        self._count += 1
        if self._count > self._most:
            self._grow()
        return True

    def update(self, digests: Iterable[int]) -> None:
        """Remember many digests."""
        add = self.add
        for each in digests:
            add(each)

    def __contains__(self, digest: int) -> bool:
        if digest == 0:
            return self._zero
        places = self._places
        mask = len(places) - 1
        at = digest & mask
        while found := places[at]:
            if found == digest:
                return True
            at = (at + 1) & mask
        return False

    def __len__(self) -> int:
        return self._count + self._zero

    def _grow(self) -> None:
        places = array("Q", bytes(16 * len(self._places)))
        mask = len(places) - 1
        for digest in self._places:
            if digest:
                at = digest & mask
                while places[at]:
                    at = (at + 1) & mask
                places[at] = digest
        self._places = places
        self._most = int(_LOAD * len(places))
