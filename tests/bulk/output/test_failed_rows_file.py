"""The list of failed rows: replaced at the end of a run, and complete even if a run is killed."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from nebius_cli.bulk.output.append_records import LineFile
from nebius_cli.bulk.output.failed_rows_file import path_beside
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.record_format import failed_line
from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from tests.support.answers import FAILED, answer, failure, row
from tests.support.folder import names

BODY = b'{"prompt":"Say it"}'


class Run:
    """A run whose rows succeed or fail on demand."""

    def __init__(self, folder: Path, *, restart: bool = False) -> None:
        self.journal = Journal.open(str(folder / "a.jsonl"), restart=restart, note=lambda _: None)

    def fail(self, *numbers: int) -> "Run":
        for number in numbers:
            self.journal.append(failure(row(number, body=BODY)))
            self.journal.add_failed(failed_line(row(number, body=BODY), FAILED, {}))
        return self

    def answer(self, *numbers: int) -> "Run":
        for number in numbers:
            assert not self.journal.has_answer(row(number, body=BODY))
            self.journal.append(answer(row(number, body=BODY)))
        return self

    def end(self, *, complete: bool) -> None:
        if complete:
            self.journal.compact(ordered=False)
        self.journal.close()

    def kill(self) -> None:
        self.journal._release()


def listed(folder: Path) -> list[int] | None:
    path = folder / "a.failed.jsonl"
    if not path.exists():
        return None
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("a.jsonl", "a.failed.jsonl"),
        ("a", "a_failed.jsonl"),
        ("a.json", "a.json_failed.jsonl"),
        ("a.failed.jsonl", "a.failed.failed.jsonl"),
        ("run.1", "run.1_failed.jsonl"),
        (".jsonl", ".jsonl_failed.jsonl"),
        ("..jsonl", "..failed.jsonl"),
    ],
)
def test_the_list_is_written_beside_the_output(output: str, name: str) -> None:
    assert path_beside(Path("/x") / output) == Path("/x") / name


@pytest.mark.parametrize("output", ["x" * 249 + ".jsonl", "é" * 127])
def test_an_output_with_a_name_of_maximum_length_has_a_list(tmp_path: Path, output: str) -> None:
    for _ in range(2):
        journal = Journal.open(str(tmp_path / output), restart=True, note=lambda _: None)
        journal.append(failure(row(1, body=BODY)))
        journal.add_failed(failed_line(row(1, body=BODY), FAILED, {}))
        journal.close()
    failed = path_beside(tmp_path / output)
    assert json.loads(failed.read_bytes())["id"] == 1
    (old,) = set(names(tmp_path)) - {output, failed.name}
    assert old.endswith(".old")


def test_a_run_without_failures_has_no_list(tmp_path: Path) -> None:
    Run(tmp_path).fail(1).end(complete=True)
    Run(tmp_path).answer(1).end(complete=True)
    assert names(tmp_path) == ["a.jsonl"]


def test_a_complete_run_lists_its_failures(tmp_path: Path) -> None:
    Run(tmp_path).fail(1, 2, 3).end(complete=True)
    assert listed(tmp_path) == [1, 2, 3]
    Run(tmp_path).answer(1).fail(3).end(complete=True)
    assert listed(tmp_path) == [3]
    assert names(tmp_path) == ["a.failed.jsonl", "a.jsonl"]


def test_a_run_that_stops_early_keeps_the_listed_rows_that_it_did_not_send(tmp_path: Path) -> None:
    Run(tmp_path).fail(1, 2, 3, 4).end(complete=True)
    Run(tmp_path).answer(1).fail(7, 3).end(complete=False)
    assert listed(tmp_path) == [2, 4, 7, 3]
    Run(tmp_path).answer(2, 3, 4, 7).end(complete=False)
    assert listed(tmp_path) is None


def test_the_failures_of_a_killed_run_are_listed_by_the_next_one(tmp_path: Path) -> None:
    Run(tmp_path).fail(1, 2).end(complete=True)
    Run(tmp_path).fail(2, 3).kill()
    assert listed(tmp_path) == [1, 2]
    with (tmp_path / "a.failed.jsonl.new").open("ab") as file:
        file.write(b'{"id":9,"pro')
    Run(tmp_path).end(complete=False)
    assert listed(tmp_path) == [1, 2, 3]
    Run(tmp_path).fail(5).kill()
    Run(tmp_path).kill()
    assert listed(tmp_path) == [1, 2, 3, 5]
    assert names(tmp_path) == ["a.failed.jsonl", "a.jsonl"]


def test_a_row_that_has_an_answer_in_the_output_is_removed_from_the_list(tmp_path: Path) -> None:
    Run(tmp_path).fail(1, 2).end(complete=True)
    Run(tmp_path).answer(1).kill()
    run = Run(tmp_path)
    assert run.journal.has_answer(row(1, body=BODY))
    run.end(complete=False)
    assert listed(tmp_path) == [2]


def test_rows_answered_on_many_threads_at_once_are_all_removed_from_the_list(tmp_path: Path) -> None:
    count, threads = 1_500, 8
    Run(tmp_path).fail(*range(count)).end(complete=True)
    run = Run(tmp_path)
    together = threading.Barrier(threads)

    def answers(first: int) -> None:
        together.wait()
        run.answer(*range(first, count, threads))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        workers = [threading.Thread(target=answers, args=(first,)) for first in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(before)
    run.end(complete=False)
    assert listed(tmp_path) is None


def test_a_restart_that_stops_early_keeps_the_listed_rows_too(tmp_path: Path) -> None:
    Run(tmp_path).fail(1).end(complete=True)
    Run(tmp_path).fail(2).kill()
    Run(tmp_path, restart=True).fail(3).end(complete=False)
    assert listed(tmp_path) == [1, 2, 3]
    Run(tmp_path, restart=True).fail(3).end(complete=True)
    assert listed(tmp_path) == [3]


def test_the_list_can_be_the_input_of_the_run_that_replaces_it(tmp_path: Path) -> None:
    Run(tmp_path).fail(1, 2, 3).end(complete=True)
    run = Run(tmp_path)
    with (tmp_path / "a.failed.jsonl").open("rb") as rows:
        for line in rows:
            run.fail(json.loads(line)["id"])
    run.end(complete=True)
    assert listed(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"prompt":"x"}\n',
        b'{"id":1,"prompt":"x"}',
        b"my notes\n",
        b"my notes",
        b'{"id":null,"error":1}\n',
        b'{"id":1,"prompt":"x","error":null}\n',
        b'{"id":1,"prompt":"x","error":"mine"}\n',
        answer(row(1)),
        failure(row(1)),
    ],
)
def test_another_file_with_the_name_of_the_list_is_not_replaced(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.failed.jsonl"
    path.write_bytes(line)
    for restart in (True, False):
        with pytest.raises(UsageError, match="is not a list of failed rows"):
            Run(tmp_path, restart=restart)
    assert path.read_bytes() == line
    assert names(tmp_path) == ["a.failed.jsonl"]


def test_a_file_created_with_the_name_of_the_list_during_the_run_is_kept(tmp_path: Path) -> None:
    run, path = Run(tmp_path).fail(1), tmp_path / "a.failed.jsonl"
    path.write_bytes(answer(row(1)))
    with pytest.raises(UsageError, match="is not a list of failed rows"):
        run.end(complete=True)
    assert path.read_bytes() == answer(row(1))
    path.unlink()
    Run(tmp_path).end(complete=False)
    assert listed(tmp_path) == [1]


def test_the_output_of_a_run_must_not_be_the_failed_list_of_another(tmp_path: Path) -> None:
    Run(tmp_path).end(complete=True)
    run = Run(tmp_path)
    for name in ("a.failed.jsonl", "a.jsonl"):
        with pytest.raises(UsageError, match="another nbx bulk or nbx score is writing"):
            Journal.open(str(tmp_path / name), restart=False, note=lambda _: None)
    run.kill()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_with_the_name_of_the_list_is_refused_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.failed.jsonl")
    with pytest.raises(UsageError, match="cannot read"):
        Run(tmp_path)


def test_a_folder_with_the_name_of_the_list_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.failed.jsonl").mkdir()
    with pytest.raises(UsageError, match="cannot read"):
        Run(tmp_path)


@pytest.mark.parametrize("complete", [True, False])
def test_a_list_that_cannot_be_written_is_an_output_error_and_the_old_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, complete: bool
) -> None:
    Run(tmp_path).fail(1, 2).end(complete=True)
    run = Run(tmp_path).fail(2)

    def full(self: Path, *rest: object) -> None:
        raise OSError(28, "No space left on device")

    if complete:
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr(LineFile, "sync", lambda _: None)
    with pytest.raises(OutputError, match=r"cannot write .*failed") as caught:
        run.end(complete=complete)
    assert caught.value.why == "No space left on device"
    monkeypatch.undo()
    assert listed(tmp_path) == [1, 2]
    Run(tmp_path).end(complete=False)
    assert listed(tmp_path) == [1, 2]
