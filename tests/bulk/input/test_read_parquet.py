"""Parquet inputs: rows are streamed with their types, and damage is reported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.core.errors_and_exit_codes import BadInputError, ConfigError, NbxError
from nebius_cli.request.read_prompt import DecodeOptions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a Parquet file that does not exist yet."""
    return tmp_path / "a.parquet"


def opened(path: Path, reader: RowReader | None = None) -> RowFile:
    needs = reader.needs if reader else lambda _: True
    return open_rows(str(path), None, nul=False, reading=DecodeOptions(), stdin=None, needs=needs)


def write(path: Path, columns: dict[str, Any], rows_a_group: int = 1000) -> None:
    parquet.write_table(pa.table(columns), path, row_group_size=rows_a_group)


def test_rows_are_read_with_their_types_and_row_numbers(path: Path) -> None:
    write(path, {"id": [5, 6], "prompt": ["é", None], "temperature": [0.5, None], "stop": [["a"], None]})
    with opened(path) as file:
        assert (file.format, file.seekable, file.size) == ("parquet", True, path.stat().st_size)
        assert file.columns == ("id", "prompt", "temperature", "stop")
        assert list(file) == [
            (1, {"id": 5, "prompt": "é", "temperature": 0.5, "stop": ["a"]}),
            (2, {"id": 6, "prompt": None, "temperature": None, "stop": None}),
        ]


def test_rows_are_converted_to_requests(path: Path) -> None:
    write(path, {"id": ["a", "b"], "prompt": [[1, 2], [3]], "n": [2, None], "other": [b"\xff", b""]})
    with opened(path) as file:
        first, second = RowReader({"model": "m"}, {}).rows(file)
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.body == b'{"model":"m","prompt":[1,2],"n":2}'
    assert (second.id, second.body) == ("b", b'{"model":"m","prompt":[3]}')


ODD_COLUMNS = {
    "nanoseconds": (
        pa.array([1_700_000_000_123_456_789], pa.timestamp("ns")),
        "2023-11-14 22:13:20.123456789",
    ),
    "a time with nanoseconds": (pa.array([1], pa.time64("ns")), "00:00:00.000000001"),
    "a span of nanoseconds": (pa.array([1], pa.duration("ns")), ""),
    "a far date": (pa.array([10**8], pa.int32()).cast(pa.date32()), ""),
    "a far time": (pa.array([2**62], pa.timestamp("us")), ""),
    "an unknown time zone": (pa.array([1], pa.timestamp("us", "Mars/Base")), ""),
    "a map with a key twice": (pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int32())), ""),
    "torn text": (pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"], pa.binary()).buffers()), ""),
}


@pytest.mark.parametrize("name", ODD_COLUMNS)
def test_a_value_that_python_cannot_represent_affects_only_rows_that_use_it(path: Path, name: str) -> None:
    column, text = ODD_COLUMNS[name]
    write(path, {"prompt": ["x", "y"], "odd": pa.concat_arrays([column, pa.nulls(1, column.type)])})
    reader = RowReader({"model": "m"}, {})
    with opened(path, reader) as file:
        assert [row.prompt for row in reader.rows(file) if isinstance(row, Row)] == ["x", "y"]
    reader = RowReader({"model": "m"}, {}, fill_template.parse("{odd}"))
    with opened(path, reader) as file:
        first, second = reader.rows(file)
    if text:
        assert isinstance(first, Row)
        assert first.prompt == text
    else:
        assert isinstance(first, BadRow)
        assert first.why.startswith("column 'odd': ")
    assert isinstance(second, BadRow)
    assert second.why == "the template's {odd} is null"


def test_columns_that_no_request_needs_are_not_read(path: Path) -> None:
    write(path, {"id": ["a"], "prompt": ["x"], "n": [2], "other": [1], "custom_id": ["b"], "question": ["?"]})
    with opened(path, RowReader({"model": "m"}, {})) as file:
        assert [list(row) for _, row in file if isinstance(row, dict)] == [["id", "prompt", "n", "custom_id"]]
    with opened(path, RowReader({"model": "m"}, {}, fill_template.parse("{question}{other}"))) as file:
        rows = [list(row) for _, row in file if isinstance(row, dict)]
    assert rows == [["id", "other", "custom_id", "question"]]


def test_maps_and_structs_are_read_as_dicts(path: Path) -> None:
    maps = pa.array([[("5", -100)], []], pa.map_(pa.string(), pa.int32()))
    write(path, {"prompt": ["x", "y"], "logit_bias": maps, "s": [{"m": 1}, {"m": None}], "l": [[[1]], []]})
    with opened(path) as file:
        first, second = (row for _, row in file)
    assert first == {"prompt": "x", "logit_bias": {"5": -100}, "s": {"m": 1}, "l": [[1]]}
    assert second == {"prompt": "y", "logit_bias": {}, "s": {"m": None}, "l": []}


def test_two_columns_with_the_same_name_are_bad_input_if_needed(path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["prompt", "prompt", "x"])
    parquet.write_table(table, path)
    assert reading_fails(path).what == f"{path} has two columns named 'prompt'"
    with opened(path, RowReader({"model": "m"}, {}, fill_template.parse("{x}"))) as file:
        assert [row for _, row in file] == [{"x": "a"}]


def test_columns_fill_the_template(path: Path) -> None:
    write(path, {"question": ["why?"], "year": [1999]})
    with opened(path) as file:
        (row,) = RowReader({"model": "m"}, {}, fill_template.parse("{year}: {question}")).rows(file)
    assert isinstance(row, Row)
    assert row.prompt == "1999: why?"


def test_the_position_grows_to_the_size(path: Path) -> None:
    write(path, {"prompt": [str(n) for n in range(5000)]}, rows_a_group=700)
    with opened(path) as file:
        positions = [file.position for _ in file]
        assert positions == sorted(positions)
        assert positions[-1] == file.size
    write(path, {"prompt": pa.array([], pa.string())})
    with opened(path) as file:
        assert (list(file), file.position) == ([], file.size)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20))
def test_any_texts_are_read_unchanged(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    write(path, {"prompt": pa.array(texts, pa.string())}, rows_a_group=3)
    with opened(path) as file:
        assert [row["prompt"] for _, row in file if isinstance(row, dict)] == texts


def reading_fails(path: Path) -> NbxError:
    with pytest.raises(BadInputError) as caught, opened(path) as file:
        list(file)
    return caught.value


def test_a_file_that_is_not_parquet_or_is_truncated_is_bad_input(path: Path) -> None:
    write(path, {"prompt": [str(n) for n in range(20_000)]})
    data = path.read_bytes()
    for wrong in (b"", b"prompt\nx\n", data[: len(data) // 2], data[:-1]):
        path.write_bytes(wrong)
        assert reading_fails(path).what == f"cannot read {path} as Parquet"


def test_a_damaged_page_is_bad_input_and_the_error_names_the_row(path: Path) -> None:
    write(path, {"prompt": [str(n) * 30 for n in range(20_000)]}, rows_a_group=5000)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + b"\xff" * 4000 + data[middle + 4000 :])
    error = reading_fails(path)
    assert error.what == f"{path} is damaged or truncated"
    assert error.why.startswith("after row ")


def test_without_pyarrow_the_hint_names_the_package_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, {"prompt": ["x"]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError) as caught:
        opened(path)
    assert caught.value.hint.startswith("pip install 'pyarrow>=21'")


_PEAK = """
import json, resource, sys
from nebius_cli.bulk.input.open_input import open_rows
from nebius_cli.request.read_prompt import DecodeOptions
counts = []
for path in sys.argv[1:]:
    with open_rows(path, None, nul=False, reading=DecodeOptions(), stdin=None) as file:
        rows = sum(1 for _ in file)
    counts.append((rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10))
print(json.dumps(counts))
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    text = "A prompt of some length, as there are many. " * 5
    small, large = tmp_path / "small.parquet", tmp_path / "large.parquet"
    for target, count in ((small, 20_000), (large, 400_000)):  # 4 and 90 MB of distinct texts
        write(target, {"prompt": [f"{n} {text}{n}" for n in range(count)]}, rows_a_group=20_000)
    words = [sys.executable, "-c", _PEAK, str(small), str(large)]
    done = subprocess.run(words, capture_output=True, check=True, timeout=120)
    (rows, before), (more, after) = json.loads(done.stdout)
    assert (rows, more) == (20_000, 400_000)
    assert after - before < 40  # MiB
