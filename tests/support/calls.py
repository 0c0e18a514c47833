"""Helpers that call the API client for complete answers, streams and errors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_client import Answer, Api, ResponseHead
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.core.secret import Secret
from tests.support.canary import CANARY
from tests.support.server import Reply, head

TEST_TIMEOUT_S = 30  # seconds; only a failing test waits this long
KEPT_OPEN: Reply = [head(200, "application/json", Content_Length="2"), b"{}"]


def connect(url: str, *, key: str = CANARY, **more: Any) -> Api:
    settings = {"connect_timeout": TEST_TIMEOUT_S, "now": lambda: 0.0, **more}
    settings.setdefault("log", lambda _: None)
    return Api(url, Secret(key), **settings)


def within(**limits: float) -> Deadline:
    """Return a deadline with these limits in seconds; the default is one that only a failing test reaches."""
    first_byte, stall, total = (limits.get(name, 0.0) for name in ("first_byte", "stall", "total"))
    return Deadline(Limits(first_byte, stall, total if limits else TEST_TIMEOUT_S, 0))


def send(api: Api, body: bytes = b"{}", query: str = "", **limits: float) -> Answer:
    deadline = within(**limits)
    return api.finish(api.begin("/completions", query, body, accept="application/json", deadline=deadline))


def stream(api: Api, body: bytes = b"{}", query: str = "", **limits: float) -> Iterator[ResponseHead | bytes]:
    deadline = within(**limits)
    return api.post("/completions", query, body, accept="application/json", deadline=deadline)


def ask(url: str, body: bytes = b"{}", query: str = "", **more: Any) -> Answer:
    return send(connect(url, **more), body, query)


def post(url: str, **more: Any) -> list[ResponseHead | bytes]:
    return list(stream(connect(url, **more)))


def failure(call: Callable[..., object], *args: Any, **more: Any) -> NbxError:
    with pytest.raises(NbxError) as caught:
        call(*args, **more)
    return caught.value
