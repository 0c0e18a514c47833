"""Reads rows that are not prompts to complete, such as texts to score, from an input of any format."""

from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.bulk.input.convert_cells import plain_value
from nebius_cli.bulk.input.encode_body import BodyTemplate
from nebius_cli.bulk.input.fill_template import RowError, join_names
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows, PlainText, RowItem, RowKind
from nebius_cli.bulk.input.parse_row import (
    IDS,
    RawData,
    RowRequest,
    UnreadableRow,
    cell_id,
    decode_line,
    is_missing,
    member_id,
)
from nebius_cli.bulk.input.row import BODY_HASH_DIGITS, Row, hash_of
from nebius_cli.bulk.input.wrong_format_hints import (
    rename_hint,
    separator_hint,
    unknown_member,
    unparsable_row_hint,
)
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.token_bounds import max_prompt_tokens


class ItemParser:
    """Parses rows of `kind`. A line of JSONL is an object, or a string, which becomes the member `text`.

    An object with an unknown member is a bad row; a member that is null is ignored. Unknown columns of a
    table are ignored; `ignored_columns` has them by the name of the file.
    """

    plain_text = PlainText("text", skip_empty=True)

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind
        self._columns = kind.text_columns | kind.json_columns
        self._members = self._columns | IDS | {"error"}  # lists of failed rows have `error`
        self.ignored_columns: dict[str, tuple[str, ...]] = {}

    def read(self, raw: RawData) -> RowRequest:
        """Parse a row. Raises RowError."""
        if isinstance(raw, UnreadableRow):
            raise RowError(raw.why)
        value: Any = self._from_cells(raw) if isinstance(raw, dict) else raw
        if isinstance(raw, bytes):
            value = decode_line(raw, self.plain_text.column)
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            start = "[" if isinstance(value, list) else ""
            raise RowError(
                f"a row must be a string or an object{unparsable_row_hint(start, self.plain_text.column)}"
            )
        if not value.keys() <= self._members:
            raise RowError(self._unknown(value))
        try:
            item = self._kind.read({name: member for name, member in value.items() if member is not None})
        except ValueError as error:
            raise RowError(str(error)) from None
        prompts = item.prompts
        prompt = prompts[0] if len(prompts) == 1 else list(prompts)
        own_id = cell_id(raw) if isinstance(raw, dict) else member_id(value)
        return RowRequest(own_id, prompt, {}, {}, item=item)

    def needs(self, column: str) -> bool:
        """Return whether a column of a table is read."""
        return column in IDS or column in self._columns

    def check_columns(self, columns: Sequence[str], name: str) -> None:
        """Raise UsageError if these columns are not enough for an item. `name` is the name of the file."""
        needed = self._kind.content_columns
        if set(needed).isdisjoint(columns):
            what = f"{name} has no column {' or '.join(needed)}"
            hint = separator_hint(columns) or rename_hint(columns, needed) or self._kind.other_tables_hint
            raise UsageError(what, f"columns: {join_names(columns)}", hint)
        try:
            self._kind.check_columns(columns)
        except ValueError as error:
            hint = "rename that column to context, or set --context TEXT for all rows"
            raise UsageError(f"{name}: {error}", f"columns: {join_names(columns)}", hint) from None
        if ignored := tuple(column for column in columns if not self.needs(column)):
            self.ignored_columns[name] = ignored

    def _unknown(self, row: Mapping[str, Any]) -> str:
        """Return a message about the first unknown member of a row."""
        names = ("id", *sorted(self._columns))
        unknown = next(name for name in row if name not in self._members)
        program = self._kind.jq_program(row)
        rename = f"; jq -c '{program}' renames them" if program else ""
        return f"{unknown_member(unknown, names)}; a row can have {join_names(names)}{rename}"

    def _from_cells(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells of a table row as members; empty ones and unknown columns are left out."""
        found = {
            name: plain_value(cell)
            for name, cell in cells.items()
            if self.needs(name) and not is_missing(cell)
        }
        for name in self._kind.json_columns & found.keys():
            if isinstance(found[name], str):
                try:
                    found[name] = jsontext.decode(found[name])
                except ValueError as error:
                    why = f"{name} is {jsontext.describe_error(error)}"
                    raise RowError(f'{why}; it must be a JSON list such as [" green", " blue"]') from None
        return found


class ItemRequests:
    """Adds items, and the further requests that `items` defines, to rows."""

    def __init__(self, items: ItemRows, params: Mapping[str, Any]) -> None:
        self.kind = items.kind
        own = {name: value for name, value in params.items() if name != "model"}
        others = [BodyTemplate(dict(fields), own) for fields in items.variants]
        self._variants = tuple((other.common, other.model) for other in others)
        self.models = tuple(other.model for other in others)  # besides the row's own model
        self.count = 1 + len(others)
        self._generates = items.generates

    def add(self, row: Row, item: RowItem) -> None:
        """Add an item to a row: its requests, their bounds, and a hash of all that its record depends on."""
        parts, completion = len(item.prompts) * self.count, row.max_completion_tokens
        identity = self.kind.identity + item.identity
        hashed = b"\n".join((row.body, *(common for common, _ in self._variants), identity))
        row.item, row.variants, row.part_count = item, self._variants, parts
        row.body_hash = hash_of(hashed) + row.body_hash[BODY_HASH_DIGITS:]
        row.max_prompt_tokens = sum(map(max_prompt_tokens, item.prompts)) * self.count
        row.max_completion_tokens = None if completion is None else completion * parts * self._generates
