"""Stores keys in the system's keyring with the optional package `keyring`, which takes 0.2 s to import."""

import contextlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from nebius_cli.core.errors_and_exit_codes import AuthError, ConfigError, NbxError, TimedOutError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.core.secret import Secret
from nebius_cli.system.thread_with_timeout import run_with_timeout

SERVICE = "nbx"
KEYRING_TIMEOUT_S = 30.0  # a locked keyring opens a password dialog, which may go unnoticed


class Keyring:
    """The keyring that PYTHON_KEYRING_BACKEND or keyringrc.cfg names, otherwise the system's own.

    Raises ConfigError if there is none.
    """

    def __init__(self) -> None:
        if find_spec("keyring") is None:
            raise ConfigError("the package keyring is not installed", "", install_hint("keyring"))
        import keyring.core
        from keyring.backends.fail import Keyring as NoKeyring

        def choose() -> Any:
            # `recommended` leaves out backends that are not safe, such as plain files.
            keyring.core.init_backend(keyring.core.recommended)
            return keyring.get_keyring()

        self._backend: Any = _try(choose, ConfigError, "the keyring does not work")
        if isinstance(self._backend, NoKeyring):
            raise ConfigError(
                "no usable keyring", "the system has no keyring that the package keyring supports"
            )
        self.name = str(self._backend.name)

    def read(self, account: str) -> Secret:
        """Return the key kept under `account`. Raises AuthError if it cannot be read."""
        what = f"cannot read the key from {self.name}"
        value = _try(lambda: self._backend.get_password(SERVICE, account), AuthError, what)
        if not value:
            what = f"{self.name} has no key under {SERVICE}, {account}"
            raise AuthError(what, "the setting api_key_keyring names it", "nbx auth login stores one")
        return Secret(value)

    def write(self, account: str, key: Secret) -> None:
        """Store a key under `account` and read it back. Raises ConfigError."""

        def work() -> Any:
            self._backend.set_password(SERVICE, account, key.reveal())
            return self._backend.get_password(SERVICE, account)

        kept = _try(work, ConfigError, f"{self.name} does not accept the key")
        if kept != key.reveal():
            raise ConfigError(
                f"{self.name} does not store the key", "reading it back returned a different value"
            )

    def remove(self, account: str) -> None:
        """Remove the key under `account`, if there is one. Raises ConfigError."""
        from keyring.errors import PasswordDeleteError

        def work() -> Any:
            with contextlib.suppress(PasswordDeleteError):  # how backends report that there is no key
                self._backend.delete_password(SERVICE, account)
            return self._backend.get_password(SERVICE, account)

        what = f"cannot remove the key from {self.name}"
        if _try(work, ConfigError, what):
            raise ConfigError(what, "it is still there")


def forget(account: str, hint: str = "") -> None:
    """Remove the key under `account` from the keyring. Raises ConfigError; `hint` is the default hint."""
    try:
        Keyring().remove(account)
    except ConfigError as error:
        raise ConfigError(error.what, error.why, error.hint or hint) from None


def _try(work: Callable[[], Any], kind: type[NbxError], what: str) -> Any:
    """Return what `work` returns. Raises `kind` with `what` if the backend fails or takes too long."""
    try:
        return run_with_timeout(KEYRING_TIMEOUT_S, work)
    except TimedOutError as error:
        raise kind(what, error.what) from None
    except Exception as error:  # noqa: BLE001 - backends are plug-ins and fail in their own ways
        # Its message may hold the key.
        raise kind(what, type(error).__name__) from None
