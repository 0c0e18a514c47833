"""Calls of the API: whole answers, streams, and how they fail."""

from collections.abc import Callable
from typing import Any

import pytest

from nebius_cli.api.client import Answer, Api, Head
from nebius_cli.core.errors import NbxError
from nebius_cli.core.secret import Secret
from tests.support.canary import CANARY
from tests.support.server import Reply, head

PATIENCE = 30  # seconds; only a test that fails waits so long
KEPT_OPEN: Reply = [head(200, "application/json", Content_Length="2"), b"{}"]


def connect(url: str, *, key: str = CANARY, **more: Any) -> Api:
    settings = {"connect_timeout": PATIENCE, "read_timeout": PATIENCE, "now": lambda: 0.0, **more}
    settings.setdefault("log", lambda _: None)
    return Api(url, Secret(key), **settings)


def ask(url: str, body: bytes = b"{}", query: str = "", **more: Any) -> Answer:
    return connect(url, **more).ask("/completions", query, body, accept="application/json")


def post(url: str, **more: Any) -> list[Head | bytes]:
    return list(connect(url, **more).post("/completions", "", b"{}", accept="application/json"))


def failure(call: Callable[..., object], *args: Any, **more: Any) -> NbxError:
    with pytest.raises(NbxError) as caught:
        call(*args, **more)
    return caught.value
