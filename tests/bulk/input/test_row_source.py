"""An input that is looked through first and handed out afterwards."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from nebius_cli.bulk.input.row_reader import BadRow, Row
from nebius_cli.bulk.input.row_source import LOOK_EVERY
from nebius_cli.core.errors import BadInputError
from tests.support.rows import source_of


def test_looking_through_leaves_every_row_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n[\n"b"\n')
    seen: list[Row] = []

    def keep(row: Row) -> bool:
        seen.append(row)
        return False

    with source_of(path) as source:
        survey = source.survey(keep)
        assert (survey.rows, survey.bad) == (3, 1)
        assert [row.prompt for row in seen] == ["a", "b"]
        assert source.share == 0.0
        kinds = [type(row) for row in source]
        assert kinds == [Row, BadRow, Row]
        assert source.share == 1.0


def test_an_empty_input_has_no_share(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("")
    with source_of(path) as source:
        assert source.share is None
        assert list(source) == []


def test_the_first_bad_rows_are_named_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n')
    bad = [BadRow(number, number + 1, f"why {number}") for number in range(10)]
    with source_of(path) as source:
        many, one = source.refuse(bad, 25), source.refuse(bad[:1], 1)
    assert many.what == f"{path}, line 1: why 0"
    assert many.why == "line 2: why 1; line 3: why 2; 22 more"
    assert (one.what, one.why) == (f"{path}, line 1: why 0", "")


def test_the_rest_comes_after_looking_through(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n"b"\n"c"\n')
    with source_of(path) as source:
        source.survey(lambda row: row.prompt == "b")
        assert source.left_out == bytearray([0, 1, 0])
        assert [row and row.prompt for row in source.rest()] == ["a", None, "c"]


def test_a_table_that_is_gone_after_looking_through_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    parquet.write_table(pa.table({"prompt": ["a", "b"]}), path)
    with source_of(path) as source:
        source.survey(lambda _: False)
        path.unlink()
        with pytest.raises(BadInputError) as caught:
            list(source.rest())
    assert caught.value.what == f"{path} has changed meanwhile"


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write('"z"\n')


def truncate(path: Path) -> None:
    os.truncate(path, 4)


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+") as file:
        file.write("[" * size)


@pytest.mark.parametrize("change", [append, truncate, overwrite])
@pytest.mark.parametrize("after", [0, 1, LOOK_EVERY + 1])
def test_an_input_that_changes_between_the_looks_is_told(
    tmp_path: Path, change: Callable[[Path], None], after: int
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'"{"a" * 400}"\n' * 2 * LOOK_EVERY)  # more than is read at once
    with source_of(path) as source:
        source.survey(lambda _: False)
        rest = source.rest()
        for _ in range(after):
            next(rest)
        change(path)
        with pytest.raises(BadInputError, match="has changed meanwhile"):
            list(rest)


def test_an_input_that_is_written_while_it_is_looked_through_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n')

    def meanwhile(row: Row) -> bool:
        if row.index == 0:
            append(path)
        return False

    with source_of(path) as source, pytest.raises(BadInputError, match="has changed meanwhile"):
        source.survey(meanwhile)
