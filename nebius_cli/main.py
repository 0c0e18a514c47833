"""Runs one command line and returns its exit code; only this module reports errors that end a run."""

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from nebius_cli import __version__
from nebius_cli.core.errors_and_exit_codes import (
    ExitCode,
    Interrupted,
    NbxError,
    ReaderGone,
    Stopped,
    UsageError,
)
from nebius_cli.system import system_errors
from nebius_cli.system.raise_on_signals import raise_on_signals, restore_signals, signal_before
from nebius_cli.system.streams import Streams, TextWriter
from nebius_cli.terminal import messages
from nebius_cli.terminal.color_support import use_color


class Invocation:
    """The streams and shared flags of a run while its command line is parsed."""

    def __init__(self, streams: Streams, argv: tuple[str, ...]) -> None:
        self.streams = streams
        self._argv = argv
        self._root: dict[str, Any] = {}
        self.debug = False
        self.color = "auto"

    def remember(self, flags: dict[str, Any]) -> None:
        """Keep the shared flags given before the command. Raises UsageError for an invalid --color."""
        self._root = flags
        self.debug = bool(flags.get("debug"))
        color = flags.get("color") or "auto"
        if color not in ("auto", "always", "never"):
            raise UsageError(f"--color {color}", "must be auto, always or never")
        self.color = color

    def app(self, flags: dict[str, Any]) -> Any:
        """Return the App; a shared flag after the command overrides the same one before it."""
        from nebius_cli.actions.app import App, SharedFlags

        merged = {name: flags.get(name) or self._root.get(name) for name in {*flags, *self._root}}
        self.remember(merged)
        for loud in ("verbose", "debug"):
            if merged.get("quiet") and merged.get(loud):
                raise UsageError(f"--quiet and --{loud} cannot be used together", "", "keep one of them")
        shared = SharedFlags(**{name: value for name, value in merged.items() if value})
        return App(self.streams, shared, self._argv)

    def version(self) -> None:
        """Print the version."""
        self.streams.write_out(f"nbx {__version__}\n".encode())


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run one command line; return its exit code. Defaults to this process's arguments and streams."""
    whole_process = streams is None
    if streams is None:
        streams = Streams.system()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if whole_process:
            raise_on_signals()
        code = _run_and_report(words, Invocation(streams, tuple(words)))
        if whole_process:
            restore_signals()  # all work is done: let a signal end the process
    except Stopped as stop:
        messages.stopped(stop.by, stop, streams)
        return stop.code
    except KeyboardInterrupt as stop:
        messages.stopped(Interrupted.by, stop, streams)
        return ExitCode.INTERRUPTED
    return code


def _run_and_report(args: list[str], invocation: Invocation) -> int:
    """Run a command line; report errors and return the exit code. Signals are handled by the caller."""
    streams = invocation.streams
    try:
        return _run(args, invocation)
    except NbxError as error:
        if (stop := signal_before(error)) is not None:  # after SIGHUP, writing to the terminal fails too
            raise stop from None
        return _report(error, invocation)
    except ReaderGone:
        return ExitCode.READER_GONE
    except Exception as error:  # noqa: BLE001 - the last resort: any other error is a bug
        if invocation.debug:
            import traceback

            streams.write_err(traceback.format_exc())
        if (named := system_errors.from_exception(error)) is not None:
            return _report(named, invocation)
        streams.write_err(
            f"nbx: a bug in nbx: {type(error).__name__}; run with --debug and report the output\n"
        )
        return ExitCode.BUG


def _report(error: NbxError, invocation: Invocation) -> int:
    streams = invocation.streams
    color = use_color(streams, invocation.color, tty=streams.stderr_tty)
    messages.report(error, streams, color=color)
    return error.code


def _run(args: list[str], invocation: Invocation) -> int:
    from nebius_cli.commands.root import run

    streams = invocation.streams
    # Typer prints help itself; redirect it to our stream, so that write errors are noticed.
    # Ignore FORCE_COLOR in a pipe: help that a program reads must not depend on the environment.
    stdout: Any = TextWriter(
        streams.write_out,
        lambda: (
            invocation.color == "always"
            or (streams.stdout_tty and use_color(streams, invocation.color, tty=True))
        ),
    )
    with contextlib.redirect_stdout(stdout):
        return run(args, invocation, streams.width)
