"""Represents a row of the input: the request that completes it, or why it cannot be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import product
from typing import Any, NamedTuple

from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.matrix_combination import Combination
from nebius_cli.bulk.input.non_prompt_row_protocol import RowItem
from nebius_cli.bulk.input.wrong_format_hints import shown
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import DigestSet, digest
from nebius_cli.request.read_prompt import Prompt
from nebius_cli.request.token_bounds import max_prompt_tokens

_MIXED = "{}; give every row an id, or write numeric ids as strings"
BODY_HASH_DIGITS = 32  # hex digits of a row's `body_hash` that identify the body


class InMatrix(NamedTuple):
    """The combination of `--matrix` that a row is sent with, and its id and index in the input.

    `is_first` tells whether it is the first combination of the row.
    """

    combination: Combination
    row_id: str | int
    row_index: int
    is_first: bool


@dataclass(slots=True)  # not frozen: creating a frozen row takes five times as long
class Row:
    """One prompt, or the prompts of one item, and the request for them. Treat it as immutable.

    `index` is its position among all rows of the input, bad ones included; `id` is the row's own id, or the
    index if the row `is_unnamed`. With `--matrix`, a row of the input becomes one Row per combination, one
    after the other. `body` is the request body when the row is sent alone. `body_hash` identifies the
    request: 32 hex digits for the body, and 8 for the URL that it is sent to, with its query. `common` is the
    body without the prompt: rows with the same `common` and `query` may share a request. `max_prompt_tokens`
    and `max_completion_tokens` are upper bounds; the second is None if the row has no max_tokens.

    `item` is what a RowKind has read, None for a prompt to complete. If it has several prompts, `prompt` is
    the list of them. `variants` are the `common` and `model` of further requests for the same prompts.
    `parts` returns a row for each prompt of each request: number `part` of `part_count`. `variant` is 0 for
    the request of the row itself, otherwise the position of its request in `variants`, counted from 1.
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
    item: RowItem | None = None
    variants: tuple[tuple[bytes, str], ...] = ()
    part: int = 0
    part_count: int = 1
    variant: int = 0
    is_unnamed: bool = False

    @property
    def matrix(self) -> tuple[str, ...]:
        """The fields of the `--matrix` that the row is sent with, empty without one."""
        return tuple(self.in_matrix.combination.values) if self.in_matrix is not None else ()

    def parts(self) -> "list[Row]":
        """Return a row for each prompt; their results make up the result of this row."""
        if self.part_count == 1:
            return [self]
        completion, count = self.max_completion_tokens, self.part_count
        prompts: list[Any] = [self.prompt] if isinstance(self.prompt, str) else list(self.prompt)
        requests = enumerate(((self.common, self.model), *self.variants))
        return [
            replace(
                self,
                prompt=prompt,
                body=request_body(common, [prompt]),
                max_prompt_tokens=max_prompt_tokens(prompt),
                max_completion_tokens=None if completion is None else completion // count,
                common=common,
                model=model,
                part=part,
                variant=variant,
            )
            for part, ((variant, (common, model)), prompt) in enumerate(product(requests, prompts))
        ]


def hash_of(body: bytes) -> str:
    """Return BODY_HASH_DIGITS hex digits that identify a body."""
    return blake2b(body, digest_size=BODY_HASH_DIGITS // 2).hexdigest()


def request_body(common: bytes, prompts: Sequence[Prompt]) -> bytes:
    """Return the body of a request for one or more prompts; `common` is the body without them."""
    encoded = jsontext.encode(prompts[0] if len(prompts) == 1 else prompts)
    members = common.strip()[1:-1]
    return b'{%b"prompt":%b}' % (members + b"," if members else b"", encoded)


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


class RowIds:
    """The ids of all rows so far.

    Unless `mixed`, no row may have a number as id that may be the index, and thus the id, of another row.
    """

    def __init__(self, *, mixed: bool = False) -> None:
        self._mixed = mixed
        self._taken = DigestSet()
        self._has_unnamed = self._has_numbers = False  # numbers that differ from the row's index

    def claim(self, index: int, own: str | int | None, *, as_text: bool = False) -> None:
        """Add the id of a row. Raises RowError if another row has it, or may have it.

        With `as_text`, a number (also the index of a row without an id) is the same id as its digits as text.
        """
        if as_text:
            own = str(index if own is None else own)
        if own is None:
            if self._has_numbers and not self._mixed:
                raise RowError(_MIXED.format("the row has no id, but other rows have numeric ids"))
            self._has_unnamed = True
            return
        if isinstance(own, str):
            key = digest(own)
        else:
            if own != index:
                if self._has_unnamed and not self._mixed:
                    raise RowError(
                        _MIXED.format(f"id {shown(own)} may also be the index of a row without an id")
                    )
                self._has_numbers = True
            key = digest(b"%d" % own) ^ 1  # differs from that of the same digits as text
        if not self._taken.add(key):
            raise RowError(f"id {shown(own)} is used twice")
