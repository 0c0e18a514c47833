"""One question to the API whose answer is read whole: attempts, deadlines, JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nebius_cli.adapters.api import Api, Head
from nebius_cli.adapters.deadline import Deadlines
from nebius_cli.adapters.exchange import Limits
from nebius_cli.adapters.streams import Streams
from nebius_cli.core import jsontext, retry
from nebius_cli.core.decode import body_message
from nebius_cli.core.errors import NbxError, ServerError


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its head, and the JSON value that came."""

    head: Head
    value: Any


def ask(
    api: Api, path: str, query: str, limits: Limits, streams: Streams, say: Callable[[str], None]
) -> Reply:
    """Return the answer to GET `path`. Raises NbxError, when no more tries are left; `say` tells of each."""
    started = streams.monotonic()
    attempt = 1
    while True:
        try:
            return _attempt(api, path, query, limits, streams, started)
        except NbxError as error:
            wait = retry.delay(error, attempt, limits.retries, streams.random())
            left = started + limits.total - streams.monotonic()
            if wait is None or (limits.total and wait > left):
                raise
            why = f"{error.what}: {error.why}" if error.why else error.what
            say(f"{why}; trying again in {wait:.1f} s ({attempt} of {limits.retries})")
            streams.sleep(wait)
            attempt += 1


def _attempt(api: Api, path: str, query: str, limits: Limits, streams: Streams, started: float) -> Reply:
    answer = Deadlines(
        api.get(path, query),
        streams.monotonic,
        first_byte=limits.first_byte,
        stall=limits.stall,
        total=limits.total,
        started=started,
    )
    head, body = Head(0, "", ""), bytearray()
    try:
        for item in answer:
            if isinstance(item, Head):
                head = item
            else:
                body += item
    finally:
        api.abort()
    try:
        return Reply(head, jsontext.decode(bytes(body)))
    except ValueError:
        raise ServerError(f"the answer to GET {path} is not JSON", body_message(bytes(body))) from None
