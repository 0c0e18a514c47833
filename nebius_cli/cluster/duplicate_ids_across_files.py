"""Finds rows with an ID that a row of another input file has, too. Pure."""

from array import array

from nebius_cli.core.compact_hash_set import DigestSet


class ClaimedIds:
    """Digests of the ids in all files. A file may be read more than once; its rows are claimed once."""

    def __init__(self) -> None:
        self._taken = DigestSet()
        self._claimed: dict[str, int] = {}  # path → rows read so far

    def claim(self, path: str, end: int, ids: bytes) -> int | None:
        """Claim the ids of the next rows of a file, of which `end` rows have then been read.

        `ids` are digests of 8 bytes each. Returns the position of the first one that another row has, if any.
        """
        if end <= self._claimed.get(path, 0):  # these were read before
            return None
        self._claimed[path] = end
        digests = array("Q")
        digests.frombytes(ids)
        return next((place for place, one in enumerate(digests) if not self._taken.add(one)), None)
