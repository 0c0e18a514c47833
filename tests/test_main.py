"""What becomes of a failure: one message, one exit code, no traceback."""

import io
import signal
from collections.abc import Callable

import pytest

from nebius_cli import __version__
from nebius_cli.core.errors import Interrupted, OutputError, ReaderGone, Terminated
from nebius_cli.main import main
from nebius_cli.system.streams import Streams


class Trap(io.RawIOBase):
    """A stdout that raises when it is written to."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def write(self, data: object) -> int:
        """Raise."""
        del data
        raise self.error


class Glass(io.RawIOBase):
    """What was written."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def write(self, data: object) -> int:
        """Take all of it."""
        taken = bytes(data)  # type: ignore[call-overload]
        self.data += taken
        return len(taken)


def run(*args: str, error: BaseException) -> tuple[int, str]:
    """Run with a stdout that fails; return the exit code and stderr."""
    err = Glass()
    streams = Streams(io.BytesIO(), Trap(error), err, environ={"NBX_CONFIG_DIR": "/nonexistent"})
    return int(main(args, streams)), err.data.decode()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Interrupted(), 130, "nbx: stopped by Ctrl-C\n"),
        (KeyboardInterrupt(), 130, "nbx: stopped by Ctrl-C\n"),
        (Terminated(), 143, "nbx: stopped by SIGTERM\n"),
        (ReaderGone(), 141, ""),
        (OutputError("what", "why"), 74, "nbx: what\n  why\n"),
        (OSError(28, "full"), 74, "nbx: cannot write the answer to stdout\n  full\n"),
        (BrokenPipeError(), 141, ""),
        (
            RuntimeError("oops"),
            1,
            "nbx: a bug in nbx: RuntimeError; run with --debug and report what it says\n",
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("args", [["--version"], ["complete", "x", "-m", "m", "--dry-run"]], ids=str)
def test_every_failure_has_its_code_and_its_words(
    args: list[str], error: BaseException, code: int, said: str
) -> None:
    assert run(*args, error=error) == (code, said)


def test_a_bug_has_a_traceback_with_debug() -> None:
    code, said = run("complete", "x", "-m", "m", "--dry-run", "--debug", error=RuntimeError("oops"))
    assert code == 1
    assert said.startswith("Traceback")
    assert "RuntimeError: oops" in said


def test_the_version_is_one_line() -> None:
    out = Glass()
    assert main(["--version"], Streams(None, out, None)) == 0
    assert out.data.decode() == f"nbx {__version__}\n"


@pytest.mark.parametrize("args", [["--version", "complete"], ["-q", "--version"]], ids=str)
def test_the_version_beside_other_words_is_the_same(args: list[str]) -> None:
    out = Glass()
    assert main(args, Streams(None, out, None)) == 0
    assert out.data.decode() == f"nbx {__version__}\n"


def test_streams_that_are_handed_in_leave_the_signals_of_the_process_alone() -> None:
    before: list[Callable[..., object] | int | None] = [
        signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)
    ]
    main(["--version"], Streams(None, Glass(), None))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
