"""A row of the input: the request that completes it, or why it cannot be sent."""

from dataclasses import dataclass
from typing import NamedTuple

from nebius_cli.bulk.input.combination import Combination
from nebius_cli.request.prompt import Prompt

BODY_HASH_DIGITS = 32  # of a row's `body_hash`, those of the body


class InMatrix(NamedTuple):
    """The combination of `--matrix` that a row is sent with, and its id and index in the input.

    `is_first` tells whether it is the first combination of the row.
    """

    combination: Combination
    row_id: str | int
    row_index: int
    is_first: bool


@dataclass(slots=True)  # not frozen: that makes a row five times as slow to create
class Row:
    """One prompt and the request that completes it. Treat it as immutable.

    `index` is its position among all rows of the input, bad ones included; `id` is the row's own id, or the
    index. With `--matrix`, a row of the input is a Row for each combination, and these follow each other.
    `body` is the request body when the row is sent alone. `body_hash` identifies the request: 32 hex
    digits for the body, and 8 for the URL that it is sent to, with its query. `common` is the body without
    the prompt: rows with the same `common` and `query` may share a request. `max_prompt_tokens` and
    `max_completion_tokens` are upper bounds; the second is None if the row has no max_tokens.
    """

    index: int
    id: str | int
    prompt: Prompt
    body: bytes
    query: str
    body_hash: str
    max_prompt_tokens: int
    max_completion_tokens: int | None
    n: int
    common: bytes
    model: str
    in_matrix: InMatrix | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be sent, and why. `line` counts from 1.

    `file` is the name of its file if there are several. With `--matrix`, there is one for each combination.
    """

    index: int
    line: int
    why: str
    file: str = ""
    in_matrix: InMatrix | None = None

    @property
    def repeated(self) -> bool:
        """Whether the same row has been reported for another combination."""
        return self.in_matrix is not None and not self.in_matrix.is_first
