"""The endpoint that requests are sent to: the configured server or an engine on this machine."""

from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import AuthError
from nebius_cli.core.secret import Secret


class Endpoint(NamedTuple):
    """A base URL and its key; `is_local` marks the embedded engine, which is never behind a proxy."""

    base_url: str
    key: Secret
    is_local: bool = False


def check_key(key: Secret) -> Secret:
    """Return the key without surrounding white space. Raises AuthError if a header cannot contain it."""
    value = key.reveal().strip()
    if not value.isascii() or not value.isprintable() or not value:
        why = "it contains control characters or characters outside ASCII" if value else "it is empty"
        raise AuthError("the API key cannot be sent", why, "copy the key again")
    return Secret(value)
