"""`nbx usage`: shows tokens and costs by day, model, profile or bulk run; plots and exports them."""

from dataclasses import dataclass

from nebius_cli.actions.app import App
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError
from nebius_cli.ledger import format_usage, periods, sums
from nebius_cli.ledger.ledger_database import GROUPS
from nebius_cli.ledger.periods import Period
from nebius_cli.ledger.sums import Sums
from nebius_cli.ledger.usage_export import as_csv, as_json
from nebius_cli.system.calendar import LocalCalendar

DEFAULT_SINCE = "30d"
MEASURES = ("cost", "tokens", "requests")
NO_NAME = {"profile": "(none)", "run": "(no run)"}


@dataclass(frozen=True, slots=True)
class UsageOptions:
    """The arguments and flags of `nbx usage`."""

    by: str = "day"
    since: str = ""
    until: str = ""
    json: bool = False
    csv: bool = False
    escape_formulas: bool = False
    of: str = ""
    export: str | None = None


def run_show(options: UsageOptions, app: App) -> ExitCode:
    """Show sums by day, model, profile or run."""
    if options.by not in GROUPS:
        raise UsageError(f"--by {options.by}", f"must be one of {', '.join(GROUPS)}")
    period = _period(options.since or DEFAULT_SINCE, options.until, app)
    rows = _sums(options.by, period, app)
    if options.json:
        record = {
            "by": options.by,
            "since": None if period.since is None else periods.utc(period.since),
            "until": None if period.until is None else periods.utc(period.until),
            "rows": [sums.record(row) for row in rows],
            "total": sums.record(sums.total(rows)),
        }
        app.write_json(record)
        return ExitCode.DONE
    if not rows:
        _note_nothing(period, app)
    elif app.draws_out:
        header, lines, total = format_usage.table(options.by, rows, app.streams.width)
        app.write_table(header, lines, numbers=format_usage.NUMBERS, total=total)
        cost = format_usage.cost_in_words(sums.total(rows))
        app.note(f"{cost} {_dates(period, app)}, days in {LocalCalendar().name}")
    else:
        app.write_table((), format_usage.lines(rows))
    return ExitCode.DONE


def run_plot(options: UsageOptions, app: App) -> ExitCode:
    """Plot cost, tokens or requests per day, on the terminal or in an SVG file."""
    if options.of and options.of not in MEASURES:
        raise UsageError(f"--of {options.of}", f"must be one of {', '.join(MEASURES)}")
    period = _period(options.since or DEFAULT_SINCE, options.until, app)
    # Leave out rows with a damaged time: a date far in the future would add millions of days.
    last = LocalCalendar().day(app.streams.now())
    rows = [row for row in _sums("day", period, app) if periods.is_day(row.group, last)]
    if not rows:
        _note_nothing(period, app)
        return ExitCode.DONE
    total = sums.total(rows)
    of = options.of or ("cost" if total.cost else "tokens")
    days = periods.filled([row.group for row in rows])
    found = {row.group: row for row in rows}
    values = [_measure(found.get(day, Sums(day)), of) for day in days]
    title = f"{of} by day: {_amount(total, of)}"
    from nebius_cli.ledger import usage_plot

    if options.export:
        from nebius_cli.system.output_file import OutputFile

        file = OutputFile(options.export)
        file.write(usage_plot.svg(title, days, values, money=of == "cost").encode())
        file.finish()
        return ExitCode.DONE
    width = app.streams.width if app.streams.stdout_tty else 80
    text = usage_plot.text(title, days, values, width, money=of == "cost", color=app.color_out)
    app.streams.write_out(text.encode())
    return ExitCode.DONE


def run_export(options: UsageOptions, app: App) -> ExitCode:
    """Print every row of a period, oldest first, as CSV or JSON."""
    if options.csv and options.json:
        raise UsageError(
            "--csv and --json cannot be used together", "an export has one format", "keep one of them"
        )
    if options.escape_formulas and options.json:
        raise UsageError("--escape-formulas cannot be used with --json", "JSON has no formulas")
    period = _period(options.since, options.until, app)
    ledger = app.ledger
    ledger.write_pending()
    rows = (periods.dated(row) for row in ledger.rows(period))
    if options.json:
        for piece in as_json(rows):
            app.put_json(piece.encode())
    else:
        for line in as_csv(rows, escape_formulas=options.escape_formulas):
            app.write(line)
    return ExitCode.DONE


def run_path(options: UsageOptions, app: App) -> ExitCode:
    """Print the path of the ledger, even if the file does not exist."""
    del options
    app.write(f"{app.ledger.path}\n")
    return ExitCode.DONE


def _period(since: str, until: str, app: App) -> Period:
    return periods.period(since, until, app.streams.now(), LocalCalendar())


def _sums(by: str, period: Period, app: App) -> list[Sums]:
    ledger = app.ledger
    ledger.write_pending()
    rows = ledger.sums(by, period)
    if by != "day":  # days stay in order; other groups are sorted by cost, highest first
        rows.sort(key=lambda row: (-row.cost, -row.tokens, row.group))
    return [row if row.group else row._replace(group=NO_NAME.get(by, "(none)")) for row in rows]


def _note_nothing(period: Period, app: App) -> None:
    app.note(f"no requests in the ledger {_dates(period, app)}; --since all includes older ones")


def _dates(period: Period, app: App) -> str:
    calendar = LocalCalendar()
    last = calendar.day(app.streams.now() if period.until is None else period.until - 1)
    return f"up to {last}" if period.since is None else f"from {calendar.day(period.since)} to {last}"


def _measure(row: Sums, of: str) -> float:
    if of == "cost":
        return float(row.cost)
    return float(row.tokens if of == "tokens" else row.requests)


def _amount(row: Sums, of: str) -> str:
    return format_usage.cost_in_words(row) if of == "cost" else f"{int(_measure(row, of)):,}"
