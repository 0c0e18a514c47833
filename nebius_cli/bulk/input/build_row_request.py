"""Converts the raw rows of an input to requests, or to the reasons why they cannot be sent.

The fields of a row override those of the run. `stream` and `stream_options` are always dropped: they change
how an answer is sent, not what it says, and bulk reads complete answers.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Self

from nebius_cli.bulk.input.encode_body import BodyEncoder, BodyTemplate
from nebius_cli.bulk.input.fill_template import RowError, Template
from nebius_cli.bulk.input.matrix_combination import NO_MATRIX, Combination
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows, PlainText, RowKind
from nebius_cli.bulk.input.parse_non_prompt_row import ItemParser, ItemRequests
from nebius_cli.bulk.input.parse_row import RawData, RawRow, RowParser, RowRequest
from nebius_cli.bulk.input.row import BadRow, InMatrix, Row, RowIds, hash_of
from nebius_cli.bulk.input.shard import Shard
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.request_body import CompletionRequest, check_rules
from nebius_cli.request.token_bounds import max_prompt_tokens

MAX_URL_HASHES = 1000  # remembered; queries can differ from row to row
_DROPPED = ("stream", "stream_options")
# The index of a row in the input, its parsed content, and its body in each combination.
CheckedRow = tuple[int, RowRequest, list[BodyTemplate]]


class RowReader:
    """Builds rows; `fields` and `params` are those of the run, for every row. They are sent to `url`.

    Each row of the input becomes one Row for each of the `combinations`, whose values override those of the
    row. `form` is the template or the kind of the rows, if any. `defaults` is the request body, without the
    prompt, of a row for which neither the row nor a matrix sets fields. With `mixed_ids`, for an output that
    is not resumed, ids may be numbers beside rows without an id. Raises UsageError for invalid fields.
    """

    def __init__(
        self,
        fields: Mapping[str, Value],
        params: Mapping[str, Any],
        form: Template | ItemRows | None = None,
        *,
        allow_empty: bool = False,
        validate: bool = True,
        shard: Shard | None = None,
        url: str = "",
        combinations: Sequence[Combination] = NO_MATRIX,
    ) -> None:
        self.mixed_ids = False
        self.url, self.file = url, ""  # the name of the file, if it is one of several
        self._url_hashes: dict[str, str] = {}  # by query
        self._fields = {name: value for name, value in fields.items() if name not in _DROPPED}
        self._params = dict(params)
        self._template = template = form if isinstance(form, Template) else None
        items = form if isinstance(form, ItemRows) else None
        self._validate = validate
        self._shard = shard or Shard()
        self._items = ItemRequests(items, params) if items else None
        parser = RowParser(template, allow_empty=allow_empty, validate=validate)
        self._parser: RowParser | ItemParser = ItemParser(items.kind) if items else parser
        self._combinations = tuple(combinations)
        self.rows_per_input_row = len(self._combinations)
        self._has_matrix = self._combinations != NO_MATRIX
        self._requests = [self._request({}, {}, one) for one in self._combinations]
        self._has_model = all("model" in merged or "model" in added for merged, added in self._requests)
        for merged, added in self._requests:
            check_rules({"model": "a row's", **merged}, added, validate=validate)
        self._body_templates = [BodyTemplate(*request) for request in self._requests]
        self.defaults = BodyTemplate(self._fields, self._params).common

    @property
    def kind(self) -> RowKind | None:
        """The kind of the rows, None for prompts to complete."""
        return self._items.kind if self._items else None

    @property
    def requests_per_row(self) -> int:
        """The number of different requests for each row of the input."""
        return self._items.count if self._items else self.rows_per_input_row

    @property
    def models(self) -> tuple[str, ...]:
        """The models of rows that do not set one; empty if no model is configured."""
        return tuple(dict.fromkeys(one.model for one in self._body_templates if one.model))

    @property
    def model(self) -> str:
        """The model of rows that do not set one, empty if there is no model or more than one."""
        return self.models[0] if len(self.models) == 1 else ""

    @property
    def all_models(self) -> tuple[str, ...]:
        """The models of rows that do not set one, and those of further requests for each row."""
        return (*self.models, *(self._items.models if self._items else ()))

    @property
    def bare(self) -> list[CompletionRequest]:
        """The requests, with an empty prompt, of a row that sets no fields itself."""
        return [CompletionRequest("", *request) for request in self._requests]

    @property
    def ignored_columns(self) -> Mapping[str, Sequence[str]]:
        """The ignored columns to report to the user, by the names of the tables opened so far."""
        return self._parser.ignored_columns

    def of_file(self, name: str) -> Self:
        """Return a reader of one file among several: a row without an id gets the id `NAME:INDEX`."""
        (reader := copy.copy(self)).file = name
        return reader

    def needs(self, column: str) -> bool:
        """Return whether a column of a table is part of a request."""
        return self._parser.needs(column)

    @property
    def plain_text(self) -> PlainText:
        """How a line of plain text is read."""
        return self._parser.plain_text

    def check_columns(self, columns: Sequence[str], name: str) -> None:
        """Raise UsageError if no row of a file with these columns can have a prompt, or a model.

        `name` is the file's name in the message.
        """
        self._parser.check_columns(columns, name)
        if self._template or "model" not in columns:
            for request in self._requests:
                check_rules(*request, validate=self._validate)

    def rows(self, raw: Iterable[RawRow]) -> Iterator[Row | BadRow]:
        """Yield the rows of the shard, in order.

        Duplicate ids within the shard are found by a 64-bit hash.
        """
        for found in self._checked(raw):
            if isinstance(found, BadRow):
                yield from self._all_bad(found)
            else:
                index, request, templates = found
                for number, template in enumerate(templates):
                    yield self._row(index, number, request, template)

    def check(self, raw: Iterable[RawRow]) -> Iterator[BadRow | None]:
        """Check rows as `rows` does, but build none: yield each bad row, and None for each good one."""
        for found in self._checked(raw):
            if isinstance(found, BadRow):
                yield from self._all_bad(found)
            else:
                yield from [None] * len(found[2])

    def _checked(self, raw: Iterable[RawRow]) -> Iterator[BadRow | CheckedRow]:
        """Yield each row of the input with its body in each combination."""
        ids, encoders = RowIds(mixed=self.mixed_ids), self._encoders()
        whole = self._shard.of == 1
        for index, (line, data) in enumerate(raw):
            if not (whole or self._shard.has(index)):
                continue
            try:
                request, templates = self._read(index, data, ids, encoders)
            except ValueError as error:  # RowError, or a value that JSON cannot express, such as 1e999
                yield BadRow(index, line, str(error))
            else:
                yield index, request, templates

    def remaining(self, raw: Iterable[RawRow], left_out: Sequence[int]) -> Iterator[Row | None]:
        """Yield rows that were checked before, None for each row of the shard that is left out.

        `left_out` has one number for each row of the shard, 0 for a row to yield. Ids are not checked again.
        Raises ValueError or IndexError if the rows have changed.
        """
        encoders, count, place = self._encoders(), self.rows_per_input_row, 0
        for index, (_, data) in enumerate(raw):
            if not self._shard.has(index):
                continue
            marks = left_out[place : place + count]
            place += count
            if len(marks) < count:
                raise IndexError
            if 0 not in marks:
                yield from [None] * count
                continue
            request, templates = self._read(index, data, None, encoders)
            for number, template in enumerate(templates):
                yield None if marks[number] else self._row(index, number, request, template)

    def _encoders(self) -> list[BodyEncoder]:
        """Return an encoder for each combination."""
        pairs = zip(self._body_templates, self._combinations, strict=True)
        return [BodyEncoder(template, partial(self._merged, one)) for template, one in pairs]

    def _read(
        self, index: int, data: RawData, ids: RowIds | None, encoders: Sequence[BodyEncoder]
    ) -> tuple[RowRequest, list[BodyTemplate]]:
        """Return the parsed row of the input, and its body in each combination. Raises ValueError."""
        request = self._parser.read(data)
        if not (self._has_model or "model" in request.fields or "model" in request.params):
            raise RowError("no model: set it in the row, or with -m MODEL")
        if self._has_matrix and request.in_matrix:
            raise RowError("the row is already one combination of a matrix; leave out --matrix")
        if ids is not None:
            ids.claim(index, request.id, as_text=self._has_matrix)
        return request, [encoder.template_of(request) for encoder in encoders]

    def _row(self, index: int, number: int, request: RowRequest, template: BodyTemplate) -> Row:
        """Return the row at `index` of the input in the combination with this number."""
        own = request.id if request.id is not None else f"{self.file}:{index}" if self.file else index
        body = template.body(request.prompt)
        row = Row(
            index * self.rows_per_input_row + number,
            own,
            request.prompt,
            body,
            template.query,
            hash_of(body) + self._url_hash(template.query),
            max_prompt_tokens(request.prompt),
            template.max_completion_tokens,
            template.n,
            template.common,
            template.model,
            request.in_matrix,
        )
        row.is_unnamed = request.id is None
        if self._items and request.item is not None:
            self._items.add(row, request.item)
        if self._has_matrix:
            combination = self._combinations[number]
            row.id = combination.id_of(own)
            row.in_matrix = InMatrix(combination, own, index, is_first=number == 0)
        return row

    def _all_bad(self, bad: BadRow) -> Iterator[BadRow]:
        """Yield a bad row of the input for each combination."""
        if not self._has_matrix:
            yield bad
            return
        first = bad.index * self.rows_per_input_row
        for number, combination in enumerate(self._combinations):
            place = InMatrix(combination, bad.index, bad.index, is_first=number == 0)
            yield BadRow(first + number, bad.line, bad.why, in_matrix=place)

    def _url_hash(self, query: str) -> str:
        found = self._url_hashes.get(query)
        if found is None:
            target = f"{self.url}?{query}".encode("utf-8", "surrogatepass")
            found = blake2b(target, digest_size=4).hexdigest() if self.url else ""
            if len(self._url_hashes) < MAX_URL_HASHES:
                self._url_hashes[query] = found
        return found

    def _merged(self, combination: Combination, request: RowRequest) -> BodyTemplate:
        """Return the template of a row with fields of its own. Raises RowError."""
        own = {name: value for name, value in request.fields.items() if name not in _DROPPED}
        fields, params = self._request(own, request.params, combination)
        try:
            check_rules(fields, params, validate=self._validate)
            return BodyTemplate(fields, params)
        except UsageError as error:
            raise RowError(error.line) from None

    def _request(
        self, own: Mapping[str, Value], params: Mapping[str, Any], combination: Combination
    ) -> tuple[dict[str, Value], dict[str, Any]]:
        """Return the fields and the params of the run, with those of a row and of a combination."""
        values = combination.values
        merged = {**self._fields, **own, **values}
        return merged, {name: one for name, one in {**self._params, **params}.items() if name not in values}
