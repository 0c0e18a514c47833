"""Passes the key to the actors of a run in such a way that no single message contains it in readable form.

Ray keeps the arguments and results of calls for a while: in memory, and large ones in files. So random
bytes are sent in one message, and the bundle combined with them in another. This is not encryption: anyone
who sees both messages can read the key. Ray's own TLS protects them on the network.
"""

import json
import os
from typing import NamedTuple

from nebius_cli.core.secret import Secret

PAD_BYTES = 16 * 1024  # more than a key, a URL and headers need


class Bundle(NamedTuple):
    """The secret settings that an actor needs to reach the server."""

    base_url: str
    key: Secret
    headers: dict[str, Secret]

    def encode(self) -> bytes:
        """Return the bundle as bytes."""
        headers = {name: value.reveal() for name, value in self.headers.items()}
        return json.dumps([self.base_url, self.key.reveal(), headers]).encode("ascii")


def decode(data: bytes) -> Bundle:
    """Decode an encoded bundle."""
    base_url, key, headers = json.loads(data)
    return Bundle(base_url, Secret(key), {name: Secret(value) for name, value in headers.items()})


def new_pad() -> bytes:
    """Return random bytes to combine with a bundle."""
    return os.urandom(PAD_BYTES)


def combine(data: bytes, pad: bytes) -> bytes:
    """Return data combined with a pad; a second call restores it. Raises ValueError if it is too long."""
    if len(data) > len(pad):
        raise ValueError(f"the settings are too long: {len(data):,} bytes")
    return bytes(one ^ other for one, other in zip(data, pad, strict=False))
