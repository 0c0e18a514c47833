"""Streams that stop where a test wants to look at what has been shown so far."""

import socket
import threading
from typing import Any

from tests.support.server import LAST_CHUNK, USAGE, Reply, chunk, event, head, token

TEST_TIMEOUT_S = 30  # seconds; only a test that fails waits so long


class Gate:
    """A step of a reply at which the server waits until the test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        """Wait; called by the server."""
        del connection
        self._reached.set()
        self._opened.wait(TEST_TIMEOUT_S)

    def reached(self) -> None:
        """Return once the server waits here."""
        assert self._reached.wait(TEST_TIMEOUT_S), "the server never came here"

    def open(self) -> None:
        """Let the server go on."""
        self._opened.set()


def gated(*values: Any) -> Reply:
    """Return a stream of these events, of which those that are functions are steps, and the `[DONE]`."""
    steps = [value if callable(value) else chunk(event(value)) for value in values]
    return [
        head(Transfer_Encoding="chunked", Connection="close"),
        *steps,
        chunk(event(b"[DONE]")),
        LAST_CHUNK,
    ]


def one_answer(*values: Any, reason: str = "stop") -> Reply:
    """Return a whole answer of one choice: texts as tokens, functions as steps, then its end and usage."""
    tokens = [token(value) if isinstance(value, str) else value for value in values]
    return gated(*tokens, token("", reason=reason), USAGE)
