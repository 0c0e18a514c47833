"""One answer on its way out: the renderer, the target it writes to, the waiting sign, the usage table."""

import importlib
import threading
from functools import cached_property
from typing import Protocol

from nebius_cli.core.errors import OutputError, ReaderGone
from nebius_cli.render import usage_summary
from nebius_cli.render.choose import choose, drawn_by
from nebius_cli.render.output_options import Mode, OutputOptions, Renderer
from nebius_cli.render.usage_summary import Timing
from nebius_cli.response.completion import Completion
from nebius_cli.response.events import Event, Frame
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.capabilities import draws
from nebius_cli.terminal.spinner import Spinner


class Target(Protocol):
    """A file that the answer, or its export, goes to."""

    def write(self, data: bytes) -> None:
        """Append bytes."""

    def finish(self) -> None:
        """Give the file its final name."""

    def abandon(self) -> object:
        """Close an unfinished file; return where what came is kept, None where nothing came."""


class Answer:
    """Takes the events of one answer; then either `finish` or `cut`, once."""

    def __init__(
        self, streams: Streams, show: OutputOptions, target: Target | None, export: Target | None = None
    ) -> None:
        self._streams = streams
        self._show = show
        self._target = target
        self._export = export
        self._write = target.write if target else streams.write_out
        self._terminal = target is None and streams.stdout_tty
        self._waiting = Spinner(streams, enabled=not show.quiet and draws(streams, tty=streams.stderr_tty))
        self._started = streams.monotonic()
        self._frames = 0
        self._broken = False
        self.untouched = True

    def wait(self) -> None:
        """Show that the request is out, and use the wait to load what will be needed."""
        self._waiting.start("waiting for the server")
        if module := drawn_by(self._streams, self._show, terminal=self._terminal):
            threading.Thread(
                target=importlib.import_module, args=(module,), name="nbx-import", daemon=True
            ).start()

    def pause(self) -> None:
        """Clear the way for a line on stderr."""
        self._waiting.stop()

    def rest(self) -> None:
        """Show that nbx waits by itself, before it tries again."""
        self._waiting.start("waiting to try again")

    def event(self, event: Event) -> None:
        """Take one event."""
        self._frames += isinstance(event, Frame)
        self._renderer.event(event)

    def finish(self, completion: Completion, timing: Timing) -> None:
        """Put out the rest of a whole answer. Raises OutputError."""
        self._renderer.finish(completion)
        self._waiting.stop()
        if self._target:
            self._target.finish()
        self._usage(completion, timing)
        wanted = self._show.view or self._show.export
        if wanted and not completion.has_logprobs and not self._show.quiet:
            text = "the server sent no log probabilities"
            messages.warn(text, self._streams, color=self._show.color_err)
        if self._export:
            from nebius_cli.render import heat_export

            page = heat_export.export(completion, self._show.export, prompts=self._show.prompts)
            self._export.write(page)
            self._export.finish()

    def cut(self, completion: Completion, timing: Timing) -> str:
        """Put out what has come of an answer that is not whole; return where it is kept, if in a file."""
        self._waiting.stop()
        kept: object = None
        if completion.started and not self._broken:
            self._renderer.finish(completion)
            self._waiting.stop()
            if completion.usage is not None or self._show.usage:
                self._usage(completion, timing)
        if self._target:
            kept = self._target.abandon()
        return f"what came is in {kept}" if kept else ""

    @cached_property
    def _renderer(self) -> Renderer:
        # Made when the first event comes: the request must not wait for what only draws its answer.
        return choose(self._streams, self._put, self._show, terminal=self._terminal, started=self._started)

    def _put(self, data: bytes) -> None:
        self.untouched = False
        try:
            if self._target or self._streams.stdout_file:
                self._waiting.note = "writing the file"  # which disturbs no sign
            else:
                self._waiting.stop()
            self._write(data)
        except (OutputError, ReaderGone):
            self._broken = True
            raise
        except BaseException:
            # A signal, perhaps because the reader of a pipe does not read.
            self._broken = not self._streams.takes_output()
            raise

    def _usage(self, completion: Completion, timing: Timing) -> None:
        watched = self._streams.stdout_tty and self._streams.stderr_tty and self._show.mode is Mode.TEXT
        if not (self._show.usage if self._show.usage is not None else watched and not self._show.quiet):
            return
        found = usage_summary.facts(completion, timing, streamed=self._frames > 1)
        if draws(self._streams, tty=self._streams.stderr_tty):
            self._streams.write_err(
                usage_summary.as_table(found, self._streams.width, color=self._show.color_err)
            )
        else:
            self._streams.write_err(usage_summary.as_pairs(found))
