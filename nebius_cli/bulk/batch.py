"""What goes out in one request of a bulk run: one row, or a group of rows that ask for the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.bulk.budget import NOTHING, Charge
from nebius_cli.bulk.input.row_reader import Row
from nebius_cli.bulk.output.record import Result
from nebius_cli.core import jsontext
from nebius_cli.core.errors import IncompleteError, NbxError

Response = dict[str, Any] | bytes


@dataclass(slots=True)
class Batch:
    """Rows that share a request, and what happened to them so far. Times are on the monotonic clock.

    `attempts` counts requests, this one among them; `tries` those that count against the retries; `spent`
    is what the attempts before cost; `worst` the most that this one can; `estimate` the tokens it was
    paced with.
    """

    rows: list[Row]
    worst: Charge
    attempts: int = 0
    tries: int = 0
    spent: Charge = NOTHING
    sent_at: float = 0.0
    estimate: float = 0.0

    @property
    def query(self) -> str:
        """The query string, empty for none."""
        return self.rows[0].query

    @property
    def choices(self) -> int:
        """How many choices a whole answer has."""
        return len(self.rows) * self.rows[0].n

    @property
    def body(self) -> bytes:
        """The request body."""
        if len(self.rows) == 1:
            return self.rows[0].body
        prompts = jsontext.encode([row.prompt for row in self.rows])
        members = self.rows[0].common.strip()[1:-1]
        return b'{%b"prompt":%b}' % (members + b"," if members else b"", prompts)


def may_share(one: Row, other: Row) -> bool:
    """Return whether two rows may share a request: the API takes texts or token ids, not both at once."""
    if one.common != other.common or one.query != other.query:
        return False
    return type(one.prompt) is type(other.prompt)


def results_of(
    send: Batch, charge: Charge, error: NbxError | None, responses: "Sequence[Response | None]", now: float
) -> list[Result]:
    """Return what became of each row of a request; `charge` is what all attempts took together."""
    # The usage of a group stands on its first row: nobody knows which row took how much of it.
    usages = [charge.to_json() if error is None or charge != NOTHING else None]
    usages += [None] * (len(send.rows) - 1)
    latency = now - send.sent_at
    return [
        Result(row, send.attempts, latency, usage, error, response)
        for row, usage, response in zip(send.rows, usages, responses, strict=True)
    ]


def given_up(send: Batch) -> Result:
    """Return the result of a request that gets no answer because the run stops: its first row's.

    It says what all attempts took, so that it is not forgotten.
    """
    error = IncompleteError("the run stopped before this row had its answer", "it may have been billed")
    return Result(send.rows[0], send.attempts, 0.0, send.spent.to_json(), error, None)
