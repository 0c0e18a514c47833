"""Draws several choices on a terminal as they arrive, each in its own block.

A finished choice with no unfinished one before it is printed once, in full, above the live part.
The live part shows the last rows of the other choices and is redrawn several times a second.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator

from rich.cells import chop_cells
from rich.console import Console, ConsoleOptions, Group
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from nebius_cli.core.errors_and_exit_codes import OutputError, ReaderGone
from nebius_cli.render.choice_heading import heading
from nebius_cli.render.output_options import OutputOptions
from nebius_cli.response.answer_events import Event, Finished, TextDelta
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.streams import Streams, Write
from nebius_cli.terminal.rich_console import rich_console
from nebius_cli.terminal.sanitize import to_bytes, visible
from nebius_cli.terminal.spinner import spinner_text

MAX_BLOCK_ROWS = 8  # rows of text in one block of the live part
MAX_TAIL_CHARS = 8192  # the end of a choice that the live part may need
REFRESHES_PER_S = 20


class LiveChoices:
    """Draws the choices of one answer."""

    def __init__(self, streams: Streams, write: Write, options: OutputOptions, started: float) -> None:
        self._streams = streams
        self._write = write
        self._options = options
        self._started = started
        self._texts: dict[int, list[str]] = defaultdict(list)
        self._tails: dict[int, str] = defaultdict(str)
        self._reasons: dict[int, str] = {}
        self._printed = 0
        self._lock = threading.Lock()  # rich redraws in a thread of its own
        self._failure: BaseException | None = None
        self._console: Console = rich_console(self._put, streams, color=options.color_out)
        self._live = Live(
            self,
            console=self._console,
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def event(self, event: Event) -> None:
        """Process one event; print the choices that are done."""
        match event:
            case TextDelta(index, text):
                with self._lock:
                    self._texts[index].append(text)
                    self._tails[index] = (self._tails[index] + text)[-MAX_TAIL_CHARS:]
            case Finished(index, reason):
                with self._lock:
                    self._reasons[index] = reason
            case _:
                return
        if self._failure:
            raise self._failure
        if not self._live.is_started:
            self._live.start(refresh=True)
        done = self._printed
        while done in self._reasons:
            done += 1
        self._print(range(self._printed, done))

    def finish(self, completion: Completion) -> None:
        """Replace the live part by the full text of the remaining choices, in index order."""
        self._live.stop()
        self._print(range(self._printed, max([self._options.choices, *(i + 1 for i in completion.choices)])))

    def _print(self, indexes: range) -> None:
        if not indexes:
            return
        parts: list[Text | _Verbatim] = []
        for index in indexes:
            text = to_bytes("".join(self._texts[index])).decode()
            parts += [self.heading(index, "unfinished" if text else "no text"), _Verbatim(visible(text))]
        before = self._printed
        with self._lock:
            self._printed = indexes.stop  # what is printed here must not be drawn below
        try:
            self._console.print(Group(*parts), soft_wrap=True)
        except BaseException:
            self._printed = before  # a signal interrupted it: printing it twice is better than not at all
            raise

    def heading(self, index: int, unfinished: str) -> Text:
        """Return the line above a block: its name, and how it finished or its state."""
        reason = visible(self._reasons.get(index, unfinished))
        text = heading(index, self._options.choices, self._options.prompts, reason)
        return Text(text, style="bold", overflow="ellipsis", no_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield from list(self.rows(options.max_width, console.height))  # a list: all rows under the lock

    def rows(self, width: int, height: int) -> Iterator[Text]:
        """Yield the rows of the live part: the blocks that are not printed yet, and the progress of all."""
        with self._lock:
            open_blocks = range(self._printed, max([self._options.choices, *(i + 1 for i in self._texts)]))
            budget = max(0, height - 2)
            shown = self._shown_blocks(open_blocks, budget // 2)
            block_rows = min(MAX_BLOCK_ROWS, max(1, budget // max(1, len(shown)) - 1))
            for index in shown:
                yield self.heading(index, "writing" if index in self._texts else "waiting")
                yield from self._tail(index, block_rows, width)
            note = f"{len(self._reasons)} of {self._options.choices} done"
            if len(shown) < len(open_blocks):
                note += f", {len(open_blocks) - len(shown)} not shown"
            seconds = self._streams.monotonic() - self._started
            progress = spinner_text(seconds, f"{note},", self._streams)
            progress.style = "dim"
            yield progress

    def _shown_blocks(self, indexes: range, room: int) -> list[int]:
        """Return as many of `indexes` as fit: first those being written, then those that wait."""

        def rank(index: int) -> tuple[bool, bool]:
            return index in self._reasons, index not in self._texts

        return sorted(sorted(indexes, key=rank)[:room])

    def _tail(self, index: int, rows: int, width: int) -> list[Text]:
        lines: list[str] = []
        text = to_bytes(self._tails[index]).decode().removesuffix("\n")
        for line in visible(text).expandtabs(8).split("\n"):
            lines += chop_cells(line, max(2, width - 1)) or [""]
        return [Text(line, no_wrap=True, overflow="crop") for line in lines[-rows:]] if text else []

    def _put(self, data: bytes) -> None:
        if self._failure is None:
            try:
                self._write(data)
            except (OutputError, ReaderGone) as error:
                self._failure = error  # perhaps in rich's thread, where it would be lost
                if threading.current_thread() is threading.main_thread():
                    raise


class _Verbatim:
    """Text that is printed unchanged. Rich would turn tabs into spaces."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        if self._text:
            yield Segment(self._text.removesuffix("\n") + "\n")
