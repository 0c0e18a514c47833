"""A key cannot be looked at by accident."""

import copy
import pickle
import traceback

import pytest

from nebius_cli.core.secret import Secret
from tests.conftest import CANARY

SECRET = Secret(CANARY)


def test_only_reveal_gives_the_key() -> None:
    assert SECRET.reveal() == CANARY


def test_every_other_way_to_see_it_shows_stars() -> None:
    for shown in (repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET:>12}", f"{SECRET!a}", repr([SECRET])):
        assert CANARY not in shown
        assert "***" in shown
    assert repr(SECRET) == f"{SECRET}" == "***"


def test_it_has_no_attributes_to_dump() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_it_cannot_leave_the_process_in_a_pickle() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(SECRET)


def test_an_error_that_carries_it_shows_stars() -> None:
    assert CANARY not in "".join(traceback.format_exception(ValueError("no key like", SECRET)))
