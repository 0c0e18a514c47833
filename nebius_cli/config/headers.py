"""Reads request headers that the user adds, each written `NAME: VALUE`. Their values are secrets."""

import re
from collections.abc import Iterable

from nebius_cli.core.secret import Secret
from nebius_cli.request.parse_and_check_values import FieldError, Value

_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_OWN = "nbx sets it itself"
# Headers that the user cannot set, and what sets them.
_RESERVED = {
    "authorization": "it contains the API key; use --api-key-file, NEBIUS_API_KEY or nbx auth login",
    "proxy-authorization": "put the user and password of a proxy in HTTPS_PROXY",
    "host": "--base-url sets the host",
    **dict.fromkeys(("accept", "accept-encoding", "connection", "content-encoding", "content-length"), _OWN),
    **dict.fromkeys(("content-type", "expect", "keep-alive", "te", "trailer", "transfer-encoding"), _OWN),
    "upgrade": _OWN,
}


def check(value: Value) -> None:
    """Raise FieldError unless each header can be sent. The message does not show its value."""
    for text in value if isinstance(value, list) else [value]:
        name, colon, content = str(text).partition(":")
        if not colon or not re.fullmatch(_NAME, name.strip()):
            raise FieldError("must be NAME: VALUE")
        if reason := _RESERVED.get(name.strip().lower()):
            raise FieldError(f"cannot set {name.strip()}: {reason}")
        if not content.strip().isprintable() or not content.isascii() or not content.strip():
            raise FieldError(f"must have a non-empty value of printable ASCII for {name.strip()}")


def hidden(value: Value) -> Value:
    """Return headers, valid or not, without their values."""
    names = [str(text).partition(":") for text in (value if isinstance(value, list) else [value])]
    shown: list[Value] = [f"{name.strip()}: ***" if colon else "***" for name, colon, _ in names]
    return shown[0] if len(shown) == 1 else shown


def merged(layers: Iterable[Value]) -> dict[str, Secret]:
    """Merge the headers of all layers, the strongest first. Of each name, ignoring case, only one is sent."""
    found: dict[str, tuple[str, Secret]] = {}
    for value in reversed(list(layers)):
        for text in value if isinstance(value, list) else [value]:
            name, _, content = str(text).partition(":")
            found[name.strip().lower()] = (name.strip(), Secret(content.strip()))
    return dict(found.values())
