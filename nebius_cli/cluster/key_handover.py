"""Passes the key to the actors of a run in such a way that no single message contains it in readable form.

Ray keeps the arguments and results of calls for a while: in memory, and large ones in files. Whoever takes
the bundle sends random bytes first and gets back the bundle combined with them. This is no encryption: who
sees both messages can read the key. Ray's own TLS keeps the network from seeing them.
"""

import json
import os
from typing import NamedTuple

from nebius_cli.core.secret import Secret

PAD_BYTES = 16 * 1024  # more than a key, a URL and headers take


class Bundle(NamedTuple):
    """What an actor needs to reach the server, and nobody else may see."""

    base_url: str
    key: Secret
    headers: dict[str, Secret]

    def encode(self) -> bytes:
        """Return the bundle as bytes."""
        headers = {name: value.reveal() for name, value in self.headers.items()}
        return json.dumps([self.base_url, self.key.reveal(), headers]).encode("ascii")


def decode(data: bytes) -> Bundle:
    """Return the bundle that was encoded."""
    base_url, key, headers = json.loads(data)
    return Bundle(base_url, Secret(key), {name: Secret(value) for name, value in headers.items()})


def new_pad() -> bytes:
    """Return random bytes to combine with a bundle."""
    return os.urandom(PAD_BYTES)


def combine(data: bytes, pad: bytes) -> bytes:
    """Return data combined with a pad; the same again gives it back. Raises ValueError if it is long."""
    if len(data) > len(pad):
        raise ValueError(f"{len(data)} bytes of settings are too many")
    return bytes(one ^ other for one, other in zip(data, pad, strict=False))
