"""The system's keyring, with real backends of the keyring package."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nebius_cli.config import system_keyring
from nebius_cli.config.system_keyring import Keyring
from nebius_cli.core.errors_and_exit_codes import AuthError, ConfigError, NbxError
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support import keyring
from tests.support.run import Runner


def choose(backend: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Select a backend through the environment."""
    for name, value in backend.items():
        monkeypatch.setenv(name, value)


def test_a_written_key_can_be_read_and_removed(monkeypatch: pytest.MonkeyPatch, key_files: set[Path]) -> None:
    choose(keyring.KEEPS, monkeypatch)
    key_files.add(keyring.file())
    Keyring().write("default", Secret(CANARY))
    assert keyring.holds(CANARY)
    assert Keyring().read("default") == Secret(CANARY)
    Keyring().remove("default")
    assert not keyring.holds(CANARY)
    with pytest.raises(AuthError, match="has no key under nbx, default"):
        Keyring().read("default")


def test_removing_a_missing_key_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(keyring.KEEPS, monkeypatch)
    Keyring().remove("default")


def test_a_keyring_that_does_not_store_the_key_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(keyring.KEEPS_NOTHING, monkeypatch)
    with pytest.raises(ConfigError, match="does not store the key"):
        Keyring().write("default", Secret(CANARY))


@pytest.mark.parametrize("backend", [keyring.FAILS, keyring.MISSING], ids=str)
def test_a_keyring_that_does_not_work_is_a_configuration_error(
    backend: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(backend, monkeypatch)
    with pytest.raises(ConfigError, match=r"no usable keyring|does not work"):
        Keyring()


def test_a_plaintext_keyring_is_not_chosen_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
    try:
        name = Keyring().name
    except ConfigError as error:
        name = error.what
    assert "Plaintext" not in name


def test_a_failed_write_is_reported_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(keyring.KEEPS, monkeypatch)
    keyring.file().mkdir(parents=True)
    with pytest.raises(ConfigError, match="does not accept the key") as caught:
        Keyring().write("default", Secret(CANARY))
    assert CANARY not in str(vars(caught.value))


def test_a_keyring_that_does_not_answer_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(keyring.KEEPS, monkeypatch)
    system, unlocked = Keyring(), threading.Event()

    def wait(*_: str) -> None:
        unlocked.wait(30)
        raise RuntimeError("what was given up keeps nothing later")

    monkeypatch.setattr(system_keyring, "KEYRING_TIMEOUT_S", 0.05)
    monkeypatch.setattr(system._backend, "get_password", wait)
    for work in (
        lambda: system.read("a"),
        lambda: system.write("a", Secret(CANARY)),
        lambda: system.remove("a"),
    ):
        with pytest.raises(NbxError) as caught:
            work()
        assert caught.value.why == "no answer within 0.05 s"
    unlocked.set()


def test_only_the_type_of_an_unexpected_backend_error_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str) -> None:
        raise RuntimeError(f"wrong: {CANARY}")

    choose(keyring.KEEPS, monkeypatch)
    system = Keyring()
    monkeypatch.setattr(system._backend, "get_password", fail)
    with pytest.raises(AuthError) as caught:
        system.read("default")
    assert caught.value.why == "RuntimeError"


def test_a_missing_keyring_package_is_reported(tmp_path: Path, bare: Runner) -> None:
    # A virtual environment without the keyring package.
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    code = "from nebius_cli.config.system_keyring import Keyring; Keyring()"
    done = subprocess.run(
        [folder / "bin" / "python", "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ConfigError: the package keyring is not installed" in done.stderr
