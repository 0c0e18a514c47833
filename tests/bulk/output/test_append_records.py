"""Records of many threads are written completely; a full disk leaves no partial record."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nebius_cli.bulk.output import append_records
from nebius_cli.bulk.output.append_records import Appender, LineFile
from nebius_cli.core.errors_and_exit_codes import OutputError
from tests.support.folder import disk_of


def test_records_of_many_threads_are_all_written_completely(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "x")
    records = Appender(file.write)

    def work(name: int) -> None:
        for number in range(500):
            records.add(b"%d-%d %s\n" % (name, number, b"x" * (number % 50)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records.flush()
    file.sync()
    file.close()
    lines = (tmp_path / "x").read_bytes().splitlines()
    expected = {b"%d-%d %s" % (name, n, b"x" * (n % 50)) for name in range(8) for n in range(500)}
    assert (len(lines), set(lines)) == (4000, expected)


class SlowWrite:
    """A thread whose write of a first record blocks until `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.written: list[bytes] = []
        self.records = Appender(self._write)
        self.thread = threading.Thread(target=self.records.add, args=(b"1",))
        self._writing = threading.Event()
        self.thread.start()
        assert self._writing.wait(30)

    def _write(self, data: bytes) -> None:
        self._writing.set()
        assert self.release.wait(30)
        self.written.append(data)


def test_a_thread_queues_its_record_for_the_writing_thread_and_continues() -> None:
    slow = SlowWrite()
    slow.records.add(b"2")
    slow.records.add(b"3")
    slow.release.set()
    slow.thread.join()
    assert slow.written == [b"1", b"23"]
    slow.records.flush()
    assert slow.written == [b"1", b"23"]


def test_threads_block_while_too_many_records_wait_for_a_slow_write() -> None:
    slow = SlowWrite()
    for _ in range(append_records.MAX_WAITING_PIECES - 1):
        slow.records.add(b"2")
    last = threading.Thread(target=slow.records.add, args=(b"3",))
    last.start()
    last.join(0.2)
    assert last.is_alive()
    slow.release.set()
    slow.thread.join()
    last.join()
    assert b"".join(slow.written) == b"1" + b"2" * (append_records.MAX_WAITING_PIECES - 1) + b"3"


def test_every_call_after_a_failed_write_raises_its_error(tmp_path: Path) -> None:
    with disk_of(1000):
        file = LineFile(tmp_path / "x")
        records = Appender(file.write)
        records.add(b"a" * 899 + b"\n")
        for piece in (b"b" * 200, b"c"):
            with pytest.raises(OutputError, match=r"cannot write .*x") as caught:
                records.add(piece)
            assert caught.value.why == "File too large"
        with pytest.raises(OutputError):
            records.flush()
        file.close()
        assert (tmp_path / "x").read_bytes() == b"a" * 899 + b"\n"


def test_a_record_written_partially_to_a_full_disk_is_removed(tmp_path: Path) -> None:
    with disk_of(1000):
        path = tmp_path / "x"
        path.write_bytes(b"before\n")
        file = LineFile(path)
        with pytest.raises(OutputError):
            file.write(b"x" * 2000 + b"\n")
        assert path.read_bytes() == b"before\n"
        file.write(b"after\n")
        assert path.read_bytes() == b"before\nafter\n"
        file.close()
        file.close()


def test_a_record_is_completed_after_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:3])))
    file = LineFile(tmp_path / "x")
    file.write(b"0123456789\n")
    assert (file.size, (tmp_path / "x").read_bytes()) == (11, b"0123456789\n")
    file.close()


def test_the_file_is_synced_after_the_sync_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    file = LineFile(tmp_path / "x")
    monkeypatch.setattr(os, "fsync", synced.append)
    records = Appender(file.write, file.sync_if_due)
    records.add(b"1\n")
    assert synced == []
    monkeypatch.setattr(append_records, "SYNC_INTERVAL_S", 0)
    records.add(b"2\n")
    assert len(synced) == 1
    file.close()


def test_records_are_written_while_a_slow_disk_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing, release = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        syncing.set()
        assert release.wait(30)

    file = LineFile(tmp_path / "x")
    monkeypatch.setattr(os, "fsync", slow)
    monkeypatch.setattr(append_records, "SYNC_INTERVAL_S", 0)
    records = Appender(file.write, file.sync_if_due)
    first = threading.Thread(target=records.add, args=(b"1\n",))
    first.start()
    assert syncing.wait(30)
    for _ in range(3 * append_records.MAX_WAITING_PIECES):
        records.add(b"2\n")
    assert (tmp_path / "x").read_bytes() == b"1\n" + b"2\n" * (3 * append_records.MAX_WAITING_PIECES)
    release.set()
    first.join()
    file.close()


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_records_are_written_on_a_file_system_that_cannot_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    file = LineFile(tmp_path / "x")
    file.write(b"1\n")
    file.sync()
    file.close()
    assert (tmp_path / "x").read_bytes() == b"1\n"


def test_the_folder_of_a_new_file_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[os.stat_result] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor)))
    for _ in range(2):
        file = LineFile(tmp_path / "x")
        file.write(b"1\n")
        file.close()
    (status,) = synced
    assert os.path.samestat(status, tmp_path.stat())


@pytest.mark.parametrize("name", ["no/x", "."])
def test_a_file_that_cannot_be_opened_is_an_output_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        LineFile(tmp_path / name)


def test_a_full_disk_leaves_only_complete_lines(tmp_path: Path) -> None:
    """Write to a new file system of 64 KiB, or to /dev/full if this process cannot mount one."""
    script = """
import sys
from pathlib import Path
from nebius_cli.bulk.output.append_records import LineFile
from nebius_cli.core.errors_and_exit_codes import OutputError
file = LineFile(Path(sys.argv[1]) / "x")
count = 0
try:
    while True:
        file.write(b"%05d %s\\n" % (count, b"x" * 700))
        count += 1
except OutputError as error:
    print(count, error.why)
lines = (Path(sys.argv[1]) / "x").read_bytes().split(b"\\n")
assert lines.pop() == b"" and [int(line[:5]) for line in lines] == list(range(count)), lines[-1]
"""
    mount = f'mount -t tmpfs -o size=64k none "{tmp_path}" && "$0" -c "$1" "{tmp_path}"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable, script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "unshare" in done.stderr or "mount" in done.stderr:
        script = script.replace('Path(sys.argv[1]) / "x"', 'Path("/dev/full")').partition("lines =")[0]
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    count, why = done.stdout.split(" ", 1)
    assert why == "No space left on device\n"
    assert int(count) in (0, *range(80, 93))
