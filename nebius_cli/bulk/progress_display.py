"""Shows the progress of a bulk run on stderr, drawn or as occasional lines, and its totals."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from nebius_cli.bulk.rates_and_time_left import Progress, ProgressSnapshot, ThroughputMeter
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import Interrupted, Stopped
from nebius_cli.core.prices_and_costs import usd
from nebius_cli.core.short_text import compact, counted, duration
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.console import Console
from nebius_cli.terminal.sanitize import one_line

REDRAW_INTERVAL_S = 0.2
LINE_INTERVAL_S = 30.0  # between two lines if progress is not drawn
SEPARATOR = " · "
MAX_BAR_COLUMNS = 60
TABLE_HEADER = ("name", "value")  # the header of a table
TSV_NAMES = {"left_out": "already answered"}  # clearer names than in the JSON


class BulkDisplay:
    """Context manager that shows the snapshots of a run, with messages above the live display."""

    def __init__(self, streams: Streams, *, drawn: bool, color: bool, quiet: bool = False) -> None:
        self._streams = streams
        self._drawn = drawn and not quiet
        self._color = color
        self._quiet = quiet
        self._meter = ThroughputMeter()
        self._live: Any = None
        self._line_at = streams.monotonic()
        self._drawn_at = -REDRAW_INTERVAL_S
        self._queued: deque[str] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.wipe()

    def show(self, now: ProgressSnapshot) -> None:
        """Show a snapshot. Call this from one thread, as often as you like."""
        self.flush()
        if self._drawn and now.at - self._drawn_at < REDRAW_INTERVAL_S:
            return
        view = self._meter.read(now)
        if self._drawn:
            self._drawn_at = now.at
            self._draw(view)
        elif not self._quiet and now.at - self._line_at >= LINE_INTERVAL_S:
            self._line_at = now.at
            messages.note(", ".join(facts(view)), self._streams)

    def note(self, text: str) -> None:
        """Write a note above the live display."""
        if not self._quiet:
            self.wipe()
            messages.note(text, self._streams)

    def post(self, text: str) -> None:
        """Queue a warning, written with the next snapshot. Any thread may call this."""
        self._queued.append(text)

    def flush(self) -> None:
        """Write the queued warnings."""
        while self._queued:
            self.warn(self._queued.popleft())

    def warn(self, text: str) -> None:
        """Write a warning above the live display."""
        if not self._quiet:
            self.wipe()
            messages.warn(text, self._streams, color=self._color)

    def wipe(self) -> None:
        """Erase the live display; the next snapshot draws it again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, view: Progress) -> None:
        from rich.console import Group
        from rich.text import Text

        lines = [Text(line) for line in folded(facts(view), self._streams.width - 1)]
        drawing = Group(_bar(view, self._streams.width), *lines)
        if self._live is None:
            self._live = self._new_live(drawing)
            self._live.start(refresh=True)
        else:
            self._live.update(drawing, refresh=True)

    def _new_live(self, drawing: Any) -> Any:
        from rich.live import Live

        from nebius_cli.terminal.rich_console import stderr_console

        return Live(
            drawing,
            console=stderr_console(self._streams, color=self._color),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )


def facts(view: Progress) -> list[str]:
    """Return the known facts about a run as short texts, the most important first."""
    now = view.now
    total = f"{now.total:,}" if now.total is not None else f"about {now.rows:,}" if now.rows else ""
    found = [f"{now.done:,} of {total} rows" if total else f"{now.done:,} rows"]
    found += [f"{now.failed:,} failed"] if now.failed else []
    so_far = f" ({compact(now.generating)} tokens so far)" if now.generating else ""
    found += [f"{now.concurrency:,} in flight{so_far}"]
    found += [f"{duration(view.left)} left"] if view.left is not None else []
    found += [f"{duration(view.elapsed)} elapsed"] if view.elapsed >= 1 else []
    # Tokens are counted when answers are complete: a rate of 0 would be wrong while long ones are in flight.
    found += [f"{view.requests:,.1f} requests/s"] if view.requests else []
    rate = f" ({compact(round(view.tokens))}/s)" if view.tokens else ""
    found += [f"{compact(now.tokens)} tokens{rate}"] if now.tokens else []
    found += [counted(now.retries, "retry", "retries")] if now.retries else []
    if now.cost:
        expected = f" of about {usd(view.forecast)}" if view.forecast is not None else ""
        found.append(f"{usd(now.cost)}{expected}")
    return [*found, one_line(now.note)] if now.note else found


def folded(words: Sequence[str], width: int) -> Iterator[str]:
    """Yield facts joined into lines of at most `width` characters; a longer fact is truncated."""
    line = ""
    for word in words:
        if line and len(line) + len(SEPARATOR) + len(word) > width:
            yield line[:width]
            line = word
        else:
            line = f"{line}{SEPARATOR}{word}" if line else word
    yield line[:width]


def _bar(view: Progress, width: int) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    now = view.now
    rows = now.rows or None
    share = f"{100 * now.done // rows} %" if rows else ""
    table = Table.grid(padding=(0, 1, 0, 0))
    bar = ProgressBar(
        total=rows,
        completed=min(now.done, rows or 0),
        width=min(MAX_BAR_COLUMNS, width - 7),
        complete_style="green",
        finished_style="green",
        animation_time=now.at,
    )
    table.add_row(bar, share)
    return table


def table_rows(
    shown: Sequence[tuple[str, str]], plain: Mapping[str, Any], *, drawn: bool
) -> Sequence[tuple[str, str]]:
    """Return the rows of a table: `shown` if it is drawn, else names and values of `plain`."""
    if drawn:
        return shown
    return [(name, "" if value is None else str(value)) for name, value in plain.items()]


def reason(stop: BaseException) -> str:
    """Return what ended the run early, in a few words."""
    if isinstance(stop, KeyboardInterrupt):
        return Interrupted.by
    return stop.by if isinstance(stop, Stopped) else str(stop)


def report(
    totals: RunSummary,
    summary: Callable[[bytes], None] | None,
    console: Console,
    *,
    shown: bool = True,
    members: Mapping[str, Any] | None = None,
) -> None:
    """Show the totals, and write them to the target of `--summary`, with more `members` after them."""
    values = totals.to_json()
    if shown and not console.quiet and totals.has_results:
        # The message about the end of the run says why it stopped.
        plain = {TSV_NAMES.get(name, name): value for name, value in values.items() if name != "stopped"}
        rows = table_rows(totals.to_rows(), plain, drawn=console.draws_err)
        console.write_table(TABLE_HEADER, rows, err=True)
    if summary is not None:
        summary(jsontext.encode(values | dict(members or {})) + b"\n")
