"""Evaluates some parts of rows on this machine, and sends the others to the API."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from nebius_cli.api.deadlines import Deadline
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.senders.api_sender import ApiSender
from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender
from nebius_cli.bulk.workers.sender_protocol import Started


class MixedSender:
    """Sends parts of rows; `is_here` tells whether a part is evaluated on this machine."""

    def __init__(self, api: ApiSender, local: LocalScoringSender, is_here: Callable[[Row], bool]) -> None:
        self._api = api
        self._local = local
        self._is_here = is_here

    @property
    def turn(self) -> AbstractContextManager[None]:
        """Let only a few threads at a time hold large answers."""
        return self._api.turn

    @property
    def holds_large_answer(self) -> bool:
        """Whether this thread holds a large answer of the API."""
        return self._api.holds_large_answer

    def start(self, batch: Batch, deadline: Deadline) -> Started:
        """Send a request, whose rows are all of one model. Raises NbxError if that fails."""
        sender = self._local if self._is_here(batch.rows[0]) else self._api
        return sender.start(batch, deadline)
