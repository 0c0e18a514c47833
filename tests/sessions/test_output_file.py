"""`-o FILE`: the file appears when the answer is complete; an incomplete one is kept as FILE.partial."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated, one_answer
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, detail, json_answer, token

NBX = [sys.executable, "-m", "nebius_cli"]


def test_the_file_appears_only_with_a_complete_answer(
    terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    gate = Gate()
    server.script(one_answer("first ", gate, "second \x1b[31m"))
    screen = terminal("complete", "x", "-o", str(target))
    assert screen.wait_for("writing the file")
    gate.reached()
    assert not target.exists()
    gate.open()
    assert screen.end() == 0
    assert target.read_bytes() == b"first second \x1b[31m\n"
    assert "second" not in str(screen)
    assert screen.rows[0].startswith("── m ──"), "the usage table is on the terminal all the same"


def test_a_complete_answer_leaves_no_partial_file(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", str(tmp_path / "out.txt")).code == 0
    assert [path.name for path in tmp_path.glob("out*")] == ["out.txt"]


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=str)
def test_a_later_success_keeps_and_names_the_partial_file_of_an_earlier_run(
    quiet: list[str], nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    server.script(gated(token("paid for")), answer("text"))
    assert nbx.process("complete", "x", "-o", str(target)).code == 8
    done = nbx.process("complete", "x", "-o", str(target), *quiet)
    note = f"nbx: {target}.partial still contains an incomplete answer from an earlier run\n"
    assert (done.code, done.err) == (0, "" if quiet else note)
    assert [(tmp_path / name).read_text() for name in ("out.txt", "out.txt.partial")] == [
        "text\n",
        "paid for\n",
    ]


def test_a_partial_file_does_not_replace_another_one(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    for text in ("one", "two", "three"):
        server.script(gated(token(text)))
        assert nbx.process("complete", "x", "-o", str(target)).code == 8
    kept = {path.name: path.read_text() for path in tmp_path.glob("out*")}
    assert kept == {
        "out.txt.partial.1": "one\n",
        "out.txt.partial.2": "two\n",
        "out.txt.partial": "three\n",
    }


@pytest.mark.parametrize("flag", ["-o", "--export"])
def test_a_missing_folder_is_reported_before_anything_is_sent(
    flag: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    done = nbx.process("complete", "x", flag, str(tmp_path / "no dir" / "out.svg"))
    assert (done.code, server.requests) == (74, [])
    assert done.err.endswith(f"\n  No such file or directory\n  mkdir -p '{tmp_path}/no dir'\n")


@pytest.mark.parametrize("args", [[], ["--json", "--stream"], ["--ndjson"]], ids=str)
def test_an_incomplete_answer_is_kept_in_a_partial_file_that_the_message_names(
    args: list[str], nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    server.script(gated(token("half")))
    done = nbx.process("complete", "x", "-o", str(target), *args)
    assert (done.code, done.out) == (8, "")
    assert target.read_text() == "old"
    assert "half" in (tmp_path / "out.txt.partial").read_text()
    assert f"the answer received so far is in {target}.partial" in done.err
    assert len(done.err.splitlines()) <= 3


@pytest.mark.parametrize("args", [[], ["--json"]], ids=str)
def test_an_answer_is_kept_if_its_last_bytes_cannot_be_written(
    args: list[str], nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    server.script(json_answer("x" * 1000))
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
    script = f"{limit} from nebius_cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "complete", "x", "--no-stream", "--no-ledger", "-o"]
    done = subprocess.run(
        [*command, str(target), *args], check=False, env=nbx.process_env(), capture_output=True, text=True
    )
    assert done.returncode == 74
    assert f"the answer received so far is in {target}.partial" in done.stderr
    assert (tmp_path / "out.txt.partial").stat().st_size == 1000
    assert not target.exists()


@pytest.mark.parametrize(
    ("number", "code", "by"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")]
)
def test_a_signal_keeps_the_text_received_and_names_its_file_in_one_line(
    number: signal.Signals, code: int, by: str, terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    server.script(gated(token("half"), server.until_hung_up))
    screen = terminal("complete", "x", "-o", str(target), columns=300)
    screen.wait_for("writing the file")
    screen.kill(number)
    assert screen.end() == code
    assert screen.rows == [f"nbx: stopped by {by}; the answer received so far is in {target}.partial"]
    assert not target.exists()
    assert (tmp_path / "out.txt.partial").read_text() == "half\n"
    assert server.hung_up.wait(30)


def test_a_signal_before_any_text_is_received_leaves_no_file(
    terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    server.script([server.until_hung_up])
    screen = terminal("complete", "x", "-o", str(tmp_path / "out.txt"))
    screen.wait_for("waiting for the server")
    screen.type("\x03")
    assert screen.end() == 130
    assert screen.rows == ["nbx: stopped by Ctrl-C"]
    assert list(tmp_path.glob("out*")) == []


def test_a_failed_request_leaves_the_old_file_unchanged_and_no_other_file(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    server.script(detail(404, "none"))
    assert nbx.process("complete", "x", "-o", str(target)).code == 3
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.glob("out*")] == ["out.txt"]


def test_a_symlink_is_followed_and_not_replaced(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "file", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    server.script(answer("new"))
    assert nbx.process("complete", "x", "-o", str(link)).code == 0
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert target.stat().st_mode & 0o777 == 0o640


def test_dev_null_is_not_replaced_by_a_file(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


def test_text_is_written_to_a_named_pipe(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", str(pipe)).code == 0
    reader.join(30)
    assert got == ["text\n"]
    assert pipe.is_fifo()


def test_nbx_exits_with_141_when_the_reader_of_a_named_pipe_exits(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    gate = Gate()
    server.script(gated(token("a"), gate, *(token("more") for _ in range(20)), server.until_hung_up))
    process = subprocess.Popen(
        [*NBX, "complete", "x", "-o", str(pipe)], stderr=subprocess.PIPE, env=nbx.process_env()
    )
    with pipe.open("rb", buffering=0) as reader:
        assert reader.read(1) == b"a"
    gate.open()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, b"")
    assert server.hung_up.wait(30)


@pytest.mark.parametrize("where", ["missing/out.txt", "file/out.txt", "dir"])
def test_a_path_that_cannot_be_written_exits_with_74_before_a_request_is_sent(
    where: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dir").mkdir()
    done = nbx.process("complete", "x", "-o", str(tmp_path / where))
    assert done.code == 74
    assert done.err.startswith(f"nbx: cannot write {tmp_path / where}\n")
    assert server.requests == []


def test_a_full_disk_exits_with_74(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    done = nbx.process("complete", "x", "-o", "/dev/full")
    assert (done.code, done.out) == (74, "")
    assert done.err == "nbx: cannot write /dev/full\n  No space left on device\n"


def test_a_dash_means_stdout(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", "-").out == "text\n"


def test_json_is_also_written_to_the_file(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(json_answer("text"))
    assert nbx.process("complete", "x", "--json", "-o", str(tmp_path / "out.json")).code == 0
    assert (tmp_path / "out.json").read_text().startswith('{"id"')
