"""Streams that pause at a step until the test has checked the output so far."""

import socket
import threading
from typing import Any

from tests.support.server import LAST_CHUNK, USAGE, Reply, chunk, event, head, token

TEST_TIMEOUT_S = 30  # seconds; only a failing test waits this long


class Gate:
    """A step of a reply at which the server waits until the test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        """Wait until the gate is opened. The server calls this."""
        del connection
        self._reached.set()
        self._opened.wait(TEST_TIMEOUT_S)

    def reached(self) -> None:
        """Wait until the server has reached this gate."""
        assert self._reached.wait(TEST_TIMEOUT_S), "the server never came here"

    def open(self) -> None:
        """Let the server continue."""
        self._opened.set()


def gated(*values: Any) -> Reply:
    """Return a stream of these events and `[DONE]`; functions among the events are steps of the reply."""
    steps = [value if callable(value) else chunk(event(value)) for value in values]
    return [
        head(Transfer_Encoding="chunked", Connection="close"),
        *steps,
        chunk(event(b"[DONE]")),
        LAST_CHUNK,
    ]


def one_answer(*values: Any, reason: str = "stop") -> Reply:
    """Return a complete answer with one choice: texts are tokens, functions are steps; usage comes last."""
    tokens = [token(value) if isinstance(value, str) else value for value in values]
    return gated(*tokens, token("", reason=reason), USAGE)
