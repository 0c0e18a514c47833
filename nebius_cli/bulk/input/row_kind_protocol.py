"""What a run needs to know about rows that are more than a prompt to complete, such as texts to score."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.request.parse_and_check_values import Value


class PlainText(NamedTuple):
    """What a line of plain text is: the content of a column. With `skip_empty`, an empty line is no row."""

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
        """What the record of the row depends on besides the request, for `body_hash`."""

    def to_json(self) -> Mapping[str, Any]:
        """Return the members of the input row again, without its id."""


class SecondForm(Protocol):
    """Whether a model gets requests in a second form, because it ignores what the first one asks for."""

    @property
    def falls_back(self) -> bool:
        """Whether requests are sent in the second form."""

    def fallback(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of a request in the second form, given those of the first."""

    def answered(self, outcomes: Sequence[Any], *, fell_back: bool) -> tuple[bool, str]:
        """Take note of the values or errors of a request.

        Return whether to send it again in the second form, and a warning for the user, mostly empty.
        """

    def refused(self, error: NbxError, *, fell_back: bool) -> NbxError | None:
        """Return the error of a request that failed, None to send it again in the second form."""


class RowKind(Protocol):
    """How the rows of a run are read, and what is kept of their answers. Called from many threads."""

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns whose cells are used as they are."""

    @property
    def json_columns(self) -> frozenset[str]:
        """The columns of a table that hold JSON, if a cell is text."""

    @property
    def content_columns(self) -> tuple[str, ...]:
        """The columns of which a row needs one."""

    @property
    def other_tables_hint(self) -> str:
        """Where a user finds how to convert a table that has none of them."""

    def check_columns(self, columns: Collection[str]) -> None:
        """Raise ValueError, which says why, if rows of a table with these columns would lack a part."""

    def jq_program(self, members: Collection[str]) -> str:
        """Return a jq program that makes a row of an object with other members, empty if none is known."""

    @property
    def identity(self) -> bytes:
        """What all records of the run depend on besides the requests and the rows, for `body_hash`.

        A run with another identity does not take these records for its own.
        """

    def read(self, members: Mapping[str, Any]) -> RowItem:
        """Return the item of a row. Raises ValueError, which says what is wrong with it."""

    def value(self, item: Any, part: int, choice: Mapping[str, Any]) -> Any:
        """Return what is kept of the answer to one prompt. Raises NbxError if the row fails."""

    def record(self, item: Any, values: Sequence[Any]) -> dict[str, Any]:
        """Return the members of the record of a row, given the values of its prompts."""

    def second_form(self, variant: int) -> SecondForm:
        """Return what is known about the model that gets this request for each row, as in `Row.variant`."""


class ItemRows(NamedTuple):
    """The kind of a run's rows, and the fields of their requests.

    `variants` are the fields of further requests for each row. `generates` tells whether any request may
    generate tokens: a text that is evaluated on this machine has no answer.
    """

    kind: RowKind
    fields: Mapping[str, Value]
    variants: Sequence[Mapping[str, Value]] = ()
    generates: bool = True
