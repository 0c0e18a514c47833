"""Asks the embedded engine how many tokens it has generated for answers that are not complete yet."""

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from nebius_cli.core import jsontext
from nebius_cli.local.start_llama_cpp_server import Engine

INTERVAL_S = 1.0  # between two requests
ANSWER_TIMEOUT_S = 0.5  # the engine answers between two tokens; the display must not wait for it


class TokensInProgress:
    """Call it from one thread, as often as you like, to get the number of tokens; 0 if it is unknown."""

    def __init__(self, engine: Engine, monotonic: Callable[[], float]) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._asked_at = -INTERVAL_S
        self._count = 0

    def __call__(self) -> int:
        """Return the number, at most INTERVAL_S old. It is only displayed, so errors are ignored."""
        now = self._monotonic()
        if now - self._asked_at >= INTERVAL_S:
            self._asked_at = now
            try:
                self._count = _tokens(self._slots())
            except (OSError, http.client.HTTPException, ValueError, TypeError, LookupError):
                self._count = 0
        return self._count

    def _slots(self) -> Any:
        address = urlsplit(self._engine.base_url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=ANSWER_TIMEOUT_S
        )
        try:
            connection.request(
                "GET", "/slots", headers={"Authorization": f"Bearer {self._engine.key.reveal()}"}
            )
            return jsontext.decode(connection.getresponse().read())
        finally:
            connection.close()


def _tokens(slots: Any) -> int:
    """Return the number of tokens of all busy slots in the answer to `GET /slots` of llama.cpp's server."""
    return sum(part["n_decoded"] for slot in slots if slot["is_processing"] for part in slot["next_token"])
