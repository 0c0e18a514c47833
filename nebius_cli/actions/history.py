"""`nbx history`: lists, searches, shows and deletes the requests in the ledger, and their stored texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.config import run_settings
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError
from nebius_cli.core.short_text import counted
from nebius_cli.ledger import format_history, periods
from nebius_cli.ledger.find_by_id import TEXT_IS_OFF, find, parse_id, whole_number
from nebius_cli.system.calendar import LocalCalendar

DEFAULT_LIMIT = 20  # requests


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """The arguments and flags of `nbx history`."""

    id: str = ""
    ids: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    limit: str = ""
    since: str = ""
    until: str = ""
    older_than: str = ""
    json: bool = False


def run_list(options: HistoryOptions, app: App) -> ExitCode:
    """List the last requests, newest first."""
    rows = _latest(options, (), app)
    _write(rows, (), options, app)
    if rows and not any(row["prompt"] is not None for row in rows) and not _stores_text(app):
        app.note(TEXT_IS_OFF)
    return ExitCode.DONE


def run_search(options: HistoryOptions, app: App) -> ExitCode:
    """List the requests whose prompt and answer contain every word, newest first."""
    words = [word for typed in options.words for word in typed.split()]
    if not words:
        raise UsageError("no words to search for", "", "nbx history search WORD...")
    rows = _latest(options, words, app)
    _write(rows, words, options, app)
    if not rows:
        app.note(f"no stored text contains {' '.join(words)}")
    return ExitCode.DONE


def run_show(options: HistoryOptions, app: App) -> ExitCode:
    """Show everything stored about one request."""
    row, text = find(app.ledger, options.id, "show")
    row = periods.dated(row)
    if options.json:
        stored: dict[str, Any] = {"body": None, "query": None, "answers": None}
        if text is not None:
            stored = {"body": text.body.decode(), "query": text.query, "answers": list(text.answers)}
        app.write_json({**row, **stored})
        return ExitCode.DONE
    pairs = [(name, format_history.member(value, drawn=app.draws_out)) for name, value in row.items()]
    if text is not None and not app.draws_out:
        answers = jsontext.encode(list(text.answers))
        pairs += [("prompt", jsontext.encode(text.prompt).decode()), ("answers", answers.decode())]
    app.write_table(("name", "value"), pairs)
    if text is None:
        app.note("the text of this request is not stored" if _stores_text(app) else TEXT_IS_OFF)
    elif app.draws_out:
        _write_text("prompt", text.prompt, app)
        for number, answer in enumerate(text.answers, 1):
            _write_text("answer" if len(text.answers) == 1 else f"answer {number}", answer, app)
    return ExitCode.DONE


def run_rm(options: HistoryOptions, app: App) -> ExitCode:
    """Delete requests and every trace of their texts."""
    if not options.ids:
        raise UsageError("no request given", "", "nbx history rm ID...; nbx history list shows the IDs")
    wanted = [parse_id(text) for text in options.ids]
    ledger = app.ledger
    ledger.write_pending()
    gone = ledger.remove(wanted)
    if missing := [str(number) for number in wanted if number not in gone]:
        deleted = f"the others were deleted: {', '.join(map(str, gone))}" if gone else ""
        raise UsageError(f"no request {', '.join(missing)}", deleted, "nbx history list shows the IDs")
    return ExitCode.DONE


def run_prune(options: HistoryOptions, app: App) -> ExitCode:
    """Delete requests older than a span of time and every trace of their texts."""
    if not options.older_than:
        raise UsageError("--older-than is missing", "", "nbx history prune --older-than 30d")
    before = app.streams.now() - periods.age(options.older_than)
    ledger = app.ledger
    ledger.write_pending()
    count = ledger.prune(before)
    app.note(f"deleted {counted(count, 'request')} older than {options.older_than}")
    return ExitCode.DONE


def _latest(options: HistoryOptions, words: Sequence[str], app: App) -> list[dict[str, Any]]:
    period = periods.period(options.since, options.until, app.streams.now(), LocalCalendar())
    limit = whole_number(options.limit) if options.limit else DEFAULT_LIMIT
    if limit < 1:
        raise UsageError(f"--limit {options.limit}", "must be a whole number above 0")
    ledger = app.ledger
    ledger.write_pending()
    return ledger.latest(period, limit, words)


def _stores_text(app: App) -> bool:
    return run_settings.resolve(app.effective_settings()).history_text  # ignores other problems in the file


def _write(rows: Sequence[dict[str, Any]], words: Sequence[str], options: HistoryOptions, app: App) -> None:
    if options.json:
        app.write_json({"requests": [periods.dated(row) for row in rows]})
    elif rows and app.draws_out:
        header, lines = format_history.table(rows, words, app.streams.width, LocalCalendar())
        app.write_table(header, lines, numbers=format_history.NUMBERS)
    elif rows:
        app.write_table((), format_history.lines(rows, words))
    elif not words:
        dates = " in this period" if options.since or options.until else ""
        app.note(f"the ledger has no requests{dates}")


def _write_text(title: str, text: str, app: App) -> None:
    app.streams.write_out(format_history.titled(title, text, app.streams.width, color=app.color_out))
