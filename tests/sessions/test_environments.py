"""Commands in unusual environments (closed streams, full disk, no home) behave as in a normal one."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from nebius_cli.local.weights import DEFAULT_MODEL
from nebius_cli.main import main
from nebius_cli.system.streams import Streams
from tests.support.echo import Pair, choice, echoed
from tests.support.factory import model_list
from tests.support.ledger import entry, keep, text
from tests.support.logprobs import frame
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, answer, json_answer

NBX = [sys.executable, "-m", "nebius_cli"]
# Opens more files than select() can handle before nbx starts.
CROWDED = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))
crowd = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
from nebius_cli.__main__ import start
sys.exit(start())
"""

TEXT = "é日本😀"
ECHO: list[Pair] = [("é", None), ("日本", -4.0), ("😀", -0.5)]
COMMANDS: dict[str, tuple[list[str], list[Reply]]] = {
    "complete": (["complete", "x"], [answer(TEXT, "\n")]),
    "models": (["models", "--refresh"], [model_list()]),
    "config list": (["config", "list"], []),
    "bulk": (["bulk", "FOLDER/rows.jsonl", "-q"], [json_answer(TEXT)]),
    "score": (["score", "é日本", "--tokens"], [echoed(choice(TEXT, ECHO))]),
    "view": (["view", "FOLDER/answer.json"], []),
    "history": (["history", "show", "1"], []),
    "a wrong word": (["complte"], []),
}
CANNOT = (
    b"nbx: cannot write to stdout\n",
    b"nbx: cannot write the answer\n",
    b"nbx: cannot write the view\n",
)
CLOSED = ["".join(which) for which in product(("", "<&- "), ("", ">&- "), ("", "2>&-"))][1:]
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


WORLDS: dict[str, tuple[str, Mapping[str, str]]] = {
    "no HOME": ('"$@"', {"HOME": "-"}),
    "an invalid HOME": ('"$@"', {"HOME": "/dev/null"}),
    "ASCII": ('"$@"', ASCII),
    "LANG=C": ('"$@"', {"LANG": "C", "LC_ALL": "-", "PYTHONIOENCODING": "-"}),
    "no directory": ('mkdir gone && cd gone && rmdir "$PWD" && "$@"', {}),
    "no rights": ('ulimit -c 0; umask 777; "$@"', {}),
    "a gap": ('exec 9<&0; "$@" 9<&-', {}),
}


# Exit codes if the home directory cannot contain files; a warning may be printed as well.
AT_HOME = {
    "complete x": 0,
    "bulk - --format text -q": 0,
    "score x": 3,
    "models": 6,
    "usage": 0,
    "usage export": 0,
    "history list": 0,
    "history rm 1": 2,
    "history prune --older-than 1d": 0,
    "local list": 0,
    f"local rm {DEFAULT_MODEL.name}": 2,
    "local pull": 74,
    "completion install fish": 74,
    "completion uninstall zsh": 0,
    "auth status": 0,
    "auth login --with-token": 78,
    "profile list": 0,
    "profile add w n=1": 78,
    "config edit": 78,
    "config set n 1": 78,
    "doctor": 6,
}


class Ended(NamedTuple):
    code: int
    out: bytes
    err: bytes


def sh(
    script: str,
    name: str,
    nbx: Runner,
    server: FakeServer,
    *,
    env: Mapping[str, str] | None = None,
    program: list[str] = NBX,
) -> Ended:
    """Run a shell script in which "$@" is nbx with one of the commands."""
    args, replies = COMMANDS[name]
    args = [arg.replace("FOLDER", folder_of(nbx)) for arg in args]
    server.replies[:] = replies
    environ = {variable: value for variable, value in nbx.process_env(env).items() if value != "-"}
    done = subprocess.run(
        ["sh", "-c", script, "sh", *program, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        timeout=60,
        check=False,
    )
    server.replies.clear()
    # Only the latency differs from run to run.
    return Ended(done.returncode, re.sub(rb'("latency_s":)[\d.]+', rb"\1", done.stdout), done.stderr)


def folder_of(nbx: Runner) -> str:
    """Return the folder with the files of a test."""
    return str(Path(nbx.environ["NBX_DATA_DIR"]).parent)


@pytest.fixture(autouse=True)
def files(nbx: Runner) -> None:
    """Write what the commands read: rows, an answer, a request in the ledger."""
    folder = Path(folder_of(nbx))
    (folder / "rows.jsonl").write_text(json.dumps(TEXT) + "\n")
    (folder / "answer.json").write_text(json.dumps(frame((TEXT, 0.5, {"é": 0.25}), reason="stop")))
    keep(nbx, entry(1e9, "é/日本", text=text(TEXT, TEXT)))


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest) -> str:
    """Each command in turn."""
    return str(request.param)


@pytest.fixture
def usual(name: str, nbx: Runner, server: FakeServer) -> Ended:
    """The result of a command in a normal environment."""
    return sh('"$@"', name, nbx, server)


def test_closed_streams_affect_only_the_output_written_to_them(
    name: str, usual: Ended, nbx: Runner, server: FakeServer
) -> None:
    for closed in CLOSED:
        ended = sh(f'"$@" {closed}', name, nbx, server)
        out, err = ">&- " in closed, "2>&-" in closed
        assert ended.code == (74 if out and usual.out else usual.code), (closed, ended)
        assert ended.out == (b"" if out else usual.out), closed
        if err:
            assert ended.err == b"", closed
        elif out and usual.out:
            assert ended.err.startswith(CANNOT), closed
            assert len(ended.err.splitlines()) <= 3, closed
        else:
            assert ended.err == usual.err, closed


def test_a_full_disk_is_reported_and_a_full_stderr_loses_no_output(
    name: str, usual: Ended, nbx: Runner, server: FakeServer
) -> None:
    full = sh('"$@" >/dev/full', name, nbx, server)
    if usual.out:
        said = b"nbx: cannot write to stdout\n  No space left on device\n"
        assert full == (74, b"", said)
    else:
        assert full == usual
    assert sh('"$@" 2>/dev/full', name, nbx, server) == usual._replace(err=b"")


def test_an_unusual_environment_does_not_change_the_output(
    name: str, usual: Ended, nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for world, (script, env) in WORLDS.items():
        assert sh(script, name, nbx, server, env=env) == usual, world


def test_a_thousand_open_files_do_not_change_the_output(
    name: str, usual: Ended, nbx: Runner, server: FakeServer
) -> None:
    assert sh('"$@"', name, nbx, server, program=[sys.executable, "-c", CROWDED]) == usual


@pytest.mark.parametrize("args", [["complete", "x", "--dry-run"], ["models", "--refresh"], ["local", "list"]])
def test_a_read_only_home_causes_at_most_a_warning(args: list[str], nbx: Runner, server: FakeServer) -> None:
    # Not even root can make a directory below /proc.
    del nbx.environ["NBX_CONFIG_DIR"], nbx.environ["NBX_CACHE_DIR"]
    server.replies[:] = [model_list()] if args[0] == "models" else []
    done = nbx.process(*args, env={"HOME": "/proc"})
    assert (done.code, bool(done.out)) == (0, True)
    reported = {
        "models": "nbx: warning: cannot cache the list: No such file or directory\n",
        "local": "nbx: downloaded models are stored in /proc/.cache/nbx/weights\n",
    }
    assert done.err == reported.get(args[0], "")


@pytest.mark.parametrize(
    "args", [["config", "set", "model", "m"], ["auth", "login", "--no-verify", "--with-token"]], ids=str
)
def test_a_command_that_must_write_to_a_read_only_home_fails(args: list[str], nbx: Runner) -> None:
    del nbx.environ["NBX_CONFIG_DIR"]
    done = nbx.process(*args, stdin=b"another-key", env={"HOME": "/proc"})
    assert (done.code, done.out) == (78, "")
    assert done.err.startswith("nbx: cannot write /proc/.config/nbx/config.toml\n")


def test_a_clock_that_jumps_back_does_not_make_a_list_look_old(nbx: Runner, server: FakeServer) -> None:
    def at(now: float) -> tuple[int, bytes, str]:
        out, err = io.BytesIO(), io.BytesIO()
        streams = Streams(None, out, err, environ=nbx.environ, now=lambda: now)
        return main(["models", "list"], streams), out.getvalue(), err.getvalue().decode()

    server.script(model_list(), model_list())
    code, listed, _ = at(2e9)
    assert code == 0
    assert at(2e9 + 7200)[2].startswith("nbx: this list is 2 h old")
    assert at(1e9) == (0, listed, "")  # a list with a time in the future is fetched again
    assert at(1e9 + 7200)[1] == listed
    assert len(server.requests) == 2


def test_a_path_that_is_not_valid_utf8_is_printed_byte_for_byte(nbx: Runner, server: FakeServer) -> None:
    env = {**nbx.process_env(), "NBX_CONFIG_DIR": "/tmp/\udcff"}
    done = subprocess.run([*NBX, "config", "path"], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"/tmp/\xff/config.toml\n", b"")


@pytest.mark.parametrize("home", ["/proc", "/dev/null", "TOO_LONG", "LOOP"])
def test_an_unusable_home_gives_a_message_and_an_exit_code(
    home: str, nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("CONFIG", "CACHE", "DATA"):
        del nbx.environ[f"NBX_{kind}_DIR"]
    (tmp_path / "loop").symlink_to("loop")
    path = {"TOO_LONG": "/" + "x" * 300, "LOOP": str(tmp_path / "loop")}.get(home, home)
    monkeypatch.setenv("HOME", path)
    others = {"TOO_LONG": {74, 78}, "LOOP": {74, 78}}.get(home, set())
    for args, code in AT_HOME.items():
        server.replies[:] = [json_answer(TEXT)]
        done = nbx(*args.split(), stdin=b"key", env={"HOME": path, "EDITOR": "true"})
        server.replies.clear()
        unread = {78} if args.startswith("completion") else set()
        assert done.code in {code, *unread, *others}, (args, done)
        check_message(done.err.replace(path, ""))
