"""Turns the raw rows of an input into requests, or into the reasons why they cannot be sent.

The fields of a row override those of the run. `stream` and `stream_options` are always dropped: they change
how an answer is sent, not what it says, and bulk reads complete answers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from nebius_cli.bulk.input.body_encoder import BodyEncoder, BodyTemplate
from nebius_cli.bulk.input.item_parser import ItemParser
from nebius_cli.bulk.input.misread_input import shown
from nebius_cli.bulk.input.row import BODY_HASH_DIGITS, BadRow, Row
from nebius_cli.bulk.input.row_forms import RawData, RawRow, RowParser, RowRequest, UnreadableRow
from nebius_cli.bulk.input.row_kind import ItemRows, RowItem
from nebius_cli.bulk.input.template import RowError, Template
from nebius_cli.core.digest_set import DigestSet, digest
from nebius_cli.core.errors import UsageError
from nebius_cli.request.field_validation import Value
from nebius_cli.request.request import CompletionRequest, check_rules
from nebius_cli.request.token_bounds import max_prompt_tokens

_UNCHECKED = (bytes, UnreadableRow)  # these do not show which columns other rows have
MAX_URL_HASHES = 1000  # remembered; queries can differ from row to row
_DROPPED = ("stream", "stream_options")
_MIXED = "{}; give every row an id, or write number ids as strings"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` equal parts of an input; `number` counts from 1."""

    number: int = 1
    of: int = 1

    def has(self, index: int) -> bool:
        """Return whether the row at `index` belongs to the shard."""
        return index % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Parse `I/N`. Raises UsageError."""
    number, slash, of = text.partition("/")
    valid = slash and all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (number, of))
    if not valid or not 1 <= int(number) <= int(of):
        raise UsageError(f"--shard {text}", "it takes I/N with I from 1 to N", "for example --shard 1/4")
    return Shard(int(number), int(of))


class RowReader:
    """Builds rows; `fields` and `params` are those of the run, for every row. They are sent to `url`.

    With `items`, the rows are of that kind. Raises UsageError if these cannot be sent.
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
        url: str = "",
        items: ItemRows | None = None,
    ) -> None:
        self._url = url
        self._url_hashes: dict[str, str] = {}  # by query
        self._fields = {name: value for name, value in fields.items() if name not in _DROPPED}
        self._params = dict(params)
        self._template = template
        self._validate = validate
        self._shard = shard or Shard()
        self._parser: RowParser | ItemParser = (
            RowParser(template, allow_empty=allow_empty, validate=validate)
            if items is None
            else ItemParser(items.kind)
        )
        self._has_model = "model" in fields or "model" in params
        check_rules({"model": "a row's", **self._fields}, params, validate=validate)
        self._body_template = BodyTemplate(self._fields, self._params)
        self.kind = None if items is None else items.kind
        own = {name: value for name, value in params.items() if name != "model"}
        others = [BodyTemplate(dict(variant), own) for variant in (items.variants if items else ())]
        self._variants = tuple((other.common, other.model) for other in others)

    @property
    def defaults(self) -> bytes:
        """The request body, without the prompt, of a row that sets no fields itself."""
        return self._body_template.common

    @property
    def model(self) -> str:
        """The model of rows that name none, empty if not set."""
        return str(self._params.get("model", self._fields.get("model", "")))

    @property
    def bare(self) -> CompletionRequest:
        """The request, with an empty prompt, of a row that sets no fields itself."""
        return CompletionRequest("", self._fields, self._params)

    def needs(self, column: str) -> bool:
        """Return whether a column of a table is part of a request."""
        return self._parser.needs(column)

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise UsageError if no row of a table with these columns can have a prompt, or a model."""
        self._parser.check_columns(columns)
        if self._template or "model" not in columns:
            check_rules(self._fields, self._params, validate=self._validate)

    def rows(self, raw: Iterable[RawRow]) -> Iterator[Row | BadRow]:
        """Yield the rows of the shard, in order.

        Duplicate ids within the shard are found by a 64-bit hash. Raises UsageError if no row of the file
        can be sent: no model, or a missing column.
        """
        for found in self._requests(raw):
            yield found if isinstance(found, BadRow) else self._row(*found)

    def check(self, raw: Iterable[RawRow]) -> Iterator[BadRow | None]:
        """Check rows as `rows` does, without making them: yield bad rows, and None for each other one."""
        for found in self._requests(raw):
            yield found if isinstance(found, BadRow) else None

    def _requests(self, raw: Iterable[RawRow]) -> Iterator[BadRow | tuple[int, RowRequest, BodyTemplate]]:
        ids, encoder, checked = _Ids(), self._encoder(), False
        whole = self._shard.of == 1
        for index, (line, data) in enumerate(raw):
            if not (whole or self._shard.has(index)):
                continue
            if not checked and not isinstance(data, _UNCHECKED):
                checked = True
                # A plain text is the variable `prompt` of a template, and cannot name a model.
                self.check_columns(tuple(data) if isinstance(data, dict) else (self._parser.text_column,))
            try:
                request = self._read(data)
                ids.claim(index, request.id)
                template = encoder.template_of(request)
            except ValueError as error:  # RowError, or a value that JSON cannot express, as 1e999
                yield BadRow(index, line, str(error))
            else:
                yield index, request, template

    def remaining(self, raw: Iterable[RawRow], left_out: Sequence[int]) -> Iterator[Row | None]:
        """Yield rows that were checked before, None for each row of the shard that is left out.

        `left_out` has one number for each row of the shard, 0 for a row to yield. Ids are not checked again.
        Raises ValueError or IndexError if the rows have changed.
        """
        encoder, of = self._encoder(), self._shard.of
        for index, (_, data) in enumerate(raw):
            if not self._shard.has(index):
                continue
            if left_out[index // of]:
                yield None
            else:
                request = self._read(data)
                yield self._row(index, request, encoder.template_of(request))

    def _encoder(self) -> BodyEncoder:
        return BodyEncoder(self._body_template, self._merged)

    def _read(self, data: RawData) -> RowRequest:
        request = self._parser.read(data)
        if not (self._has_model or "model" in request.fields or "model" in request.params):
            raise RowError("no model: set it in the row, or with -m MODEL")
        return request

    def _row(self, index: int, request: RowRequest, template: BodyTemplate) -> Row:
        prompt = request.prompt
        body = template.body(prompt)
        row = Row(
            index,
            index if request.id is None else request.id,
            prompt,
            body,
            template.query,
            _hash(body) + self._url_hash(template.query),
            max_prompt_tokens(prompt),
            template.max_completion_tokens,
            template.n,
            template.common,
            template.model,
        )
        return row if request.item is None else self._with_item(row, request.item)

    def _with_item(self, row: Row, item: RowItem) -> Row:
        """Return a row for an item, which may have several prompts and need several requests."""
        count = len(item.prompts) * (1 + len(self._variants))
        hashed = b"\n".join((row.body, *(common for common, _ in self._variants), item.identity))
        completion = row.max_completion_tokens
        row.item, row.variants, row.part_count = item, self._variants, count
        row.body_hash = _hash(hashed) + row.body_hash[BODY_HASH_DIGITS:]
        row.max_prompt_tokens = sum(map(max_prompt_tokens, item.prompts)) * (1 + len(self._variants))
        row.max_completion_tokens = None if completion is None else completion * count
        return row

    def _url_hash(self, query: str) -> str:
        found = self._url_hashes.get(query)
        if found is None:
            target = f"{self._url}?{query}".encode("utf-8", "surrogatepass")
            found = blake2b(target, digest_size=4).hexdigest() if self._url else ""
            if len(self._url_hashes) < MAX_URL_HASHES:
                self._url_hashes[query] = found
        return found

    def _merged(self, request: RowRequest) -> BodyTemplate:
        """Return the template of a row with fields of its own. Raises RowError."""
        own = {name: value for name, value in request.fields.items() if name not in _DROPPED}
        fields, params = {**self._fields, **own}, {**self._params, **request.params}
        try:
            check_rules(fields, params, validate=self._validate)
            return BodyTemplate(fields, params)
        except UsageError as error:
            raise RowError(error.line) from None


def _hash(body: bytes) -> str:
    return blake2b(body, digest_size=BODY_HASH_DIGITS // 2).hexdigest()


class _Ids:
    """The ids of all rows so far."""

    def __init__(self) -> None:
        self._taken = DigestSet()
        self._has_unnamed = self._has_numbers = False  # numbers: other than the index

    def claim(self, index: int, own: str | int | None) -> None:
        """Add the id of a row. Raises RowError if another row has it, or may have it."""
        if own is None:
            if self._has_numbers:
                raise RowError(_MIXED.format("a row without an id"))
            self._has_unnamed = True
            return
        if isinstance(own, str):
            key = digest(own)
        else:
            if own != index:
                if self._has_unnamed:
                    raise RowError(_MIXED.format(f"id {shown(own)} may be the index of another row"))
                self._has_numbers = True
            key = digest(b"%d" % own) ^ 1  # not that of the same digits as a text
        if not self._taken.add(key):
            raise RowError(f"id {shown(own)} is used twice")
