"""Shows the progress of a run of rows, its totals, and what ended it early."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nebius_cli.actions.app import App
from nebius_cli.bulk import resume_command
from nebius_cli.bulk.progress_display import BulkDisplay, reason, report
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.core.errors_and_exit_codes import ExitCode, NbxError, ReaderGone


def display_of(app: App, *, alone: bool = True) -> BulkDisplay:
    """Return the progress display; it is drawn only if nothing else is written to the terminal."""
    drawn = app.draws_err and alone and not app.flags.verbose
    return BulkDisplay(app.streams, drawn=drawn, color=app.color_err, quiet=app.flags.quiet)


class Run(Protocol):
    """A run on this machine or on a cluster."""

    @property
    def counts(self) -> RunCounts:
        """The results so far."""

    def summary(self, stopped: str) -> RunSummary:
        """Return the totals so far; `stopped` is the reason if the run stopped early, else empty."""


def send_and_report(
    send: Callable[[], None],
    run: Run,
    summary: Callable[[bytes], None] | None,
    app: App,
    *,
    resumable: bool = True,
    failed_file: str = "",
    shown: bool = True,
    totals: Callable[[], Mapping[str, Any]] = dict,
) -> ExitCode:
    """Send the rows and report the totals. If the run stops early, raise the cause, with a hint to resume.

    `failed_file` is the path of the list of failed rows, or empty. `totals` is called once every row has its
    result, and returns further members of the summary.
    """
    try:
        send()
    except BaseException as stop:
        if not isinstance(stop, ReaderGone):
            try:
                report(run.summary(reason(stop)), summary, app, shown=shown)
            except NbxError as error:
                app.warn(error.line)
            if resumable:
                resume_command.add_hint(stop, app.argv)
        raise
    report(run.summary(""), summary, app, shown=shown, members=totals())
    if not run.counts.failed:
        return ExitCode.DONE
    app.report([run.counts.failure(failed_file)])
    return ExitCode.ROWS_FAILED
