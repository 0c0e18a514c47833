"""Defines the interface for rows that are more than a prompt to complete, such as texts to score."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.request.parse_and_check_values import Value


class PlainText(NamedTuple):
    """Plain text as a table: each line is a cell of `column`. `skip_empty` skips empty lines."""

    column: str = "prompt"
    skip_empty: bool = False


PROMPT_LINES = PlainText()


class RowItem(Protocol):
    """The content of one row."""

    @property
    def prompts(self) -> Sequence[str]:
        """The prompts to send, one or more."""

    @property
    def identity(self) -> bytes:
        """The data, besides the request, that the record of the row depends on, for `body_hash`."""

    def to_json(self) -> Mapping[str, Any]:
        """Return the members of the input row, without its id."""


class SecondForm(Protocol):
    """Tracks whether a model needs requests in a second form, because it ignores fields of the first."""

    @property
    def falls_back(self) -> bool:
        """Whether requests are sent in the second form."""

    def fallback(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of a request in the second form, given those of the first."""

    def answered(self, outcomes: Sequence[Any], *, fell_back: bool) -> tuple[bool, str]:
        """Process the values or errors of a request.

        Return whether to send it again in the second form, and a warning for the user, usually empty.
        """

    def refused(self, error: NbxError, *, fell_back: bool) -> NbxError | None:
        """Return the error of a request that failed, None to send it again in the second form."""


class RowKind(Protocol):
    """Reads the rows of a run, and makes records of their answers. Called from many threads."""

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns whose cells are used unchanged."""

    @property
    def json_columns(self) -> frozenset[str]:
        """The columns of a table that hold JSON, if a cell is text."""

    @property
    def content_columns(self) -> tuple[str, ...]:
        """The columns of which each row needs at least one."""

    @property
    def other_tables_hint(self) -> str:
        """A hint to the documentation on converting tables that have none of `content_columns`."""

    def check_columns(self, columns: Collection[str]) -> None:
        """Raise ValueError with the reason if rows of a table with these columns would be incomplete."""

    def jq_program(self, members: Collection[str]) -> str:
        """Return a jq program that converts an object with other members to a row, empty if none is known."""

    @property
    def identity(self) -> bytes:
        """The data, besides requests and rows, that all records of the run depend on, for `body_hash`.

        A run with another identity does not reuse these records.
        """

    def read(self, members: Mapping[str, Any]) -> RowItem:
        """Return the item of a row. Raises ValueError with the reason if the row is invalid."""

    def value(self, item: Any, part: int, choice: Mapping[str, Any]) -> Any:
        """Return the value to keep from the answer to one prompt. Raises NbxError if the row fails."""

    def record(self, item: Any, values: Sequence[Any]) -> dict[str, Any]:
        """Return the members of the record of a row, given the values of its prompts."""

    def second_form(self, variant: int) -> SecondForm:
        """Return the state of the model that gets this one of the requests for each row (`Row.variant`)."""


class ItemRows(NamedTuple):
    """The kind of a run's rows, and the fields of their requests.

    `variants` are the fields of further requests for each row. `generates` tells whether any request may
    generate tokens; evaluating a text on this machine generates none.
    """

    kind: RowKind
    fields: Mapping[str, Value]
    variants: Sequence[Mapping[str, Value]] = ()
    generates: bool = True
