"""Every failure gives one message, one exit code and no traceback."""

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nebius_cli import __version__
from nebius_cli.core.errors_and_exit_codes import (
    HungUp,
    Interrupted,
    OutputError,
    Quit,
    ReaderGone,
    Terminated,
)
from nebius_cli.main import main
from nebius_cli.system import system_errors
from nebius_cli.system.streams import Streams
from tests.support.run import Runner
from tests.support.screen import FakeTerminal


def run(*args: str, error: BaseException) -> tuple[int, str]:
    """Run with a stdout that fails; return the exit code and stderr."""

    def fail(data: bytes) -> None:
        raise error

    err = FakeTerminal()
    streams = Streams(io.BytesIO(), FakeTerminal(fail), err, environ={"NBX_CONFIG_DIR": "/nonexistent"})
    return int(main(args, streams)), err.text


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Interrupted(), 130, "nbx: stopped by Ctrl-C\n"),
        (KeyboardInterrupt(), 130, "nbx: stopped by Ctrl-C\n"),
        (Terminated(), 143, "nbx: stopped by SIGTERM\n"),
        (HungUp(), 129, "nbx: stopped by SIGHUP\n"),
        (Quit(), 131, "nbx: stopped by SIGQUIT\n"),
        (ReaderGone(), 141, ""),
        (OutputError("what", "why"), 74, "nbx: what\n  why\n"),
        (OSError(28, "full"), 74, "nbx: cannot write to stdout\n  full\n"),
        (BrokenPipeError(), 141, ""),
        (
            MemoryError(),
            78,
            "nbx: out of memory\n  the system has no more memory for nbx\n  send fewer requests at once\n",
        ),
        (RecursionError(), 65, "nbx: the input is nested too deeply\n  nbx accepts a few hundred levels\n"),
        (
            ImportError("x.so: cannot open shared object file: Too many open files", name="x"),
            78,
            "nbx: too many open files\n  the limit is reached\n  raise the limit with ulimit -n 4096\n",
        ),
        (
            ModuleNotFoundError("No module named 'x'", name="x"),
            78,
            "nbx: cannot import x\n  No module named 'x'\n  reinstall nbx with its extras\n",
        ),
        (
            RuntimeError("oops"),
            1,
            "nbx: a bug in nbx: RuntimeError; run with --debug and report the output\n",
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("args", [["--version"], ["complete", "x", "-m", "m", "--dry-run"]], ids=str)
def test_every_failure_has_its_exit_code_and_message(
    args: list[str], error: BaseException, code: int, said: str
) -> None:
    assert run(*args, error=error) == (code, said)


def test_debug_shows_the_traceback_of_a_bug() -> None:
    code, said = run("complete", "x", "-m", "m", "--dry-run", "--debug", error=RuntimeError("oops"))
    assert code == 1
    assert said.startswith("Traceback")
    assert "RuntimeError: oops" in said


@pytest.mark.parametrize("args", [["--version"], ["--version", "complete"], ["-q", "--version"]], ids=str)
def test_version_prints_one_line_whatever_other_arguments_are_given(args: list[str]) -> None:
    out = FakeTerminal()
    assert main(args, Streams(None, out, None)) == 0
    assert out.text == f"nbx {__version__}\n"


def test_main_with_given_streams_does_not_change_the_signal_handlers() -> None:
    before: list[Callable[..., object] | int | None] = [
        signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)
    ]
    main(["--version"], Streams(None, FakeTerminal(), None))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            OSError(24, "Too many open files", "f"),
            78,
            "too many open files: the limit is reached",
        ),
        (OSError(28, "No space left on device", b"/f"), 74, "cannot use /f: No space left on device"),
        (OSError(13, "Permission denied"), 78, "a system call failed: Permission denied"),
        (
            FileNotFoundError(2, "No such file or directory", 3),
            78,
            "a system call failed: No such file or directory",
        ),
    ],
    ids=repr,
)
def test_a_system_error_is_not_reported_as_a_bug(error: OSError, code: int, line: str) -> None:
    named = system_errors.from_exception(error)
    assert named is not None
    assert (named.code, named.line) == (code, line)


def test_other_exceptions_are_not_system_errors() -> None:
    assert [
        system_errors.from_exception(error) for error in (ValueError(), KeyError(), OSError("no number"))
    ] == [None] * 3


# Runs nbx in a process that can open only a few more files.
CROWDED = """
import os, resource, sys
import nebius_cli.commands.root
from nebius_cli.main import main
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for descriptor in held[: int(sys.argv[1])]:
    os.close(descriptor)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("left", ["0", "1", "3"])
@pytest.mark.parametrize(
    "command", ["complete x --retries 0", "config set model m", "bulk rows.txt -o out.jsonl"]
)
def test_a_process_that_cannot_open_more_files_reports_it(
    left: str, command: str, nbx: Runner, tmp_path: Path
) -> None:
    (tmp_path / "rows.txt").write_text("a\n")
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, left, *command.split()],
        env=nbx.process_env({"NEBIUS_BASE_URL": "http://127.0.0.1:1", "PYTHONPATH": str(Path.cwd())}),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode != 1, done.stderr
    assert b"bug" not in done.stderr
    assert left != "0" or (done.returncode, done.stdout) == (78, b"")
