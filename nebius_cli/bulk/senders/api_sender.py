"""Sends the requests of a run to the API, and returns the result of each row."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_client import Answer, Api, Sent
from nebius_cli.api.http_response import HttpResponse
from nebius_cli.bulk.check_answer import CompleteAnswer, check_answer, choices_of, split_group
from nebius_cli.bulk.input.non_prompt_row_protocol import RowKind
from nebius_cli.bulk.input.row import Row, request_body
from nebius_cli.bulk.request_batch import Answered, Batch, Outcome, RefusedFormError
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, NetworkError
from nebius_cli.response.answer_warnings import CHAT_SHAPED


class ApiSender:
    """Sends requests to the API. `kind` extracts values from the answers; None keeps complete answers."""

    def __init__(self, api: Api, kind: RowKind | None = None) -> None:
        self._api = api
        self._kind = kind

    @property
    def turn(self) -> AbstractContextManager[None]:
        """The block in which an answer is processed: only a few threads at a time hold large answers."""
        return self._api.large_answers.turn

    @property
    def holds_large_answer(self) -> bool:
        """Whether this thread has one of the turns of large answers."""
        return self._api.large_answers.turn.holds

    def start(self, batch: Batch, deadline: Deadline) -> "ApiRequest":
        """Send a request once. Raises NbxError if that fails."""
        kind, body = self._kind, batch.body
        form = None if kind is None else kind.second_form(batch.variant)
        # A group that was built before the second form was needed is split after its answer.
        fell_back = form is not None and form.falls_back and len(batch.rows) == 1
        if form is not None and fell_back:
            common = jsontext.encode(form.fallback(jsontext.decode(batch.rows[0].common)))
            body = request_body(common, [row.prompt for row in batch.rows])
        accept = "application/json"
        sent = self._api.begin("/completions", batch.query, body, accept=accept, deadline=deadline)
        return ApiRequest(self._api, kind, batch, sent, fell_back)


class ApiRequest(NamedTuple):
    """A request that was sent to the API; `fell_back` tells whether it has the second form."""

    api: Api
    kind: RowKind | None
    batch: Batch
    sent: Sent
    fell_back: bool

    @property
    def response(self) -> HttpResponse:
        """The answer, of which nothing has been read yet."""
        return self.sent.answer

    def finish(self) -> Answered:
        """Return the answer. Raises NbxError if the request fails, and RefusedFormError."""
        kind, batch, fell_back = self.kind, self.batch, self.fell_back
        if kind is None:
            answer, complete = self._receive()
            warning = CHAT_SHAPED if complete.chat_shaped else ""
            complete = self._without_key(complete)
            outcomes: Sequence[Outcome] = split_group(complete, batch.rows)
            usage, reasons = complete.usage, complete.reasons
            return Answered(outcomes, usage, reasons, answer.headers, warning=warning)
        form = kind.second_form(batch.variant)
        try:
            answer, complete = self._receive()
        except NbxError as error:
            final = form.refused(error, fell_back=fell_back)
            if final is None:
                raise RefusedFormError(error) from None
            raise final from None
        choices = choices_of(complete, batch.rows)
        outcomes = [_value(kind, row, choice) for row, [choice] in zip(batch.rows, choices, strict=True)]
        again, warning = form.answered(outcomes, fell_back=fell_back)
        return Answered(outcomes, complete.usage, complete.reasons, answer.headers, again, warning)

    def _receive(self) -> tuple[Answer, CompleteAnswer]:
        broken: NetworkError | None = None
        try:
            answer = self.api.finish(self.sent)
        except NetworkError as error:
            if not isinstance(error.received, Answer):
                raise
            answer, broken = error.received, error
        head, choices = answer.head, self.batch.choices
        with self.api.redactor.in_errors:
            try:
                # The answer is complete even if the connection broke after the last finish_reason.
                return answer, check_answer(answer.body, head.content_type, choices, head.request_id)
            except IncompleteError:
                if broken is None:
                    raise
                raise broken from None

    def _without_key(self, complete: CompleteAnswer) -> CompleteAnswer:
        redactor = self.api.redactor
        if complete.raw is not None and not redactor.may_be_in(complete.raw):
            return complete
        value = redactor.value(complete.value)
        return complete if value is complete.value else CompleteAnswer(value, None, complete.usage)


def _value(kind: RowKind, row: Row, choice: Mapping[str, Any]) -> Any:
    """Return the value to keep from the answer to a prompt, or why its row fails."""
    try:
        return kind.value(row.item, row.part, choice)
    except NbxError as error:
        return error
