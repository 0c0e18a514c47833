"""An input that is surveyed first and read again to send its rows."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.row_source import VERSION_CHECK_ROWS
from nebius_cli.core.errors_and_exit_codes import BadInputError
from tests.support.rows import source_of


def test_the_rows_can_be_read_after_a_survey(tmp_path: Path) -> None:
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
        assert source.fraction_read == 0.0
        kinds = [type(row) for row in source]
        assert kinds == [Row, BadRow, Row]
        assert source.fraction_read == 1.0


def test_an_empty_input_has_no_fraction_read(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("")
    with source_of(path) as source:
        assert source.fraction_read is None
        assert list(source) == []


def test_the_first_bad_rows_are_described_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n')
    bad = [BadRow(number, number + 1, f"why {number}") for number in range(10)]
    with source_of(path) as source:
        many, one = source.bad_rows_error(bad, 25), source.bad_rows_error(bad[:1], 1)
    assert many.what == f"{path}, line 1: why 0"
    assert many.why == "line 2: why 1; line 3: why 2; 22 more"
    assert (one.what, one.why) == (f"{path}, line 1: why 0", "")


def test_remaining_rows_are_yielded_after_a_survey(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n"b"\n"c"\n')
    with source_of(path) as source:
        source.survey(lambda row: row.prompt == "b")
        assert source.left_out == bytearray([0, 1, 0])
        assert [row and row.prompt for row in source.remaining()] == ["a", None, "c"]


def test_a_table_removed_after_the_survey_is_reported_as_changed(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    parquet.write_table(pa.table({"prompt": ["a", "b"]}), path)
    with source_of(path) as source:
        source.survey(lambda _: False)
        path.unlink()
        with pytest.raises(BadInputError) as caught:
            list(source.remaining())
    assert caught.value.what == f"{path} changed during the run"


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
@pytest.mark.parametrize("after", [0, 1, VERSION_CHECK_ROWS + 1])
def test_an_input_that_changes_after_the_survey_is_reported(
    tmp_path: Path, change: Callable[[Path], None], after: int
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'"{"a" * 400}"\n' * 2 * VERSION_CHECK_ROWS)  # more than one read returns
    with source_of(path) as source:
        source.survey(lambda _: False)
        rest = source.remaining()
        for _ in range(after):
            next(rest)
        change(path)
        with pytest.raises(BadInputError, match="changed during the run"):
            list(rest)


def test_an_input_written_during_the_survey_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('"a"\n')

    def meanwhile(row: Row) -> bool:
        if row.index == 0:
            append(path)
        return False

    with source_of(path) as source, pytest.raises(BadInputError, match="changed during the run"):
        source.survey(meanwhile)
