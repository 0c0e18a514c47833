"""How far a bulk run is, on stderr: lines that stay in place on a terminal, one now and then elsewhere."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from nebius_cli.bulk.progress import ProgressSnapshot, ThroughputMeter, View
from nebius_cli.core.format import compact, duration
from nebius_cli.core.money import usd
from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages
from nebius_cli.terminal.sanitize import one_line

BEAT = 0.2  # seconds between two drawings
EVERY = 30.0  # seconds between two lines where nothing can be drawn
BETWEEN = " · "
WIDEST_BAR = 60  # columns
FIGURES = ("figure", "value")  # the header of a table


class BulkDisplay:
    """Shows the snapshots of a run while its block runs; messages go above what is drawn."""

    def __init__(self, streams: Streams, *, drawn: bool, color: bool, quiet: bool = False) -> None:
        self._streams = streams
        self._drawn = drawn and not quiet
        self._color = color
        self._quiet = quiet
        self._meter = ThroughputMeter()
        self._live: Any = None
        self._said_at = streams.monotonic()
        self._drawn_at = -BEAT
        self._posted: deque[str] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self.wipe()

    def show(self, now: ProgressSnapshot) -> None:
        """Take a snapshot. One thread calls this, as often as it likes."""
        self.flush()
        if self._drawn and now.at - self._drawn_at < BEAT:
            return
        view = self._meter.read(now)
        if self._drawn:
            self._drawn_at = now.at
            self._draw(view)
        elif not self._quiet and now.at - self._said_at >= EVERY:
            self._said_at = now.at
            messages.note(", ".join(facts(view)), self._streams)

    def note(self, text: str) -> None:
        """Say what happens, above what is drawn."""
        if not self._quiet:
            self.wipe()
            messages.note(text, self._streams)

    def post(self, text: str) -> None:
        """Have something doubtful said with the next snapshot. Any thread may call this."""
        self._posted.append(text)

    def flush(self) -> None:
        """Say what was posted."""
        while self._posted:
            self.warn(self._posted.popleft())

    def warn(self, text: str) -> None:
        """Say what is doubtful, above what is drawn."""
        if not self._quiet:
            self.wipe()
            messages.warn(text, self._streams, color=self._color)

    def wipe(self) -> None:
        """Take what is drawn away; the next snapshot draws it again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, view: View) -> None:
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


def facts(view: View) -> list[str]:
    """Return what is worth knowing of a run in words, the most wanted first; what is unknown is left out."""
    now = view.now
    total = f"{now.total:,}" if now.total is not None else f"about {now.rows:,}" if now.rows else ""
    found = [f"{now.done:,} of {total} rows" if total else f"{now.done:,} rows"]
    found += [f"{now.failed:,} failed"] if now.failed else []
    found += [f"{duration(view.left)} left"] if view.left is not None else []
    found += [f"{view.requests:,.1f} requests/s"] if view.requests is not None else []
    found += [f"{compact(round(view.tokens))} tokens/s"] if view.tokens is not None else []
    found += [f"{now.concurrency:,} at once"]
    found += [f"{now.retries:,} {'retry' if now.retries == 1 else 'retries'}"] if now.retries else []
    if now.cost:
        whole = f" of about {usd(view.forecast)}" if view.forecast is not None else ""
        found.append(f"{usd(now.cost)}{whole}")
    return [*found, one_line(now.note)] if now.note else found


def folded(words: Sequence[str], width: int) -> Iterator[str]:
    """Yield facts side by side in lines no longer than `width`; one that is longer by itself is cut."""
    line = ""
    for word in words:
        if line and len(line) + len(BETWEEN) + len(word) > width:
            yield line[:width]
            line = word
        else:
            line = f"{line}{BETWEEN}{word}" if line else word
    yield line[:width]


def _bar(view: View, width: int) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    now = view.now
    rows = now.rows or None
    share = f"{100 * now.done // rows} %" if rows else ""
    table = Table.grid(padding=(0, 1, 0, 0))
    bar = ProgressBar(
        total=rows,
        completed=min(now.done, rows or 0),
        width=min(WIDEST_BAR, width - 7),
        complete_style="green",
        finished_style="green",
        animation_time=now.at,
    )
    table.add_row(bar, share)
    return table


def figures(
    shown: Sequence[tuple[str, str]], plain: Mapping[str, Any], *, drawn: bool
) -> Sequence[tuple[str, str]]:
    """Return the rows of a table: figures for a person, else names and values, empty for null."""
    if drawn:
        return shown
    return [(name, "" if value is None else str(value)) for name, value in plain.items()]
