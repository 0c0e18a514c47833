"""Real keyring backends for tests: one stores keys in a file below the home directory, the others fail to."""

import base64
import os
from pathlib import Path

KEEPS = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
KEEPS_NOTHING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
FAILS = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
MISSING = {"PYTHON_KEYRING_BACKEND": "no_such.Backend"}


def file() -> Path:
    """Return the file in which the KEEPS backend stores its keys."""
    return Path(os.environ["HOME"]) / ".local" / "share" / "python_keyring" / "keyring_pass.cfg"


def holds(key: str) -> bool:
    """Return whether the KEEPS backend has stored a key, under any name."""
    if not file().exists():
        return False
    lines = [line.strip() for line in file().read_text().splitlines()]
    return any(_decoded(line) == key.encode() for line in lines)


def _decoded(line: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except ValueError:
        return b""
