"""Checks the server's answers: the key, the list of models, the model, one completed token."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from nebius_cli.api.fetch_json import fetch_json
from nebius_cli.api.http_client import Api, ResponseHead
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.api.send_completion import Exchange, Hooks
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import similar_names
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.core.short_text import counted
from nebius_cli.doctor.check_results import Check, State
from nebius_cli.models import model as models
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.system.streams import Streams

LIST_TIMEOUT_S = 20.0
LIVE_TIMEOUT_S = 120.0  # the request may wait in a queue
MAX_CLOCK_SKEW_S = 60.0


class ServerChecks:
    """The checks that send requests, in the order of the methods. A method raises NbxError on failure.

    `live`: complete one token, which costs money.
    """

    def __init__(
        self, settings: RunSettings, streams: Streams, log: Callable[[str], None], *, live: bool
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._log = log
        self._live = live
        self._head = ResponseHead(0, "", "")
        self._model_ids: list[str] = []

    def list_models(self, api: Api) -> Check:
        """Ask for the list of models, which needs a valid key."""
        project = self._settings.ai_project_id
        started = self._streams.monotonic()
        query = urlencode({"ai_project_id": project} if project else {})
        reply = fetch_json(api, "/models", query, _limits(LIST_TIMEOUT_S), self._streams, self._log)
        self._head = reply.head
        self._model_ids = [model.id for model in models.decode(reply.value)]
        seconds = self._streams.monotonic() - started
        text = f"accepts the key and lists {counted(len(self._model_ids), 'model')}, in {seconds:.1f} s"
        return Check("api", State.OK, text)

    def clock(self) -> Check:
        """Compare this machine's clock with the Date header of the answer with the list."""
        return check_clock(self._head.date, self._streams.now())

    def model(self) -> Check:
        """Check that the configured model is in the list; a private model may be missing there."""
        name = self._settings.model
        if not name:
            return Check(
                "model", State.WARN, "no default model", "nbx models lists them, nbx models use ID sets one"
            )
        text = f"{name} ({self._settings.origins.model})"
        if name in self._model_ids:
            return Check("model", State.OK, text)
        hint = similar_names.did_you_mean(name, self._model_ids) or "nbx models lists them"
        if self._live:  # the completion will show whether the model works
            return Check("model", State.WARN, f"{text} is not in the list", hint)
        hint = f"{hint}; --live tests it"
        return Check("model", State.FAIL, f"{text} is not in the list", hint, ExitCode.REJECTED)

    def complete(
        self, connect: Callable[[], Api], recorded: Callable[[Exchange], AbstractContextManager[None]]
    ) -> Check:
        """Complete one token over the API that `connect` returns, if `live`; `recorded` writes its row."""
        if not self._live:
            return Check("live", State.SKIPPED, "add --live to complete one token")
        if not (name := self._settings.model):
            return Check("live", State.SKIPPED, "needs a model")
        fields: dict[str, Value] = {"model": name, "max_tokens": 1}
        if project := self._settings.ai_project_id:
            fields["ai_project_id"] = project
        hooks = Hooks(lambda _: None, lambda: None, self._log, lambda: True)
        request = CompletionRequest("1 2 3", fields)
        exchange = Exchange(connect(), request, _limits(LIVE_TIMEOUT_S), self._streams, hooks)
        with recorded(exchange):
            exchange.run()
        seconds = self._streams.monotonic() - exchange.sent_at
        return Check("live", State.OK, f"one token of {name} in {seconds:.1f} s")


def _limits(timeout_s: float) -> Limits:
    return Limits(first_byte=timeout_s, stall=timeout_s, total=timeout_s, retries=0)


def check_clock(date: str, now: float) -> Check:
    """Compare the Date header of a response with `now`, in Unix time."""
    try:
        theirs = parsedate_to_datetime(date)
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        behind = theirs.timestamp() - now
    except (ValueError, OverflowError):
        return Check("clock", State.SKIPPED, "the server does not send the time")
    if abs(behind) <= MAX_CLOCK_SKEW_S:
        return Check("clock", State.OK, f"within {MAX_CLOCK_SKEW_S:g} s of the server's clock")
    words = f"{abs(behind):.0f} s {'behind' if behind > 0 else 'ahead of'} the server's clock"
    return Check("clock", State.WARN, words, "set this machine's clock")
