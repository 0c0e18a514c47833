"""Writes one answer from the first event to the end, with its renderer, file, spinner and usage table."""

from collections.abc import Sequence
from functools import cached_property

from nebius_cli.core.errors_and_exit_codes import OutputError, ReaderGone
from nebius_cli.render import usage_metrics
from nebius_cli.render.choose_renderer import choose, drawing_module
from nebius_cli.render.output_options import Mode, OutputOptions, Renderer
from nebius_cli.render.usage_metrics import Timing
from nebius_cli.response.answer_events import Event, Frame, Repeats
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.output_file import OutputFile
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.color_support import draws
from nebius_cli.terminal.import_while_waiting import preload
from nebius_cli.terminal.spinner import Spinner

USAGE_MODULES = ("nebius_cli.terminal.rich_console", "nebius_cli.render.usage_display")


class AnswerWriter:
    """Writes the events of one answer. Afterwards call `finish`, or `finish_incomplete` after any error.

    `needed_after` names the modules that the caller needs once the answer has ended. `long_wait` is true if
    there is time to import them before the answer arrives; on a terminal, there always is.
    """

    def __init__(
        self,
        streams: Streams,
        options: OutputOptions,
        target: OutputFile | None,
        export: OutputFile | None = None,
        *,
        needed_after: Sequence[str] = (),
        long_wait: bool = False,
    ) -> None:
        self._streams = streams
        self._options = options
        self._target = target
        self._export = export
        self._needed_after = needed_after
        self._long_wait = long_wait
        self._write = target.write if target else streams.write_out
        self._terminal = target is None and streams.stdout_tty
        self._draws_err = draws(streams, tty=streams.stderr_tty)
        self._spinner = Spinner(streams, enabled=self._draws_err and not options.quiet)
        self._started = streams.monotonic()
        self._frames = 0
        self._broken = self._ended = False
        self.nothing_written = True

    def wait(self) -> None:
        """Show the spinner until the answer begins; import modules for later if there is time."""
        self._spinner.start("waiting for the server")
        if self._terminal:
            drawing = drawing_module(self._streams, self._options)
            usage = USAGE_MODULES if self._draws_err and self._shows_usage else ()
            preload([drawing, *usage, *self._needed_after])
        elif self._long_wait:
            preload(self._needed_after)

    def pause(self) -> None:
        """Remove the spinner, to make room for a line on stderr."""
        self._spinner.stop()

    def wait_to_retry(self) -> None:
        """Show the spinner until the request is sent again."""
        self._spinner.start("waiting to try again")

    def event(self, event: Event) -> None:
        """Write one event."""
        self._frames += isinstance(event, Frame | Repeats)
        self._renderer.event(event)

    def finish(self, completion: Completion, timing: Timing) -> None:
        """Write the rest of a complete answer. Raises OutputError; then call `finish_incomplete`."""
        self._ended = True
        self._renderer.finish(completion)
        self._spinner.stop()
        if self._target:
            self._finish_file(self._target)
        self._write_usage(completion, timing)
        wanted = self._options.view or self._options.export
        if wanted and not completion.has_logprobs and not self._options.quiet:
            text = "the server sent no log probabilities"
            messages.warn(text, self._streams, color=self._options.color_err)
        if self._export:
            from nebius_cli.render import export_heat_view

            page = export_heat_view.export(completion, self._options.export, prompts=self._options.prompts)
            self._export.write(page)
            self._finish_file(self._export)

    def finish_incomplete(self, completion: Completion, timing: Timing) -> str:
        """Write the received part of an incomplete answer; return a message about its file, if any."""
        self._spinner.stop()
        if completion.started and not self._broken and not self._ended:
            self._renderer.finish(completion)
            self._spinner.stop()
            if completion.usage is not None or self._options.usage:
                self._write_usage(completion, timing)
        kept = self._target.abandon() if self._target else None
        return f"the answer received so far is in {kept}" if kept else ""

    def _finish_file(self, file: OutputFile) -> None:
        # A partial file may contain text that exists nowhere else, so it is not removed.
        if (partial := file.finish()) is not None and not self._options.quiet:
            text = f"{partial} still contains an incomplete answer from an earlier run"
            messages.note(text, self._streams)

    @cached_property
    def _renderer(self) -> Renderer:
        # Created at the first event, so that the request does not wait for modules that only draw the answer.
        return choose(self._streams, self._put, self._options, terminal=self._terminal, started=self._started)

    def _put(self, data: bytes) -> None:
        self.nothing_written = False
        try:
            if self._target or self._streams.stdout_file:
                self._spinner.note = "writing the file"  # the spinner stays: stdout is not the terminal
            else:
                self._spinner.stop()
            self._write(data)
        except (OutputError, ReaderGone):
            self._broken = True
            raise
        except BaseException:
            # A signal, perhaps because the reader of a pipe does not read.
            self._broken = not self._streams.stdout_is_ready()
            raise

    @property
    def _shows_usage(self) -> bool:
        if self._options.usage is not None:
            return self._options.usage
        watched = self._streams.stdout_tty and self._streams.stderr_tty
        return watched and self._options.mode is Mode.TEXT and not self._options.quiet

    def _write_usage(self, completion: Completion, timing: Timing) -> None:
        if not self._shows_usage:
            return
        metrics = usage_metrics.metrics(completion, timing, streamed=self._frames > 1)
        if self._draws_err:
            from nebius_cli.render import usage_display
            from nebius_cli.terminal.rich_console import stderr_console

            usage_display.draw(metrics, stderr_console(self._streams, color=self._options.color_err))
        else:
            self._streams.write_err(usage_metrics.as_pairs(metrics))
