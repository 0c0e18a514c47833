"""One question to the API whose answer is read whole: attempts, deadlines, JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from nebius_cli.api import retry
from nebius_cli.api.client import Api, Head
from nebius_cli.api.deadlines import Deadlines
from nebius_cli.api.limits import Limits
from nebius_cli.core import jsontext
from nebius_cli.core.errors import NbxError, ServerError
from nebius_cli.models import model
from nebius_cli.models.cache import Stored
from nebius_cli.response.error_body import body_message
from nebius_cli.system.streams import Streams


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its head, and the JSON value that came."""

    head: Head
    value: Any


def fetch_json(
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
            say(f"{error.line}; trying again in {wait:.1f} s ({attempt} of {limits.retries})")
            streams.sleep(wait)
            attempt += 1


def ask_models(
    api: Api, project: str, limits: Limits, streams: Streams, say: Callable[[str], None]
) -> Stored:
    """Return the model list, `project`'s where one is named. Raises NbxError, also for what is no list."""
    query = {"verbose": "true"} | ({"ai_project_id": project} if project else {})
    reply = fetch_json(api, "/models", urlencode(query), limits, streams, say)
    value = jsontext.replace_nan(reply.value)
    model.decode(value)  # what is no list is not kept either
    return Stored(value, streams.now())


def _attempt(api: Api, path: str, query: str, limits: Limits, streams: Streams, started: float) -> Reply:
    answer = Deadlines(
        api.get(path, query),
        streams.monotonic,
        first_byte=limits.first_byte,
        stall=limits.stall,
        # An answer that drips is never silent, and never whole.
        total=limits.total or limits.first_byte + limits.patience,
        started=started if limits.total else streams.monotonic(),
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
        return Reply(head, api.hiding.value(jsontext.decode(body)))
    except ValueError:
        why = api.hiding.text(body_message(bytes(body)))
        raise ServerError(f"the answer to GET {path} is not JSON", why) from None
