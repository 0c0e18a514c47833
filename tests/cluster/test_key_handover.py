"""The key is handed over in pieces that do not show it."""

import pytest

from nebius_cli.cluster.key_handover import Bundle, combine, decode, new_pad
from nebius_cli.core.secret import Secret
from tests.support.canary import CANARY

BUNDLE = Bundle("https://host/v1", Secret(CANARY), {"X-Team": Secret("héllo")})


def test_a_bundle_comes_back_whole_and_is_not_readable_on_the_way() -> None:
    pad = new_pad()
    sent = combine(BUNDLE.encode(), pad)
    assert CANARY.encode() not in sent
    assert CANARY.encode() not in pad
    assert decode(combine(sent, pad)) == BUNDLE


def test_a_bundle_that_is_too_long_is_not_cut() -> None:
    with pytest.raises(ValueError, match="too many"):
        combine(bytes(100), bytes(10))
