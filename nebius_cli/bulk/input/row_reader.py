"""The rows of a bulk run's input: what each asks for, as it goes over the wire, or why it cannot be sent.

A row's own fields beat the run's. `stream` and `stream_options` are left out wherever they stand: they
change how an answer travels and not what it says, and bulk reads answers whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from nebius_cli.bulk.input.body_encoder import BodyEncoder, BodyTemplate
from nebius_cli.bulk.input.row_forms import Forms, RawRow, RowRequest, UnreadableRow, shown
from nebius_cli.bulk.input.template import RowError, Template
from nebius_cli.core.digest_set import DigestSet, digest
from nebius_cli.core.errors import UsageError
from nebius_cli.request.fields import Value
from nebius_cli.request.prompt import Prompt
from nebius_cli.request.request import CompletionRequest, check_rules

FIRST_BAD = 10  # bad rows that are kept to be shown
TOKENS_BESIDE = 8  # that a server may put around a prompt: begin of text and its kin

_UNCHECKED = (bytes, UnreadableRow)  # rows that say nothing of the columns of others
_TRAVEL = ("stream", "stream_options")
_MIXED = "{}: give every row an id, or write number ids as texts"


@dataclass(slots=True)  # not frozen: made a million times, and that would take five times as long
class Row:
    """One prompt and the request that completes it. Nobody changes it.

    `index` is its place among all rows of the input, bad ones too, and `id` is its own id or that index.
    `body` is the request body when the row is sent alone, `body_hash` the 32 hex digits of its BLAKE2b-128.
    `common` is the body without its prompt: rows with the same `common` and `query` may share a request.
    `model` is the one that it asks.
    `most_prompt` and `most_completion` are upper bounds in tokens, the second None where there is no
    max_tokens.
    """

    index: int
    id: str | int
    prompt: Prompt
    body: bytes
    query: str
    body_hash: str
    most_prompt: int
    most_completion: int | None
    n: int
    common: bytes
    model: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be sent. `line` counts from 1."""

    index: int
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` equal parts of an input; `number` counts from 1."""

    number: int = 1
    of: int = 1

    def has(self, index: int) -> bool:
        """Return whether the row at this place belongs to the shard."""
        return index % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Return the shard that `I/N` means. Raises UsageError."""
    number, slash, of = text.partition("/")
    valid = slash and all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (number, of))
    if not valid or not 1 <= int(number) <= int(of):
        raise UsageError(f"--shard {text}", "it takes I/N with I from 1 to N", "for example --shard 1/4")
    return Shard(int(number), int(of))


class RowReader:
    """Makes rows of what stands in a file; `fields` and `params` are the run's, for every row.

    Raises UsageError where what the run itself sets cannot be sent.
    """

    def __init__(
        self,
        fields: Mapping[str, Value],
        params: Mapping[str, Any],
        template: Template | None = None,
        *,
        allow_empty: bool = False,
        validate: bool = True,
        shard: Shard | None = None,
    ) -> None:
        self._fields = {name: value for name, value in fields.items() if name not in _TRAVEL}
        self._params = dict(params)
        self._template = template
        self._validate = validate
        self._shard = shard or Shard()
        self._forms = Forms(template, allow_empty=allow_empty, validate=validate)
        self._has_model = "model" in fields or "model" in params
        check_rules({"model": "a row's", **self._fields}, params, validate=validate)
        self._frame = BodyTemplate(self._fields, self._params)

    @property
    def defaults(self) -> bytes:
        """The request body, less its prompt, of a row that sets nothing itself."""
        return self._frame.common

    @property
    def model(self) -> str:
        """The model of a row that names none, empty where there is none."""
        return str(self._params.get("model", self._fields.get("model", "")))

    @property
    def bare(self) -> CompletionRequest:
        """The request, less its prompt, of a row that sets nothing itself."""
        return CompletionRequest("", self._fields, self._params)

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise UsageError where a table of these columns cannot have a prompt, or a model, in any row."""
        self._forms.check_columns(columns)
        if self._template or "model" not in columns:
            check_rules(self._fields, self._params, validate=self._validate)

    def rows(self, raw: Iterable[RawRow]) -> Iterator[Row | BadRow]:
        """Yield the rows of the shard in the input's order.

        Ids are compared by 64 bits of a hash, among the rows of the shard. Raises UsageError where no row
        of this kind of file can be sent: no model, or a column that is not there.
        """
        ids, frames, checked = _Ids(), BodyEncoder(self._frame, self._merged), False
        for index, (line, data) in enumerate(raw):
            if not self._shard.has(index):
                continue
            if not checked and not isinstance(data, _UNCHECKED):
                checked = True
                # A text has one variable for a template, and no place for a model.
                self.check_columns(tuple(data) if isinstance(data, dict) else ("prompt",))
            try:
                row: Row | BadRow = self._row(index, data, ids, frames)
            except ValueError as error:  # RowError, or what JSON cannot hold: 1e999, hundreds of levels
                row = BadRow(index, line, str(error))
            yield row

    def rest(self, raw: Iterable[RawRow], left_out: Sequence[int]) -> Iterator[Row | None]:
        """Yield the rows once more, None for those of the shard that are to be left out, unread.

        `left_out` has a number, not zero for yes, for each row of the shard. Their ids are not compared
        again. Raises ValueError or IndexError where these are not the rows of before, all of them good.
        """
        frames, of = BodyEncoder(self._frame, self._merged), self._shard.of
        for index, (_, data) in enumerate(raw):
            if self._shard.has(index):
                yield None if left_out[index // of] else self._row(index, data, None, frames)

    def _row(
        self,
        index: int,
        data: bytes | str | dict[str, Any] | UnreadableRow,
        ids: "_Ids | None",
        frames: BodyEncoder,
    ) -> Row:
        asked = self._forms.read(data)
        if not (self._has_model or "model" in asked.fields or "model" in asked.params):
            raise RowError("no model: the row names none, and the run has none (-m MODEL)")
        if ids is not None:
            ids.claim(index, asked.id)
        return _row(index, asked, frames.of(asked))

    def _merged(self, asked: RowRequest) -> BodyTemplate:
        """Return the frame of a row with fields of its own. Raises RowError."""
        own = {name: value for name, value in asked.fields.items() if name not in _TRAVEL}
        fields, params = {**self._fields, **own}, {**self._params, **asked.params}
        try:
            check_rules(fields, params, validate=self._validate)
            return BodyTemplate(fields, params)
        except UsageError as error:
            raise RowError(error.line) from None


@dataclass(frozen=True, slots=True)
class Survey:
    """What reading an input through has shown: its rows, how many are bad, and the first of those."""

    rows: int
    bad: int
    first_bad: tuple[BadRow, ...]


def check(rows: Iterable[Row | BadRow]) -> Survey:
    """Read through the rows and return what they come to; none is kept but the first bad ones."""
    count = bad = 0
    first_bad: list[BadRow] = []
    for row in rows:
        count += 1
        if isinstance(row, BadRow):
            bad += 1
            if bad <= FIRST_BAD:
                first_bad.append(row)
    return Survey(count, bad, tuple(first_bad))


class _Ids:
    """The ids that rows have taken."""

    def __init__(self) -> None:
        self._taken = DigestSet()
        self._places = self._numbers = False  # rows without an id; rows with a number that is not their place

    def claim(self, index: int, own: str | int | None) -> None:
        """Take a row's id. Raises RowError where another row may have it."""
        if own is None:
            if self._numbers:
                raise RowError(_MIXED.format("a row without an id"))
            self._places = True
            return
        if isinstance(own, int) and own != index:
            if self._places:
                raise RowError(_MIXED.format(f"id {shown(own)} may be another row's place"))
            self._numbers = True
        text = f"text {own}" if isinstance(own, str) else f"number {own}"
        if not self._taken.add(digest(text.encode("utf-8", "surrogatepass"))):
            raise RowError(f"id {shown(own)} was used before")


def _row(index: int, asked: RowRequest, frame: BodyTemplate) -> Row:
    prompt = asked.prompt
    body = frame.body(prompt)
    if isinstance(prompt, str) and not prompt.isascii():
        size = len(prompt.encode("utf-8", "surrogatepass"))
    else:
        size = len(prompt)
    return Row(
        index,
        index if asked.id is None else asked.id,
        prompt,
        body,
        frame.query,
        blake2b(body, digest_size=16).hexdigest(),
        size + TOKENS_BESIDE,
        frame.most_completion,
        frame.n,
        frame.common,
        frame.model,
    )
