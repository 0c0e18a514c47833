"""Defines the interface of senders, which send requests to the API, to a model on this machine, or both."""

from contextlib import AbstractContextManager
from typing import Protocol

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_response import HttpResponse
from nebius_cli.bulk.request_batch import Answered, Batch


class Started(Protocol):
    """A request that was sent. `response` can be watched for its answer; None if only `finish` can wait."""

    @property
    def response(self) -> HttpResponse | None:
        """The answer, of which nothing has been read yet."""

    def finish(self) -> Answered:
        """Return the answer. Raises NbxError if the request fails, and RefusedFormError."""


class Sender(Protocol):
    """Sends requests. Called from many threads."""

    @property
    def turn(self) -> AbstractContextManager[None]:
        """The block in which an answer is read and processed."""

    @property
    def holds_large_answer(self) -> bool:
        """Whether this thread holds an answer so large that its result must not wait for others."""

    def start(self, batch: Batch, deadline: Deadline) -> Started:
        """Send a request once. Raises NbxError if that fails."""
