"""Cells of tables: Parquet types, decimal commas, and headers with another separator."""

import math
from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.parse_row import DecimalCommaRow, RowParser, RowRequest, own_id
from nebius_cli.core.errors_and_exit_codes import UsageError

CHECKED = RowParser(None, allow_empty=False, validate=True)


def flaw(cells: dict[str, Any]) -> str:
    with pytest.raises(RowError) as caught:
        CHECKED.read(cells)
    return str(caught.value)


def test_a_row_of_typed_columns_is_converted_to_a_request() -> None:
    cells = {
        "id": Decimal(7),
        "prompt": "b\u00e9".encode(),
        "temperature": Decimal("0.70"),
        "max_tokens": Decimal("64.000"),
        "n": math.nan,
        "top_p": None,
        "stop": [b"a", b"b"],
        "logit_bias": {"5": -100, "6": None},
    }
    fields: dict[str, Any] = {
        "temperature": 0.7,
        "max_tokens": 64,
        "stop": ["a", "b"],
        "logit_bias": {"5": -100},
    }
    assert CHECKED.read(cells) == RowRequest(7, "b\u00e9", fields, {})
    assert own_id(cells) == 7
    assert CHECKED.read({"id": math.nan, "prompt": [Decimal(1), 2.0]}) == RowRequest(None, [1, 2], {}, {})
    assert flaw({"prompt": b"ab\xff"}) == "in a binary column, byte 0xff at offset 2 is not UTF-8"
    assert flaw({"prompt": "x", "n": Decimal("1.5")}) == "n must be a whole number"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0,5", 0.5), ("1,25", 1.25), ("-0,125", -0.125), ("1", 1), ("0.5", 0.5), ("2,0", 2.0)],
)
def test_a_decimal_comma_is_read_if_cells_are_not_separated_by_commas(cell: str, value: float) -> None:
    cells = {"prompt": "0,5", "presence_penalty": cell, "stop": "0,5"}
    fields: dict[str, Any] = {"presence_penalty": value, "stop": "0,5"}
    assert CHECKED.read(DecimalCommaRow(cells)) == RowRequest(None, "0,5", fields, {})
    if "," in cell:
        assert flaw(cells) == "presence_penalty must be a number"
    assert CHECKED.read(DecimalCommaRow(prompt="x", max_tokens="64,0")).fields == {"max_tokens": 64}


@pytest.mark.parametrize("cell", ["1,024", "12,000", "1,2,3", ",5", "5,", "0,5 "])
def test_an_ambiguous_comma_is_an_error(cell: str) -> None:
    assert flaw(DecimalCommaRow(prompt="x", max_tokens=cell)) == "max_tokens must be a whole number"


SEPARATORS = {
    "id;prompt": "if cells are separated by ;, add the line sep=; at the top of the file",
    "id\tprompt": "set --format tsv: its cells are separated by tabs",
    "id,prompt": "set --format csv: its cells are separated by commas",
}


@pytest.mark.parametrize(("header", "hint"), SEPARATORS.items())
def test_a_header_with_another_separator_is_refused_with_a_hint(header: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        CHECKED.check_columns([header], "in.csv")
    assert caught.value.hint == hint
