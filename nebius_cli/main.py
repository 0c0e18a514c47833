"""argv and streams → exit code. The only place where a failure becomes a message and a code."""

import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from nebius_cli import __version__
from nebius_cli.adapters.streams import Streams
from nebius_cli.core.errors import ExitCode, Interrupted, NbxError, ReaderGone, Terminated, UsageError
from nebius_cli.ui import problems
from nebius_cli.ui.renderer import draws, use_color

NARROWEST_PANELS = 72  # columns; in less, the panels of the help cut the names of flags


class Invocation:
    """What is known of this run before and while its command is parsed."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
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
        return App(self.streams, SharedFlags(**{name: value for name, value in merged.items() if value}))

    def version(self) -> None:
        """Print the version."""
        self.streams.write_out(f"nbx {__version__}\n".encode())


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run one command line; return its exit code. Without arguments: this process's own."""
    if streams is None:
        streams = Streams.system()
        _catch(signal.SIGINT, Interrupted)
        _catch(signal.SIGTERM, Terminated)
    invocation = Invocation(streams)
    try:
        return _run(list(sys.argv[1:] if argv is None else argv), invocation)
    except NbxError as error:
        color = use_color(streams, invocation.color, tty=streams.stderr_tty)
        problems.report(error, streams, color=color)
        return error.code
    except (Interrupted, KeyboardInterrupt) as stop:
        problems.stopped("Ctrl-C", stop, streams)
        return ExitCode.INTERRUPTED
    except Terminated as stop:
        problems.stopped("SIGTERM", stop, streams)
        return ExitCode.TERMINATED
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
    drawn = draws(streams, tty=streams.stdout_tty) and streams.width >= NARROWEST_PANELS
    with contextlib.redirect_stdout(text_out):
        return run(args, invocation, drawn=drawn)


def _catch(number: signal.Signals, kind: type[BaseException]) -> None:
    """Make a signal raise `kind` once; the same signal again ends the process where it stands."""

    def stop(caught: int, frame: object) -> NoReturn:
        del frame
        signal.signal(caught, signal.SIG_DFL)
        raise kind

    if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup`, `trap '' INT` and `&` in scripts ignore it
        signal.signal(number, stop)
