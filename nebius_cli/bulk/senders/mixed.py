"""Evaluates some parts of rows on this machine, and sends the others to the API."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from nebius_cli.api.deadlines import Deadline
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.row_group import Answered, Batch
from nebius_cli.bulk.senders.api import ApiSender
from nebius_cli.bulk.senders.local import LocalSender


class MixedSender:
    """A sender for rows of which `is_here` tells which part is evaluated on this machine."""

    def __init__(self, api: ApiSender, local: LocalSender, is_here: Callable[[Row], bool]) -> None:
        self._api = api
        self._local = local
        self._is_here = is_here

    @property
    def turn(self) -> AbstractContextManager[None]:
        """Let only a few threads at a time hold large answers."""
        return self._api.turn

    def send(self, batch: Batch, deadline: Deadline) -> Answered:
        """Get the answer to a request, whose rows are all of one model."""
        sender = self._local if self._is_here(batch.rows[0]) else self._api
        return sender.send(batch, deadline)
