"""The output of a bulk run is opened, resumed, locked against a second run, compacted and sorted."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from nebius_cli.system.check_output_paths import is_file
from tests.support.answers import answer, failure, row, write
from tests.support.folder import names


def silent(text: str) -> None:
    raise AssertionError(text)


def open_quietly(path: Path) -> Journal:
    return Journal.open(str(path), restart=False, note=silent)


def fill(path: Path, *records: bytes, complete: bool = False, ordered: bool = False) -> None:
    """Append records in a separate run."""
    journal = open_quietly(path)
    for record in records:
        journal.append(record)
    if complete:
        journal.compact(ordered=ordered)
    journal.close()


def twice(records: bytes) -> bytes:
    """Return the records with twice the usage."""
    once = b'"prompt_tokens":3,"completion_tokens":4,"cost":"0.25"'
    assert once in records
    return records.replace(once, b'"prompt_tokens":6,"completion_tokens":8,"cost":"0.5"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the output."""
    return tmp_path / "answers.jsonl"


def test_the_next_run_skips_answered_rows_but_not_failed_ones(path: Path) -> None:
    rows = [row(0), row(1), row(2, own_id="two")]
    fill(path, answer(rows[0]), failure(rows[1]), answer(rows[2]))
    journal = open_quietly(path)
    assert [journal.has_answer(row) for row in rows] == [True, False, True]
    assert not journal.has_answer(row(0, body=b"{1}"))  # the request has changed
    assert not journal.has_answer(row(0, own_id="0"))
    scanned = journal.earlier
    assert (scanned.records, scanned.answers, scanned.unpriced) == (3, 2, 0)
    assert (scanned.prompt_tokens, scanned.completion_tokens, scanned.cost) == (9, 12, Decimal("0.75"))
    journal.close()
    journal.close()
    assert names(path.parent) == ["answers.jsonl"]


def test_unclaimed_answers_are_counted(path: Path) -> None:
    fill(path, failure(row(4)), answer(row(0)), answer(row(1)), answer(row(2)), answer(row(3)))
    journal = open_quietly(path)
    assert journal.has_answer(row(1))
    journal.append(answer(row(2, body=b"{1}")))  # the request has changed
    journal.compact(ordered=False)
    assert journal.stray_answers == 2
    journal.close()


@pytest.mark.parametrize("damaged", [b"NaN", b"Infinity", b"1.2.3", b"1E+999", b"-1", b"E"])
def test_a_cost_that_is_not_an_amount_counts_as_unknown(path: Path, damaged: bytes) -> None:
    fill(path, answer(row(0)), failure(row(1)).replace(b"0.25", damaged), failure(row(2)))
    journal = open_quietly(path)
    assert (journal.earlier.unpriced, journal.earlier.cost) == (1, Decimal("0.5"))
    journal.close()
    fill(path, answer(row(1)), complete=True)
    usages = [json.loads(line)["usage"] for line in path.read_bytes().splitlines()]
    assert [usage["cost"] for usage in usages] == ["0.25", "0.25", None]


def test_records_without_a_cost_are_counted(path: Path) -> None:
    fill(path, answer(row(0)), answer(row(1)).replace(b'"0.25"', b"null"))
    journal = open_quietly(path)
    assert (journal.earlier.unpriced, journal.earlier.cost) == (1, Decimal("0.25"))
    journal.close()


def test_a_second_process_is_refused_and_the_error_names_the_file(path: Path) -> None:
    first = open_quietly(path)
    with pytest.raises(UsageError, match=r"another nbx bulk or nbx score is writing .*answers\.jsonl"):
        open_quietly(path)
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    with pytest.raises(UsageError, match="another nbx bulk or nbx score is writing"):
        open_quietly(link)
    first.close()
    open_quietly(link).close()
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"id":1,"prompt":"x"}\n', 1),
        (b'{"id":1,"prompt":"x"}', 1),
        (b'{"id":1,"prompt":"x', 1),
        (b"Once upon a time", 1),
        (b"Once\nupon\n", 1),
        (b'[\n  {"id": 1}\n]\n', 1),
        (b"{\n", 1),
        (answer(row(0)) + b'{"id":1,"prompt":"x"}\n', 2),
        (answer(row(0)) + b"\n" + b"7\n", 3),
    ],
)
def test_a_file_that_is_not_an_output_is_refused_and_unchanged(path: Path, content: bytes, line: int) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not the output of nbx bulk") as caught:
        open_quietly(path)
    assert f"line {line} " in caught.value.why
    assert (path.read_bytes(), names(path.parent)) == (content, ["answers.jsonl"])


def test_the_output_must_not_be_the_input(path: Path) -> None:
    write(path, answer(row(0)))
    link = path.with_name("in.jsonl")
    link.symlink_to(path)
    for restart in (True, False):
        with pytest.raises(UsageError) as caught:
            Journal.open(str(path), restart=restart, note=silent, sources=[str(link)])
        assert caught.value.why == "this is the input"
    Journal.open(str(path), restart=False, note=silent, sources=["-"]).close()
    assert path.read_bytes() == answer(row(0))


def test_an_output_that_cannot_be_created_is_an_output_error(path: Path) -> None:
    with pytest.raises(OutputError):
        open_quietly(path / "x")


def test_a_restart_renames_the_old_output(path: Path) -> None:
    notes: list[str] = []
    for number, kept in ((0, ""), (1, ".old"), (2, ".old2")):
        journal = Journal.open(str(path), restart=True, note=notes.append)
        assert journal.earlier.records == 0
        journal.append(answer(row(number)))
        journal.close()
        assert path.read_bytes() == answer(row(number))
        if kept:
            assert Path(f"{path}{kept}").read_bytes() == answer(row(number - 1))
    kept_in = "earlier answers are kept in"
    assert notes == [f"{kept_in} {path}.old", f"{kept_in} {path}.old2"]


def test_lines_broken_by_a_power_cut_are_ignored(path: Path) -> None:
    spoilt = answer(row(1)).replace(b"said", b"\0\0\0\0")
    write(path, answer(row(0)), b"\n", spoilt, b"\0\0\0\n", answer(row(2)))
    notes: list[str] = []
    journal = Journal.open(str(path), restart=False, note=notes.append)
    assert [journal.has_answer(row(n)) for n in range(3)] == [True, False, True]
    journal.append(answer(row(1)))
    journal.compact(ordered=False)
    journal.close()
    assert notes == [f"{path}: ignored 2 lines with invalid JSON; the rows are sent again"]
    assert path.read_bytes() == answer(row(0)) + answer(row(2)) + answer(row(1))


def test_a_complete_run_leaves_one_record_per_row(path: Path) -> None:
    rows = [row(0), row(1), row(2)]
    fill(path, failure(rows[0]), answer(rows[1]), failure(rows[2]), complete=True)
    assert path.read_bytes() == failure(rows[0]) + answer(rows[1]) + failure(rows[2])
    changed = row(1, body=b"{1}")
    records = [answer(rows[0], "later"), answer(changed), failure(rows[2])]
    fill(path, *records, complete=True)
    assert path.read_bytes() == twice(b"".join(records))


def test_an_answer_is_kept_until_another_answer_replaces_it(path: Path) -> None:
    changed = row(0, body=b"{1}")
    fill(path, answer(row(0)), complete=True)
    fill(path, failure(changed), complete=True)
    assert path.read_bytes() == answer(row(0)) + failure(changed)
    fill(path, failure(changed), complete=True)
    assert path.read_bytes() == answer(row(0)) + twice(failure(changed))
    fill(path, answer(changed), complete=True)
    (record,) = [json.loads(line) for line in path.read_bytes().splitlines()]
    # The usage of all earlier records is counted.
    assert record["usage"] == {"prompt_tokens": 12, "completion_tokens": 16, "cost": "1"}


@pytest.mark.parametrize("resumed", [True, False])
def test_ordered_sorts_the_records_in_the_order_of_the_input(path: Path, *, resumed: bool) -> None:
    rows = [row(n, own_id=f"r{n}") for n in range(6)]
    if resumed:
        fill(path, answer(rows[4]), failure(rows[2]))
    fill(path, *(answer(rows[n]) for n in (3, 0, 5, 2, 1)), complete=True, ordered=True)
    expected = [answer(rows[n]) for n in (0, 1, 2, 3, *([4] if resumed else []), 5)]
    if resumed:
        expected[2] = twice(expected[2])
    assert path.read_bytes() == b"".join(expected)
    before = path.stat()
    fill(path, complete=True, ordered=True)
    assert path.stat().st_ino == before.st_ino  # already sorted, so not rewritten


def test_a_big_file_is_sorted(path: Path) -> None:
    records = [answer(row(n), "x" * 50_000) for n in range(20)]
    fill(path, *reversed(records), complete=True, ordered=True)
    assert path.read_bytes() == b"".join(records)


def test_an_output_that_cannot_be_renamed_is_unchanged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, answer(row(0)))

    def refuse(self: Path, name: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="cannot rename"):
        Journal.open(str(path), restart=True, note=silent)
    assert (path.read_bytes(), names(path.parent)) == (answer(row(0)), ["answers.jsonl"])


def test_a_record_without_its_newline_is_complete_and_gets_one(path: Path) -> None:
    write(path, answer(row(0)), answer(row(1))[:-1])
    journal = open_quietly(path)
    assert journal.has_answer(row(1))
    journal.append(answer(row(2)))
    journal.close()
    assert path.read_bytes() == answer(row(0)) + answer(row(1)) + answer(row(2))


def test_a_failed_compaction_loses_no_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = open_quietly(path)
    journal.append(answer(row(1)))
    journal.append(answer(row(0)))

    def full(*names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError) as caught:
        journal.compact(ordered=True)
    assert (caught.value.why, caught.value.code) == ("No space left on device", 74)
    assert "all answers are kept" in caught.value.hint
    journal.close()
    assert path.read_bytes() == answer(row(1)) + answer(row(0))
    assert names(path.parent) == ["answers.jsonl"]


def test_an_output_rewritten_by_another_tool_can_be_resumed(path: Path) -> None:
    record = json.loads(answer(row(0, own_id="é")))
    path.write_text(json.dumps(record, indent=None) + "\r\n", encoding="utf-8")
    journal = open_quietly(path)
    assert journal.has_answer(row(0, own_id="é"))
    journal.close()


@pytest.mark.parametrize(
    ("name", "file"), [("-", False), ("/dev/stdout", False), ("/proc/self/fd/1", False), ("/dev/null", False)]
)
def test_pipes_and_devices_cannot_be_resumed(name: str, *, file: bool) -> None:
    assert is_file(name) == file


def test_only_regular_files_and_new_names_can_be_resumed(path: Path) -> None:
    assert is_file(str(path))
    path.write_bytes(b"")
    assert is_file(str(path))
    assert not is_file(str(path.parent))


def test_a_stream_output_only_writes_and_has_no_earlier_records() -> None:
    written: list[bytes] = []
    sink = StreamOutput(written.append)
    sink.append(answer(row(0)))
    sink.add_failed(b"x")
    sink.compact(ordered=True)
    sink.close()
    sink.close()
    assert (written, sink.earlier.records, sink.stray_answers) == ([answer(row(0))], 0, 0)
