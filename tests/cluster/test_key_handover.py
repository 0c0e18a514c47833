"""The key is sent in two parts, and neither of them reveals it."""

import pytest

from nebius_cli.cluster.key_handover import Bundle, combine, decode, new_pad
from nebius_cli.core.secret import Secret
from tests.support.canary import CANARY

BUNDLE = Bundle("https://host/v1", Secret(CANARY), {"X-Team": Secret("héllo")})


def test_a_bundle_is_restored_from_two_parts_that_do_not_contain_the_key() -> None:
    pad = new_pad()
    sent = combine(BUNDLE.encode(), pad)
    assert CANARY.encode() not in sent
    assert CANARY.encode() not in pad
    assert decode(combine(sent, pad)) == BUNDLE


def test_a_bundle_longer_than_the_pad_is_an_error() -> None:
    with pytest.raises(ValueError, match="the settings are too long: 100 bytes"):
        combine(bytes(100), bytes(10))
