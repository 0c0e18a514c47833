"""Where requests go: the configured server, or an engine that runs on this machine."""

from typing import NamedTuple

from nebius_cli.core.secret import Secret


class Endpoint(NamedTuple):
    """A base URL and the key for it; `is_local` for the embedded engine, never behind a proxy."""

    base_url: str
    key: Secret
    is_local: bool = False
