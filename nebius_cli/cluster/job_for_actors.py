"""Defines what the actors of a run on Ray receive: everything except the key. It can be pickled."""

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.options import BulkOptions, BulkPlan
from nebius_cli.bulk.output.record_format import id_bytes
from nebius_cli.core.prices_and_costs import PriceList

KEY = "key"  # the column by which Ray identifies rows
BLOCK_ROWS = 256  # that an actor takes at a time; at most these are sent again if it is lost


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the input. `name` is its path below the input, empty if it is the only one."""

    path: str
    name: str
    format: str
    size: int


@dataclass(frozen=True, slots=True)
class Job:
    """A run. `files` are on `source`, a file system of pyarrow, and `output` is a folder on `target`.

    `state` is the folder with the state of the run, beside the output.
    """

    plan: BulkPlan
    reader: RowReader
    prices: PriceList
    limits: Limits
    files: tuple[InputFile, ...]
    source: Any
    target: Any
    output: str
    output_format: str
    connect_timeout: float
    cacert: str
    ledger: bool

    @property
    def state(self) -> str:
        """The folder with the state of the run."""
        return f"{self.output}.nbx"

    @property
    def checkpoint(self) -> str:
        """The folder in which Ray records the rows that are done."""
        return f"{self.state}/checkpoint"

    @property
    def fingerprint(self) -> str:
        """A digest of the settings that all requests share."""
        template = self.plan.template
        parts = [self.reader.defaults, repr(template and (template.texts, template.names)).encode()]
        return blake2b(b"\0".join([*parts, self.reader.url.encode()]), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Spent:
    """What earlier runs with the same output have spent, and how far they got.

    `begun` rows were in blocks that an actor took. `done` rows have an answer, and `failed` ones have
    an error; these are sent again.
    """

    tokens: int = 0
    cost: Decimal = dataclasses.field(default_factory=Decimal)
    begun: int = 0
    done: int = 0
    failed: int = 0

    @property
    def lost(self) -> int:
        """The most rows that were sent and not written."""
        return max(0, self.begun - self.done - self.failed)


def without_secrets(options: BulkOptions) -> BulkOptions:
    """Return options that may be pickled, without the key and without where to find it."""
    return dataclasses.replace(options, api_key=None, api_key_file=None, connection={})


def id_digest(row: Row) -> int:
    """Return a digest of the id of a row, as a number of 64 bits."""
    return int.from_bytes(blake2b(id_bytes(row.id), digest_size=8).digest(), "big")


def key_of(row: Row | BadRow, file: InputFile) -> int:
    """Return the key of a row: a digest of its id and its request, as a signed number of 64 bits."""
    if isinstance(row, Row):
        data = id_bytes(row.id) + b"\0" + row.body_hash.encode("ascii")
    else:
        data = f"{file.path}\0{row.index}\0bad".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)
