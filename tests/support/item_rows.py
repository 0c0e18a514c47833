"""A row type for tests: each word of a text is a prompt, and the record has its answer in capitals."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from nebius_cli.core.errors_and_exit_codes import IgnoredFieldError, NbxError


class Item(NamedTuple):
    """The words of a row."""

    prompts: list[str]
    identity: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """Return the members of the row."""
        return {"text": " ".join(self.prompts)}


class WordRows:
    """Rows of words. If an answer does not begin with its word, requests fall back to a form with "again"."""

    text_columns = frozenset(("text",))
    json_columns = frozenset(("words",))
    content_columns = ("text", "words")
    other_tables_hint = "convert the table"
    identity = b""

    def __init__(self) -> None:
        self.falls_back = False

    def check_columns(self, columns: Collection[str]) -> None:
        """Accept all columns."""

    def jq_program(self, members: Collection[str]) -> str:
        """Return no program."""
        del members
        return ""

    @staticmethod
    def of(text: str) -> Item:
        """Return a row."""
        return Item(text.split())

    def read(self, members: Mapping[str, Any]) -> Item:
        """Return a row. Raises ValueError."""
        words = members.get("words", str(members.get("text", "")).split())
        if not words:
            raise ValueError("no words")
        return Item(list(words))

    def value(self, item: Item, part: int, choice: Mapping[str, Any]) -> str:
        """Return the answer in capitals. Raises IgnoredFieldError if it does not begin with the word."""
        text = str(choice["text"])
        if not text.startswith(item.prompts[part % len(item.prompts)]):
            raise IgnoredFieldError("ignored", text)
        return text.upper()

    def record(self, item: Item, values: Sequence[Any]) -> dict[str, Any]:
        """Return the answers."""
        del item
        return {"joined": list(values)}

    def second_form(self, variant: int) -> "WordRows":
        """Return the second form for the only model."""
        assert variant == 0
        return self

    def fallback(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of the second form."""
        return {**members, "again": True}

    def answered(self, outcomes: Sequence[Any], *, fell_back: bool) -> tuple[bool, str]:
        """Fall back if every word was ignored."""
        if fell_back or not all(isinstance(outcome, NbxError) for outcome in outcomes):
            return False, ""
        self.falls_back = True
        return True, "falling back"

    def refused(self, error: NbxError, *, fell_back: bool) -> NbxError | None:
        """Fall back if the message contains "fall back"."""
        if fell_back or "fall back" not in error.line:
            return error
        self.falls_back = True
        return None
