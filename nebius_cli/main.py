"""argv and streams → exit code. The only place where a failure becomes a message and a code."""

import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from nebius_cli import __version__
from nebius_cli.core.errors import ExitCode, Interrupted, NbxError, ReaderGone, Terminated, UsageError
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.capabilities import draws, use_color

MIN_PANEL_COLUMNS = 72  # columns; in less, the panels of the help cut the names of flags


class Invocation:
    """What is known of this run before and while its command is parsed."""

    def __init__(self, streams: Streams, argv: tuple[str, ...]) -> None:
        self.streams = streams
        self._argv = argv
        self._root: dict[str, Any] = {}
        self.debug = False
        self.color = "auto"

    def remember(self, flags: dict[str, Any]) -> None:
        """Keep the shared flags that stood before the command."""
        self._root = flags
        self.debug = bool(flags.get("debug"))
        color = flags.get("color") or "auto"
        if color not in ("auto", "always", "never"):
            raise UsageError(f"--color {color}", "it takes auto, always or never")
        self.color = color

    def app(self, flags: dict[str, Any]) -> Any:
        """Return the App; a shared flag after the command beats the same one before it."""
        from nebius_cli.actions.app import App, SharedFlags

        merged = {name: flags.get(name) or self._root.get(name) for name in {*flags, *self._root}}
        self.remember(merged)
        shared = SharedFlags(**{name: value for name, value in merged.items() if value})
        return App(self.streams, shared, self._argv)

    def version(self) -> None:
        """Print the version."""
        self.streams.write_out(f"nbx {__version__}\n".encode())


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run one command line; return its exit code. Without arguments: this process's own."""
    whole_process = streams is None
    if streams is None:
        streams = Streams.system()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if whole_process:
            _raise_on_signal(signal.SIGINT, Interrupted)
            _raise_on_signal(signal.SIGTERM, Terminated)
        code = _run_and_report(words, Invocation(streams, tuple(words)))
        if whole_process:
            _restore_signals()  # nothing is left to keep or to tell: a signal ends the process
    except (Interrupted, KeyboardInterrupt) as stop:
        messages.stopped("Ctrl-C", stop, streams)
        return ExitCode.INTERRUPTED
    except Terminated as stop:
        messages.stopped("SIGTERM", stop, streams)
        return ExitCode.TERMINATED
    return code


def _run_and_report(args: list[str], invocation: Invocation) -> int:
    """Run a command line; return its exit code. A signal is not handled here, but may arrive here as well."""
    streams = invocation.streams
    try:
        return _run(args, invocation)
    except NbxError as error:
        color = use_color(streams, invocation.color, tty=streams.stderr_tty)
        messages.report(error, streams, color=color)
        return error.code
    except ReaderGone:
        return ExitCode.READER_GONE
    except Exception as error:  # noqa: BLE001 - the last line: a bug is told as one, never as a traceback
        if invocation.debug:
            import traceback

            streams.write_err(traceback.format_exc())
        streams.write_err(
            f"nbx: a bug in nbx: {type(error).__name__}; run with --debug and report what it says\n"
        )
        return ExitCode.BUG


def _run(args: list[str], invocation: Invocation) -> int:
    if args == ["--version"]:  # asked for often, by scripts; it needs no command tree
        invocation.version()
        return ExitCode.DONE
    from nebius_cli.commands.root import run

    streams = invocation.streams
    # Typer prints help by itself: through our stdout, so that a full disk or a closed pipe is noticed.
    text_out = streams.text_out(tty=lambda: use_color(streams, invocation.color, tty=streams.stdout_tty))
    drawn = draws(streams, tty=streams.stdout_tty) and streams.width >= MIN_PANEL_COLUMNS
    with contextlib.redirect_stdout(text_out):
        return run(args, invocation, drawn=drawn)


def _raise_on_signal(number: signal.Signals, kind: type[BaseException]) -> None:
    """Make a signal raise `kind`; the next one of either kind ends the process where it stands."""

    def stop(caught: int, frame: object) -> NoReturn:
        del caught, frame
        _restore_signals()
        raise kind

    if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup`, `trap '' INT` and `&` in scripts ignore it
        signal.signal(number, stop)


def _restore_signals() -> None:
    """Let signals end the process again, but for those that were ignored when it began."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
