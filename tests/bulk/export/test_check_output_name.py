"""Output names with the ending of another format, such as .csv or .gz, are refused."""

import os
from pathlib import Path

import pytest

from nebius_cli.bulk.export.check_output_name import check_output_name
from nebius_cli.core.errors_and_exit_codes import UsageError
from tests.support.rows import RowServer, write_rows
from tests.support.run import Runner

TABLES = ("x.csv", "x.tsv", "x.tab", "x.Parquet", "x.pq", "x.html", "x.htm")
OTHERS = ("-", "x", "x.jsonl", "x.ndjson", "x.json", "x.txt", "x.csv.jsonl", "csv", "/dev/null", "/dev/fd/1")


@pytest.mark.parametrize("name", TABLES)
def test_a_name_with_the_ending_of_a_table_is_refused_with_a_hint_to_export(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_output_name(f"a b/{name}")
    assert refused.value.hint == f"use -o 'a b/x.jsonl', then nbx bulk export 'a b/x.jsonl' -o 'a b/{name}'"
    with pytest.raises(UsageError) as refused:
        check_output_name(name, scores=True)
    export = "" if ".htm" in name else f", then nbx bulk export x.jsonl -o {name}"
    assert refused.value.hint == f"use -o x.jsonl{export}"


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.csv.zst"])
def test_a_name_with_the_ending_of_a_compressed_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_output_name(name)
    assert refused.value.why == "nbx does not compress the output"


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_name_is_accepted(name: str) -> None:
    check_output_name(name)


def test_nothing_is_sent_or_written_if_the_output_name_is_that_of_a_table(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), [{"prompt": "x", "text": "y"}])
    commands = {
        "run": ("bulk", "in.jsonl", "-o", "x.csv"),
        "merge": ("bulk", "merge", "in.jsonl", "-o", "x.csv"),
        "score": ("score", "--jsonl", "in.jsonl", "-o", "x.csv"),
    }
    for name, words in commands.items():
        failed = bulk(*words)
        assert (failed.code, "use -o x.jsonl" in failed.err) == (2, True), (name, failed.err)
        assert "nbx bulk export x.jsonl -o x.csv" in failed.err
    assert (row_server.bodies, Path("x.csv").exists()) == ([], False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_may_have_any_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    check_output_name(str(tmp_path / "x.csv"))
