"""Defines the messages between an actor and the coordinator of a run on Ray: permits and their results.

The two may run on different machines, whose clocks differ, so times are ages in seconds.
"""

from collections.abc import Mapping
from typing import NamedTuple

from nebius_cli.bulk.run_budget import NOTHING, Charge
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.cluster.budget_reserved_by_driver import Need
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.response.answer_events import Usage

LEASE_REQUESTS = 32  # permits that an actor asks for at a time


class Permit(NamedTuple):
    """The right to send one request: `worst` is reserved for it, and `estimate` tokens of the rate."""

    number: int
    worst: Charge
    estimate: float


class Settled(NamedTuple):
    """A permit was used, and its request cost `charge`, or less if `unseen`: the server did not report it."""

    permit: int
    charge: Charge
    unseen: bool = False


class Unused(NamedTuple):
    """A permit is given back."""

    permit: int


class Accepted(NamedTuple):
    """The server did not refuse a request."""

    age: float


class Answered(NamedTuple):
    """An answer is complete; `saturated`: the actor had as many requests in flight as it may have."""

    worst: int
    estimate: float
    used: int | None
    saturated: bool


class Learned(NamedTuple):
    """The rate limit headers of an answer that used `used` tokens."""

    headers: Mapping[str, str]
    used: int


class Refused(NamedTuple):
    """The server answered 429 or 503."""

    age: float
    retry_after: float | None


class Down(NamedTuple):
    """The server cannot be reached."""

    age: float


Event = Settled | Unused | Accepted | Answered | Learned | Refused | Down


class Sent(NamedTuple):
    """A request that has ended, for the ledger."""

    model: str
    age: float
    usage: Usage | None
    error: NbxError | None
    finish: str


class Counts(NamedTuple):
    """What an actor has done since it started; `sent` rows had a request, whatever its result."""

    rows: RunCounts
    sent: int = 0
    requests: int = 0
    retried: int = 0
    in_flight: int = 0


class Report(NamedTuple):
    """What happened since the last report. The actor asks for `want` permits of at most `worst` each."""

    member: str
    counts: Counts
    events: tuple[Event, ...] = ()
    requests: tuple[Sent, ...] = ()
    want: int = 0
    worst: Charge = NOTHING


class Grant(NamedTuple):
    """The answer to a report. Without permits, the actor asks again after `wait` seconds.

    It may have `share` requests in flight. `interval` is that of `RateController`, and `answered` tells
    whether any actor received an answer. With `stop`, nothing more may be sent.
    """

    permits: tuple[Permit, ...] = ()
    wait: float = 0.0
    share: int = 1
    interval: float = 0.0
    answered: bool = False
    stop: bool = False


class Status(NamedTuple):
    """The state of a run. Rows are counted once, however often they are read, sent or written.

    In this pass, `read` rows were read, of which `left_out` were done before, and `taken` rows are in the
    blocks that actors took. `written` rows are in the files of this run. `pause` is in seconds, `cost` in
    USD. `capped` is the worst case of the request that a cap refused, `need` what has to be reserved in the
    daily and monthly budgets. `bug` is the traceback of a bug.
    """

    counts: Counts
    read: int
    left_out: int
    input_complete: bool
    taken: int
    written: int
    failed: int
    tokens: int
    cost: str
    actors: int
    nodes: int
    pause: float
    requests: tuple[Sent, ...]
    notes: tuple[str, ...]
    fatal: NbxError | None
    capped: Charge | None
    need: Need | None
    bug: str
