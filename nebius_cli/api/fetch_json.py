"""Gets JSON from the API, with retries and time limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from nebius_cli.api import retry
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_client import Api, ResponseHead
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import NbxError, ServerError
from nebius_cli.models import model
from nebius_cli.models.model_and_price_cache import ModelList
from nebius_cli.response.error_message_in_body import body_message
from nebius_cli.system.streams import Streams


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer: its head and its JSON value."""

    head: ResponseHead
    value: Any


def fetch_json(
    api: Api, path: str, query: str, limits: Limits, streams: Streams, say: Callable[[str], None]
) -> Reply:
    """Return the answer to GET `path`; `say` announces each retry. Raises NbxError after the last one."""
    started = streams.monotonic()
    attempt = 1
    while True:
        try:
            return _attempt(api, path, query, Deadline(limits, streams.monotonic, started))
        except NbxError as error:
            left, jitter = started + limits.total - streams.monotonic(), streams.random()
            wait = retry.delay(error, attempt, limits.retries, jitter, total=limits.total, left=left)
            if wait is None:
                raise
            say(retry.announcement(error, wait, attempt, limits.retries))
            streams.sleep(wait)
            attempt += 1


def ask_models(
    api: Api, project: str, limits: Limits, streams: Streams, say: Callable[[str], None]
) -> ModelList:
    """Return the model list, that of `project` if given. Raises NbxError, also if it is not a model list."""
    query = {"verbose": "true"} | ({"ai_project_id": project} if project else {})
    reply = fetch_json(api, "/models", urlencode(query), limits, streams, say)
    value = jsontext.replace_nan(reply.value)
    model.decode(value)  # raises if it is not a model list, which must not be cached
    return ModelList(value, streams.now())


def _attempt(api: Api, path: str, query: str, deadline: Deadline) -> Reply:
    answer = api.get(path, query, deadline=deadline)
    try:
        return Reply(answer.head, api.redactor.value(jsontext.decode(answer.body)))
    except ValueError:
        why = api.redactor.line(body_message(answer.body))
        raise ServerError(f"the answer to GET {path} is not JSON", why) from None
