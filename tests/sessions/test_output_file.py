"""`-o FILE`: there when it is whole, kept as FILE.partial when it is not."""

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
from tests.support.server import FakeServer, answer, detail, token, whole

NBX = [sys.executable, "-m", "nebius_cli"]


def test_the_file_appears_whole_and_not_before(terminal: Open, server: FakeServer, tmp_path: Path) -> None:
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


def test_no_partial_file_is_left_beside_a_whole_one(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", str(tmp_path / "out.txt")).code == 0
    assert [path.name for path in tmp_path.glob("out*")] == ["out.txt"]


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=str)
def test_the_partial_file_of_an_earlier_run_stays_and_the_next_success_names_it(
    quiet: list[str], nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    server.script(gated(token("paid for")), answer("text"))
    assert nbx.process("complete", "x", "-o", str(target)).code == 8
    done = nbx.process("complete", "x", "-o", str(target), *quiet)
    note = f"nbx: {target}.partial still holds an incomplete answer of an earlier run\n"
    assert (done.code, done.err) == (0, "" if quiet else note)
    assert [(tmp_path / name).read_text() for name in ("out.txt", "out.txt.partial")] == [
        "text\n",
        "paid for\n",
    ]


def test_no_partial_file_replaces_another(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
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
def test_a_folder_that_is_not_there_is_reported_before_anything_is_sent(
    flag: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    done = nbx.process("complete", "x", flag, str(tmp_path / "no dir" / "out.svg"))
    assert (done.code, server.requests) == (74, [])
    assert done.err.endswith(f"\n  No such file or directory\n  mkdir -p '{tmp_path}/no dir'\n")


@pytest.mark.parametrize("args", [[], ["--json", "--stream"], ["--ndjson"]], ids=str)
def test_a_cut_answer_is_kept_beside_and_the_message_says_where(
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
def test_an_answer_whose_last_bytes_find_no_room_is_kept(
    args: list[str], nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    server.script(whole("x" * 1000))
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
def test_a_signal_keeps_what_came_and_says_where_in_one_line(
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


def test_a_signal_before_anything_came_leaves_nothing(
    terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    server.script([server.until_hung_up])
    screen = terminal("complete", "x", "-o", str(tmp_path / "out.txt"))
    screen.wait_for("waiting for the server")
    screen.type("\x03")
    assert screen.end() == 130
    assert screen.rows == ["nbx: stopped by Ctrl-C"]
    assert list(tmp_path.glob("out*")) == []


def test_a_failed_request_leaves_the_old_file_and_nothing_else(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    server.script(detail(404, "none"))
    assert nbx.process("complete", "x", "-o", str(target)).code == 3
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.glob("out*")] == ["out.txt"]


def test_a_link_is_followed_and_stays_a_link(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
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


def test_dev_null_is_written_to_and_not_replaced(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


def test_a_named_pipe_gets_the_text_and_stays_a_pipe(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
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


def test_a_named_pipe_whose_reader_leaves_ends_nbx_like_any_pipe(
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
def test_a_place_that_cannot_be_written_is_74_before_any_money_is_spent(
    where: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dir").mkdir()
    done = nbx.process("complete", "x", "-o", str(tmp_path / where))
    assert done.code == 74
    assert done.err.startswith(f"nbx: cannot write {tmp_path / where}\n")
    assert server.requests == []


def test_a_full_disk_is_74(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    done = nbx.process("complete", "x", "-o", "/dev/full")
    assert (done.code, done.out) == (74, "")
    assert done.err == "nbx: cannot write /dev/full\n  No space left on device\n"


def test_a_dash_is_stdout(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    assert nbx.process("complete", "x", "-o", "-").out == "text\n"


def test_json_goes_into_the_file_too(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(whole("text"))
    assert nbx.process("complete", "x", "--json", "-o", str(tmp_path / "out.json")).code == 0
    assert (tmp_path / "out.json").read_text().startswith('{"id"')
