"""The same commands in worlds that are not as they should be: each does there what it does anywhere."""

import io
import subprocess
import sys
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import pytest

from nebius_cli.adapters.streams import Streams
from nebius_cli.main import main
from tests.support.factory import IDS, model_list
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, answer

NBX = [sys.executable, "-m", "nebius_cli"]
# More open files than select() can tell apart, before nbx begins.
CROWDED = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))
crowd = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
from nebius_cli.__main__ import start
sys.exit(start())
"""

COMMANDS: dict[str, tuple[list[str], list[Reply]]] = {
    "complete": (["complete", "x"], [answer("é日本😀", "\n")]),
    "models": (["models", "--refresh"], [model_list()]),
    "models show": (["models", "show", IDS[0], "--refresh"], [model_list()]),
    "config list": (["config", "list"], []),
    "auth status": (["auth", "status"], []),
    "local list": (["local", "list"], []),
    "a wrong word": (["complte"], []),
}
CLOSED = ["".join(which) for which in product(("", "<&- "), ("", ">&- "), ("", "2>&-"))][1:]
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


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
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest) -> str:
    """Each command in turn."""
    return str(request.param)


@pytest.fixture
def usual(name: str, nbx: Runner, server: FakeServer) -> Ended:
    """What a command does where all is as it should be."""
    return sh('"$@"', name, nbx, server)


def test_any_closed_streams_change_nothing_but_what_they_would_have_carried(
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
            assert ended.err.startswith(b"nbx: cannot write the answer\n"), closed
            assert len(ended.err.splitlines()) <= 3, closed
        else:
            assert ended.err == usual.err, closed


def test_a_full_disk_is_told_and_a_full_stderr_loses_nothing(
    name: str, usual: Ended, nbx: Runner, server: FakeServer
) -> None:
    full = sh('"$@" >/dev/full', name, nbx, server)
    if usual.out:
        said = b"nbx: cannot write the answer to stdout\n  No space left on device\n"
        assert full == (74, b"", said)
    else:
        assert full == usual
    assert sh('"$@" 2>/dev/full', name, nbx, server) == usual._replace(err=b"")


@pytest.mark.parametrize(
    ("script", "env"),
    [
        ('"$@"', {"HOME": "-"}),
        ('"$@"', {"HOME": "/dev/null"}),
        ('"$@"', ASCII),
        ('"$@"', {"LANG": "C", "LC_ALL": "-", "PYTHONIOENCODING": "-"}),
        ('mkdir gone && cd gone && rmdir "$PWD" && "$@"', {}),
        ('ulimit -c 0; umask 777; "$@"', {}),
        ('exec 9<&0; "$@" 9<&-', {}),
    ],
    ids=["no HOME", "a HOME that is none", "ASCII", "LANG=C", "no directory", "no rights", "a gap"],
)
def test_a_strange_environment_changes_nothing(
    script: str,
    env: Mapping[str, str],
    name: str,
    usual: Ended,
    nbx: Runner,
    server: FakeServer,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    assert sh(script, name, nbx, server, env=env) == usual


def test_a_thousand_open_files_change_nothing(
    name: str, usual: Ended, nbx: Runner, server: FakeServer
) -> None:
    assert sh('"$@"', name, nbx, server, program=[sys.executable, "-c", CROWDED]) == usual


@pytest.mark.parametrize("args", [["complete", "x", "--dry-run"], ["models", "--refresh"], ["local", "list"]])
def test_a_home_that_cannot_be_written_is_a_warning_at_most(
    args: list[str], nbx: Runner, server: FakeServer
) -> None:
    # Nobody, root neither, can make a directory below /proc.
    del nbx.environ["NBX_CONFIG_DIR"], nbx.environ["NBX_CACHE_DIR"]
    server.replies[:] = [model_list()] if args[0] == "models" else []
    done = nbx.process(*args, env={"HOME": "/proc"})
    assert (done.code, bool(done.out)) == (0, True)
    warning = "nbx: warning: the list cannot be kept: No such file or directory\n"
    assert done.err == (warning if args[0] == "models" else "")


@pytest.mark.parametrize(
    "args", [["config", "set", "model", "m"], ["auth", "login", "--with-token"]], ids=str
)
def test_what_must_be_written_into_a_home_that_cannot_be_is_an_error(args: list[str], nbx: Runner) -> None:
    del nbx.environ["NBX_CONFIG_DIR"]
    done = nbx.process(*args, stdin=b"another-key", env={"HOME": "/proc"})
    assert (done.code, done.out) == (78, "")
    assert done.err.startswith("nbx: cannot write /proc/.config/nbx/config.toml\n")


def test_a_clock_that_jumps_back_makes_no_list_older_than_it_is(nbx: Runner, server: FakeServer) -> None:
    def at(now: float) -> tuple[int, bytes, str]:
        out, err = io.BytesIO(), io.BytesIO()
        streams = Streams(None, out, err, environ=nbx.environ, now=lambda: now)
        return main(["models", "list"], streams), out.getvalue(), err.getvalue().decode()

    server.script(model_list(), model_list())
    code, listed, _ = at(2e9)
    assert code == 0
    assert at(2e9 + 7200)[2].startswith("nbx: this is the list of 2 h ago")
    assert at(1e9) == (0, listed, "")  # a list of the future is asked for again
    assert at(1e9 + 7200)[1] == listed
    assert len(server.requests) == 2


def test_a_path_that_is_no_text_comes_out_byte_by_byte(nbx: Runner, server: FakeServer) -> None:
    env = {**nbx.process_env(), "NBX_CONFIG_DIR": "/tmp/\udcff"}
    done = subprocess.run([*NBX, "config", "path"], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"/tmp/\xff/config.toml\n", b"")
