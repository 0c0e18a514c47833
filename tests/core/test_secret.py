"""A key is never shown by accident."""

import copy
import dataclasses
import io
import json
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from nebius_cli.core.secret import Secret
from tests.conftest import CANARY

SECRET = Secret(CANARY)


@dataclasses.dataclass(frozen=True)
class Holder:
    """An object that holds a key."""

    secret: Secret


def failure() -> BaseException:
    """Return an error raised where a local variable holds the key."""

    def fail(key: Secret) -> None:
        held = [Holder(key)]
        raise ValueError("no key like", held)

    with pytest.raises(ValueError, match="no key") as caught:
        fail(SECRET)
    return caught.value


def test_reveal_returns_the_key() -> None:
    assert SECRET.reveal() == CANARY


WAYS: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": format,
    "f-string": lambda secret: f"{secret}",
    "f-string with a width": lambda secret: f"{secret:>12}",
    "f-string, ascii": lambda secret: f"{secret!a}",
    "str.format": "{}".format,
    "%s": lambda secret: "%s" % secret,  # noqa: UP031
    "%r": lambda secret: "%r" % secret,  # noqa: UP031
    "list": lambda secret: repr([secret]),
    "dict": lambda secret: repr({"key": secret}),
    "dataclass": lambda secret: repr(Holder(secret)),
    "pprint": lambda secret: pprint.pformat(Holder(secret)),
    "rich": lambda secret: pretty_repr(Holder(secret)),
    "tail": lambda secret: secret.tail,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_print_a_secret_shows_stars(way: str) -> None:
    shown = WAYS[way](SECRET)
    assert CANARY not in shown
    assert "***" in shown


REFUSED: dict[str, Any] = {
    "vars": vars,
    "json": json.dumps,
    "json, nested": lambda secret: json.dumps({"key": secret}),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "asdict": lambda secret: dataclasses.asdict(Holder(secret)),
    "state": lambda secret: secret.__getstate__(),
    "bytes": bytes,
    "list": list,
    "len": len,
    "hash": hash,
    "sum": lambda secret: secret + "",
    "join": "".join,
}


@pytest.mark.parametrize("look", REFUSED)
def test_operations_that_could_expose_the_key_are_refused(look: str) -> None:
    with pytest.raises(TypeError) as caught:
        REFUSED[look](SECRET)
    assert CANARY not in str(caught.value)


def test_a_traceback_with_its_locals_shows_stars() -> None:
    error = failure()
    plain = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "key = ***" in plain
    screen = io.StringIO()
    console = Console(width=100, file=screen)
    console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    drawn = screen.getvalue()
    assert "key = ***" in drawn
    assert CANARY not in plain + drawn


def test_secrets_equal_only_secrets_with_the_same_key() -> None:
    assert Secret("a" * 20) == Secret("a" * 20)
    assert Secret("a" * 20) != Secret("a" * 19 + "b")
    assert Secret("\udcff") != Secret("a")
    assert SECRET != CANARY


@pytest.mark.parametrize(
    ("key", "tail"),
    [("", "***"), ("abcd", "***"), ("a" * 11 + "1234", "***"), ("a" * 12 + "1234", "***1234")],
)
def test_the_end_of_a_long_key_may_be_shown(key: str, tail: str) -> None:
    assert Secret(key).tail == tail
