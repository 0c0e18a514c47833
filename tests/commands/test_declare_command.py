"""From command to action: one options object, and the same signature for every action."""

import inspect
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

import nebius_cli.actions
from nebius_cli.commands.declare_command import options_of
from nebius_cli.commands.shared_flags import CONNECTION, REQUEST_SETTINGS
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support.package_structure import SHARED_ACTIONS
from tests.support.run import Runner

ACTIONS = sorted(
    path.stem
    for path in Path(str(nebius_cli.actions.__path__[0])).glob("*.py")
    if path.stem not in SHARED_ACTIONS
)


class Options(NamedTuple):
    """Options of an action that does not exist."""

    words: tuple[str, ...] = ()
    api_key: Secret | None = None
    json: bool = False
    connection: Any = MappingProxyType({})


def test_repeated_flags_are_tuples_and_the_repr_does_not_show_the_key() -> None:
    made = options_of(Options, {"words": ["a", "b"], "api_key": CANARY, "json": True})
    assert made == Options(("a", "b"), Secret(CANARY), json=True)
    assert CANARY not in repr(made)


def test_the_flags_of_a_table_are_one_attribute() -> None:
    made = options_of(Options, {"retries": "2", "ledger": False, "json": True}, connection=REQUEST_SETTINGS)
    assert made == Options(json=True, connection={"retries": "2", "ledger": False})


def test_a_flag_that_an_action_does_not_know_is_an_error() -> None:
    with pytest.raises(TypeError, match="ledger"):
        options_of(Options, {"ledger": True}, connection=CONNECTION)


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "__init__"])
def test_every_action_takes_frozen_options_and_the_app(name: str) -> None:
    module = import_module(f"nebius_cli.actions.{name}")
    runs = {
        key: run
        for key, run in vars(module).items()
        if key.startswith("run") and getattr(run, "__module__", "") == module.__name__
    }
    assert runs
    for run in runs.values():
        signature = inspect.signature(run)
        assert list(signature.parameters) == ["options", "app"]
        kind = signature.parameters["options"].annotation
        made = kind(**({"make_script": str} if name == "completion" else {}))
        with pytest.raises(AttributeError):
            setattr(made, next(iter(inspect.signature(kind).parameters)), None)


def test_a_base_url_that_a_local_run_ignores_is_a_warning(bare: Runner) -> None:
    words = ("complete", "x", "--dry-run", "--local", "--base-url", "http://127.0.0.1:9/v1")
    result = bare(*words)
    said = "nbx: warning: --base-url is ignored: --local runs the model on this machine\n"
    assert (result.code, result.err) == (0, said)
    assert bare("-q", *words).err == ""
