"""Shards split the rows of an input without overlap, and a first pass counts and checks all rows."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.parse_row import RawRow, UnreadableRow
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.row_source import Survey, count_rows
from nebius_cli.bulk.input.shard import Shard, parse_shard
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError

MODEL = {"model": "m"}


def read(*values: Any, reader: RowReader | None = None) -> list[Row | BadRow]:
    lines = [(n, json.dumps(value).encode()) for n, value in enumerate(values, 1)]
    return list((reader or RowReader(MODEL, {})).rows(lines))


@given(st.integers(1, 7), st.lists(st.sampled_from(["x", None, {"prompt": "y"}])))
def test_shards_are_a_partition_of_the_rows(of: int, values: list[Any]) -> None:
    parts = [read(*values, reader=RowReader(MODEL, {}, shard=Shard(n, of))) for n in range(1, of + 1)]
    together = sorted((row for part in parts for row in part), key=lambda row: row.index)
    assert together == read(*values)


def test_a_shard_is_written_as_number_slash_count() -> None:
    assert parse_shard("1/1") == Shard()
    assert parse_shard("3/8") == Shard(3, 8)


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "1/0", "a/b", "-1/2", "1/2/3", "1/" + "9" * 10, "²/3"]
)
def test_any_other_shard_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shard(text)
    assert caught.value.what == f"--shard {text}"


def test_counting_finds_all_rows_and_the_first_bad_ones() -> None:
    rows = read("été", {"prompt": [1, 2], "max_tokens": 5, "n": 3}, "", *({} for _ in range(11)))
    survey = count_rows(rows)
    assert survey == Survey(rows=14, bad=12, first_bad=survey.first_bad)
    assert [row.index for row in survey.first_bad] == list(range(2, 12))


ODD_ROWS: list[RawRow] = [
    (1, b'{"id": 0, "prompt": "x"}'),
    (2, b'{"id": 0, "prompt": "the same"}'),
    (3, b'{"id": "0", "prompt": "a text of the same digits"}'),
    (4, b'{"prompt": ""}'),
    (5, b'{"prompt": "x", "temperature": 9}'),
    (6, b'{"prompt": "x", "params": {"x": 1e999}}'),
    (7, b'{"prompt": "x", "n": 2, "best_of": 1}'),
    (8, b"[1"),
    (9, "a text"),
    (10, UnreadableRow("torn")),
    (11, b'{"prompt": [1, 2], "model": "other"}'),
]


@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2), Shard(2, 2)], ids=str)
def test_check_finds_the_same_bad_rows_as_rows(shard: Shard) -> None:
    made = RowReader(MODEL, {}, shard=shard).rows(ODD_ROWS)
    bad = [row if isinstance(row, BadRow) else None for row in made]
    assert list(RowReader(MODEL, {}, shard=shard).check(ODD_ROWS)) == bad
    assert any(bad)


def test_check_keeps_only_the_ids_in_memory() -> None:
    def many(count: int) -> Iterator[RawRow]:
        for n in range(count):
            yield n, jsontext.encode({"id": f"row-{n}", "prompt": f"{n} " * 100})

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            assert count_rows(RowReader(MODEL, {}).check(many(count))).rows == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)
    assert peak(8_000) - peak(800) < 8_000 * 16 * 3


@given(st.integers(1, 3), st.lists(st.booleans(), max_size=12))
def test_remaining_rows_are_those_not_left_out(of: int, left_out: list[bool]) -> None:
    lines = [(n, b'{"id": "%d", "prompt": "x"}' % n) for n in range(len(left_out) * of)]
    for number in range(1, of + 1):
        reader = RowReader(MODEL, {}, shard=Shard(number, of))
        expected = [None if out else row for out, row in zip(left_out, reader.rows(lines), strict=True)]
        assert list(reader.remaining(lines, left_out)) == expected


def test_remaining_fails_if_the_input_is_not_the_one_that_was_surveyed() -> None:
    reader = RowReader(MODEL, {})
    with pytest.raises(ValueError, match="not JSON"):
        list(reader.remaining([(1, b"[")], [0]))
    with pytest.raises(IndexError):
        list(reader.remaining([(1, b'"a"'), (2, b'"b"')], [0]))
