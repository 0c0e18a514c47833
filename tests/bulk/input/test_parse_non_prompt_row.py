"""Rows of a custom kind (such as the items of `nbx score`), in every format."""

from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows
from nebius_cli.bulk.input.parse_non_prompt_row import ItemParser
from nebius_cli.bulk.input.parse_row import RawData, UnreadableRow
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.core.errors_and_exit_codes import UsageError
from tests.support.item_rows import Item, WordRows

PARSER = ItemParser(WordRows())


@pytest.mark.parametrize(
    ("raw", "own_id", "prompt"),
    [
        (b'"a b"', None, ["a", "b"]),
        (b'{"id": 3, "text": "a", "error": {}}', 3, "a"),
        (b'{"custom_id": "x", "words": ["a", "b"]}', "x", ["a", "b"]),
        ("a b", None, ["a", "b"]),
        ({"id": "x", "text": "a", "words": None, "other": 1}, "x", "a"),
        ({"id": Decimal(4), "text": "", "words": '["a"]'}, 4, "a"),
        ({"id": None, "words": ["a", b"b"]}, None, ["a", "b"]),
    ],
)
def test_a_row_has_the_same_content_in_every_format(raw: RawData, own_id: Any, prompt: Any) -> None:
    found = PARSER.read(raw)
    assert (found.id, found.prompt, found.fields, found.params) == (own_id, prompt, {}, {})
    assert isinstance(found.item, Item)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (UnreadableRow("torn"), "torn"),
        (b"[1]", "a row must be a string or an object; jq"),
        (b"3", "a row must be a string or an object; --format text reads each line as a text"),
        (b"One two", "not JSON: expecting value at character 1; --format text reads each line as a text"),
        (b'{"text": ""}', "no words"),
        (b"{", "expecting property name"),
        ({"words": "["}, "words is not JSON: expecting value"),
        (b'{"id": "", "text": "a"}', "id is empty"),
        (
            b'{"text": "a", "wrds": 1}',
            r"unknown member 'wrds' \(did you mean words\?\); a row can have id, text, words",
        ),
        (b'{"question": "a"}', "unknown member 'question'; a row can have id, text, words"),
    ],
)
def test_a_row_that_cannot_be_read_gives_the_reason(raw: RawData, why: str) -> None:
    with pytest.raises(RowError, match=why):
        PARSER.read(raw)


def test_a_table_needs_one_of_the_columns() -> None:
    assert [PARSER.needs(name) for name in ("id", "text", "words", "prompt")] == [True, True, True, False]
    PARSER.check_columns(("id", "words"), "in.csv")
    assert PARSER.ignored_columns == {}
    with pytest.raises(UsageError, match="no column text or words"):
        PARSER.check_columns(("id", "prompt"), "in.csv")


def test_the_ignored_columns_of_all_tables_are_recorded() -> None:
    parser = ItemParser(WordRows())
    parser.check_columns(("id", "words", "b"), "1.csv")
    parser.check_columns(("text", "a", "b"), "2.csv")
    parser.check_columns(("text",), "3.csv")
    assert parser.ignored_columns == {"1.csv": ("b",), "2.csv": ("a", "b")}


def reader(*variants: dict[str, Any]) -> RowReader:
    fields: dict[str, Any] = {"model": "m", "max_tokens": 1}
    items = ItemRows(WordRows(), fields, variants)
    return RowReader(fields, {"model": "own", "top_k": 1}, items, validate=False)


def rows(source: RowReader, *lines: bytes) -> list[Row]:
    found = list(source.rows(enumerate(lines, 1)))
    assert not any(isinstance(row, BadRow) for row in found)
    return [row for row in found if isinstance(row, Row)]


def test_a_row_has_all_its_prompts_and_their_token_limits() -> None:
    one, two = rows(reader(), b'"a"', b'"a bc"')
    assert (one.prompt, one.part_count, one.max_completion_tokens, one.parts()) == ("a", 1, 1, [one])
    assert (two.prompt, two.part_count, two.max_completion_tokens) == (["a", "bc"], 2, 2)
    parts = two.parts()
    assert [(part.prompt, part.part) for part in parts] == [("a", 0), ("bc", 1)]
    assert {part.max_completion_tokens for part in parts} == {1}
    assert sum(part.max_prompt_tokens for part in parts) == two.max_prompt_tokens
    assert {(part.index, part.id, part.body_hash) for part in parts} == {(1, 1, two.body_hash)}


def test_the_requests_to_other_models_are_part_of_the_row() -> None:
    [alone] = rows(reader(), b'"a"')
    [row] = rows(reader({"model": "other", "max_tokens": 1}), b'"a"')
    assert row.body_hash != alone.body_hash
    assert [(part.model, part.prompt) for part in row.parts()] == [("own", "a"), ("other", "a")]
    assert row.parts()[1].body == b'{"model":"other","max_tokens":1,"top_k":1,"prompt":"a"}'


def test_the_hash_includes_the_identity_of_the_item_and_of_its_kind() -> None:
    class Other(WordRows):
        def read(self, members: Any) -> Item:
            return super().read(members)._replace(identity=b"other")

    class OtherRecord(WordRows):
        identity = b"with more"

    fields = {"model": "m"}
    hashes = {
        row.body_hash
        for kind in (WordRows(), Other(), OtherRecord())
        for row in rows(RowReader(fields, {}, ItemRows(kind, fields)), b'"a"')
    }
    assert len(hashes) == 3
