"""The digest set behaves like a set of integers."""

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.compact_hash_set import DigestSet

# The sampled digests differ in few low bits: many of them hash to the same slot.
DIGESTS = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 1 << 40, 2 << 40, 3 << 40, 2**64 - 1]))


@given(st.lists(DIGESTS), st.lists(DIGESTS))
def test_the_set_contains_exactly_what_was_added(added: list[int], asked: list[int]) -> None:
    keys, model = DigestSet(), set[int]()
    for digest in added:
        assert keys.add(digest) == (digest not in model)
        model.add(digest)
        assert len(keys) == len(model)
    together = DigestSet()
    together.update(added)
    for digest in [*added, *asked]:
        assert (digest in keys) == (digest in together) == (digest in model)


def test_the_set_grows_and_loses_nothing() -> None:
    keys = DigestSet()
    # Odd multiples of a large odd number are spread over all 64 bits.
    digests = [(2 * i + 1) * 0x9E3779B97F4A7C15 % 2**64 for i in range(5000)]
    assert all(keys.add(digest) for digest in digests)
    assert not any(keys.add(digest) for digest in digests)
    assert all(digest in keys for digest in digests)
    assert not any(digest ^ 1 in keys for digest in digests)
    assert len(keys) == 5000


def test_digests_with_the_same_slot_are_distinguished_even_after_growth() -> None:
    keys = DigestSet()
    digests = [i << 32 for i in range(1, 1500)]
    assert all(keys.add(digest) for digest in digests)
    assert all(digest in keys for digest in digests)
    assert 1500 << 32 not in keys
