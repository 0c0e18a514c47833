"""Maps the ids of an input to indexes, to check whether an output is complete and to order its records."""

from collections.abc import Iterable

from nebius_cli.bulk.output.record_format import row_key
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core.compact_hash_set import DigestSet


class InputRows:
    """The rows with these ids. `by_id` has the digest of each id and the index; memory: 16 bytes per row.

    With a matrix, a row counts once for each of `combinations`.
    """

    def __init__(self, ids: Iterable[str | int], combinations: int = 1) -> None:
        self.by_id = IndexSort()
        self.combinations = combinations
        self.count = 0
        taken = DigestSet()
        for own in ids:
            key = row_key(own)
            # A second row with the same id is a bad row, and its record has its index as the id.
            self.by_id.add(key if taken.add(key) else row_key(self.count), self.count)
            self.count += 1
