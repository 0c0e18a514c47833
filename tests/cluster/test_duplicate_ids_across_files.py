"""An id in two input files is found, in whatever order and however often the files are read."""

from array import array

from nebius_cli.cluster.duplicate_ids_across_files import ClaimedIds


def ids(*values: int) -> bytes:
    return array("Q", values).tobytes()


def test_an_id_claimed_by_another_file_is_found_with_its_row() -> None:
    claimed = ClaimedIds()
    assert claimed.claim("a", 2, ids(1, 2)) is None
    assert claimed.claim("b", 3, ids(3, 2, 1)) == 1


def test_a_file_that_is_read_again_claims_only_its_new_rows() -> None:
    claimed = ClaimedIds()
    assert claimed.claim("a", 2, ids(1, 2)) is None
    assert claimed.claim("a", 2, ids(1, 2)) is None
    assert claimed.claim("a", 4, ids(3, 4)) is None
    assert claimed.claim("a", 6, ids(4, 5)) == 0
