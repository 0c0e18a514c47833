"""`nbx bulk export --format parquet`: a row for each choice, read back as it was written."""

import contextlib
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from nebius_cli.bulk.output.record_format import Result, encode
from tests.support.answers import USED, answer, failure, response, row, write
from tests.support.documented_commands import ROOT, blocks
from tests.support.run import Runner

EXPORT = ("bulk", "export", "a", "--format", "parquet")
LISTS = {
    "tokens": ["a", "b"],
    "token_logprobs": [-0.5, -9999.0],
    "top_logprobs": [{"a": -0.5, "x": -2}, None],
    "text_offset": [0, 1],
}


def with_logprobs(index: int, logprobs: Any, **usage: Any) -> bytes:
    """Return the record of an answer with log probabilities."""
    value = response("ab")
    value["choices"][0]["logprobs"] = logprobs
    value["model"] = "m"
    return encode(Result(row(index), 1, 0.5, {**USED, **usage}, None, value), with_prompt=True)


def exported(bare: Runner, *flags: str) -> list[dict[str, Any]]:
    done = bare(*EXPORT, *flags)
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(done.out_bytes)).to_pylist()
    return rows


def test_each_choice_has_a_row_and_the_first_row_has_the_usage(folder: Path, bare: Runner) -> None:
    write(folder / "a", failure(row(1)), answer(row(0, own_id='i"d'), "one\n", "two"))
    done = bare(*EXPORT, "-o", "a.parquet")
    assert (done.code, done.out) == (9, "")
    assert done.err == "nbx: 1 row failed and has an error instead of text\n"
    first, second, failed = pq.read_table("a.parquet").to_pylist()
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    assert first == {
        "id": 'i"d',
        "index": 0,
        "choice": 0,
        "prompt": "Say it",
        "prompt_token_ids": None,
        "text": "one\n",
        "finish_reason": "stop",
        "error": None,
        "model": None,
        "usage": usage,
        "cost": Decimal("0.25"),
        "attempts": 1,
        "latency_s": 0.5,
        "logprobs": None,
    }
    assert second == {**first, "choice": 1, "text": "two", "usage": None, "cost": None}
    message = "the server answered 500: it broke"
    assert failed == {
        **first,
        "id": "1",
        "index": 1,
        "choice": None,
        "text": None,
        "finish_reason": None,
        "error": {"exit": 6, "status": 500, "message": message},
        "attempts": 3,
    }


def test_logprobs_have_the_same_columns_whatever_shape_the_server_used(folder: Path, bare: Runner) -> None:
    entry = {"token": "é", "bytes": [195, 169], "logprob": -1, "top_logprobs": []}
    write(folder / "a", with_logprobs(0, LISTS), with_logprobs(1, {"content": [entry]}))
    lists, content = (row["logprobs"] for row in exported(bare))
    top = [{"token": "a", "bytes": None, "logprob": -0.5}, {"token": "x", "bytes": None, "logprob": -2.0}]
    assert lists == [
        {"token": "a", "bytes": None, "logprob": -0.5, "top": top},
        {"token": "b", "bytes": None, "logprob": float("-inf"), "top": []},
    ]
    assert content == [{"token": "é", "bytes": "é".encode(), "logprob": -1.0, "top": []}]


def test_a_prompt_of_token_ids_has_its_own_column(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0, [5, 6])))
    (only,) = exported(bare)
    assert (only["prompt"], only["prompt_token_ids"]) == (None, [5, 6])


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": "0.000000000000000001"}, Decimal("1E-18")),
        ({"cost": "99999999999999999999"}, Decimal(99999999999999999999)),
        ({"cost": "100000000000000000000"}, None),
        ({"cost": None, "prompt_tokens": 10**15}, None),
    ],
)
def test_a_cost_is_exact_if_it_fits_into_the_decimal_column(
    folder: Path, bare: Runner, usage: dict[str, Any], cost: Decimal | None
) -> None:
    write(folder / "a", with_logprobs(0, None, **usage))
    (only,) = exported(bare)
    assert only["cost"] == cost
    assert only["usage"]["prompt_tokens"] == usage.get("prompt_tokens", 3)


def test_a_record_of_another_shape_is_exported_with_the_values_it_has(folder: Path, bare: Runner) -> None:
    odd = b'{"choices":[{"text":"\\ud83d\\ude00\\ud800","index":-1,"logprobs":7}],"model":7}'
    write(folder / "a", encode(Result(row(0), 1, 0, None, None, odd), with_prompt=False))
    (only,) = exported(bare)
    assert (only["text"], only["choice"], only["model"], only["prompt"]) == ("😀\ufffd", None, None, None)
    assert (only["usage"], only["cost"], only["logprobs"]) == (None, None, None)


def test_large_answers_are_written_in_several_row_groups(folder: Path, bare: Runner) -> None:
    text = "x" * 9_000_000
    write(folder / "a", *(answer(row(number), text) for number in range(3)))
    assert bare(*EXPORT, "-o", "a.parquet").code == 0
    assert pq.ParquetFile("a.parquet").num_row_groups == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--format", "xlsx"], "must be one of text, csv, tsv, parquet"),
        (["--format", "parquet", "--csv"], "keep one of them"),
        (["--format", "parquet", "-0"], "-0 cannot be used with parquet"),
        (["--format", "parquet", "--escape-formulas"], "--escape-formulas requires CSV or TSV"),
    ],
)
def test_invalid_or_conflicting_flags_are_a_usage_error(
    folder: Path, bare: Runner, args: list[str], words: str
) -> None:
    write(folder / "a", answer(row(0)))
    done = bare("bulk", "export", "a", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_format_can_be_given_with_format_or_with_its_own_flag(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0), "a"))
    for name in ("text", "csv"):
        short = bare("bulk", "export", "a", f"--{name}").out
        assert bare("bulk", "export", "a", "--format", name).out == short
        assert bare("bulk", "export", "a", "--format", name, f"--{name}").out == short


def test_a_parquet_file_is_not_written_to_a_terminal(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    done = bare(*EXPORT, stdout_tty=True)
    assert (done.code, done.out) == (2, "")
    assert "cannot write Parquet to a terminal" in done.err


def test_an_export_that_fails_keeps_the_old_file(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    assert bare(*EXPORT, "-o", "/dev/full").code == 74
    (folder / "old.parquet").write_text("old")
    write(folder / "a", answer(row(0)), b"7\n")
    assert bare(*EXPORT, "--force", "-o", "old.parquet").code == 2
    assert (folder / "old.parquet").read_text() == "old"


def test_the_duckdb_example_in_the_manual_works(folder: Path, bare: Runner) -> None:
    write(folder / "a", with_logprobs(0, LISTS), answer(row(1)), failure(row(2)))
    bare(*EXPORT, "-o", "answers.parquet")
    (recipe,) = (
        block
        for block in blocks((ROOT / "docs/bulk.md").read_text("utf-8"), "python")
        if "import duckdb" in block
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(recipe, "docs/bulk.md", "exec"), {})
    assert re.findall(r"│ (stop|NULL) +│ +(\d+) │ +([\d.]+) │", printed.getvalue()) == [
        ("stop", "2", "0.500000000000000000"),
        ("NULL", "1", "0.250000000000000000"),
    ]
    assert re.findall(r"│ 0 +│ (\w+) +│ +(\S+) │", printed.getvalue()) == [("b", "-inf")]
