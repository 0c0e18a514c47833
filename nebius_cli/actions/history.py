"""`nbx history`: the requests in the ledger one by one; their texts, where they are kept, found and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from nebius_cli.actions.app import App
from nebius_cli.core import jsontext
from nebius_cli.core.errors import ExitCode, UsageError
from nebius_cli.core.format import UNKNOWN
from nebius_cli.core.money import dollars
from nebius_cli.ledger import periods
from nebius_cli.ledger.entry import Text
from nebius_cli.ledger.excerpts import excerpt
from nebius_cli.ledger.recorder import LOCAL
from nebius_cli.local import weights
from nebius_cli.system.calendar import LocalCalendar
from nebius_cli.terminal.sanitize import to_bytes, visible
from nebius_cli.terminal.tables import BETWEEN

MOST = 20  # rows of a list, unless --limit says so
LARGEST_ID, LONGEST_ID = 2**63 - 1, 30  # the latter in digits: what is longer is not even read
SHORTEST_EXCERPT, LONGEST_EXCERPT = 8, 80
# The order of columns, and the order in which they are given room.
ORDER = ("id", "time", "model", "tokens", "cost", "end", "text")
PARTS = ("prompt", "completion")
FIRST = ("id", "time", "end", "text", "tokens", "cost", "model")
KEEP = "no text is kept: nbx config set history.text true keeps it from now on"


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """What was typed after `nbx history`."""

    id: str = ""
    ids: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    limit: str = ""
    since: str = ""
    until: str = ""
    older_than: str = ""
    json: bool = False


class Again(NamedTuple):
    """A request that is to be sent again; `local`: it ran in the embedded engine."""

    text: Text
    local: bool


def run_list(options: HistoryOptions, app: App) -> ExitCode:
    """List the last requests, newest first."""
    rows = _latest(options, (), app)
    _write(rows, (), options, app)
    if rows and not any(row["prompt"] is not None for row in rows) and not _keeps(app):
        app.note(KEEP)
    return ExitCode.DONE


def run_search(options: HistoryOptions, app: App) -> ExitCode:
    """List the requests whose prompt or answer holds every word, newest first."""
    words = [word for typed in options.words for word in typed.split()]
    if not words:
        raise UsageError("no word to search for", "", "nbx history search WORD...")
    rows = _latest(options, words, app)
    _write(rows, words, options, app)
    if not rows:
        app.note(f"no text that is kept holds {' '.join(words)}")
    return ExitCode.DONE


def run_show(options: HistoryOptions, app: App) -> ExitCode:
    """Show everything that is kept of one request."""
    row, text = _found(options.id, "show", app)
    row = periods.dated(row)
    if options.json:
        kept: dict[str, Any] = {"body": None, "query": None, "answers": None}
        if text is not None:
            kept = {"body": text.body.decode(), "query": text.query, "answers": list(text.answers)}
        app.write_json({**row, **kept})
        return ExitCode.DONE
    pairs = [(name, _member(value, drawn=app.draws_out)) for name, value in row.items()]
    if text is not None and not app.draws_out:
        answers = jsontext.encode(list(text.answers))
        pairs += [("prompt", jsontext.encode(text.prompt).decode()), ("answers", answers.decode())]
    app.write_table(("member", "value"), pairs)
    if text is None:
        app.note(KEEP if not _keeps(app) else "no text was kept of this request")
    elif app.draws_out:
        _write_text("prompt", text.prompt, app)
        for number, answer in enumerate(text.answers, 1):
            _write_text("answer" if len(text.answers) == 1 else f"answer {number}", answer, app)
    return ExitCode.DONE


def find(number: str, app: App, *, file_given: bool) -> Again:
    """Return the text of a request that is to be sent again. Raises UsageError where that cannot be."""
    row, text = _found(number, "rerun", app)
    if text is None:
        raise UsageError(f"no text was kept of request {row['id']}", "there is nothing to send", KEEP)
    local = row["host"] == LOCAL
    if local and row["model"] != weights.DEFAULT_MODEL.name and not file_given:
        why = f"it ran {row['model']} from a file"
        raise UsageError(f"request {row['id']} needs its model", why, "--model-file FILE")
    return Again(text, local)


def run_rm(options: HistoryOptions, app: App) -> ExitCode:
    """Delete requests, with every trace of their texts."""
    if not options.ids:
        raise UsageError("no request named", "", "nbx history rm ID...; nbx history list has the ids")
    wanted = [_number(text) for text in options.ids]
    ledger = app.ledger
    ledger.take_in()
    gone = ledger.remove(wanted)
    if missing := [str(number) for number in wanted if number not in gone]:
        deleted = f"deleted: {', '.join(map(str, gone))}" if gone else ""
        raise UsageError(f"there is no request {', '.join(missing)}", deleted, "nbx history list")
    return ExitCode.DONE


def run_prune(options: HistoryOptions, app: App) -> ExitCode:
    """Delete the requests that are older than a span, with every trace of their texts."""
    if not options.older_than:
        raise UsageError("how old?", "", "nbx history prune --older-than 30d")
    before = app.streams.now() - periods.age("--older-than", options.older_than)
    ledger = app.ledger
    ledger.take_in()
    count = ledger.prune(before)
    app.note(f"deleted {count:,} request{'' if count == 1 else 's'} older than {options.older_than}")
    return ExitCode.DONE


def _latest(options: HistoryOptions, words: Sequence[str], app: App) -> list[dict[str, Any]]:
    period = periods.period(options.since, options.until, app.streams.now(), LocalCalendar())
    limit = _whole(options.limit) if options.limit else MOST
    if limit < 1:
        raise UsageError(f"--limit {options.limit}", "it takes a whole number above 0")
    ledger = app.ledger
    ledger.take_in()
    return ledger.latest(period, limit, words)


def _number(text: str) -> int:
    if (number := _whole(text)) < 0:
        raise UsageError(f"{text!r} is no request's id", "it takes a number", "nbx history list has the ids")
    return number


def _whole(text: str) -> int:
    """Return the whole number that a text is, -1 for a text that is none and for more than SQLite counts."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_ID else -1
    return number if number <= LARGEST_ID else -1


def _found(typed: str, command: str, app: App) -> tuple[dict[str, Any], Text | None]:
    if not typed:
        hint = f"nbx history {command} ID; nbx history list has the ids"
        raise UsageError("no request named", "", hint)
    found = app.ledger.find(_number(typed))
    if found is None:
        raise UsageError(f"there is no request {typed}", "", "nbx history list has the ids")
    return found


def _keeps(app: App) -> bool:
    setting = app.in_force().values.get("history.text")
    return setting is not None and setting.value is True


def _write(rows: Sequence[dict[str, Any]], words: Sequence[str], options: HistoryOptions, app: App) -> None:
    if options.json:
        app.write_json({"requests": [periods.dated(row) for row in rows]})
        return
    if app.draws_out:
        header, lines = _drawn(rows, words, app.streams.width)
    else:
        header, lines = (), [_line(row, words) for row in rows]
    if rows:
        app.write_table(header, lines, numbers=("id", "tokens", "cost"))
    elif not words:
        app.note("the ledger has no request" + (" of this time" if options.since or options.until else ""))


def _line(row: dict[str, Any], words: Sequence[str]) -> tuple[str, ...]:
    names = ("id", "time", "model", "prompt_tokens", "completion_tokens", "cost", "latency", "exit", "finish")
    dated = periods.dated(row)
    values = [UNKNOWN if dated[name] in (None, "") else str(dated[name]) for name in names]
    return (*values, _excerpt(row, words, LONGEST_EXCERPT))


def _excerpt(row: dict[str, Any], words: Sequence[str], width: int) -> str:
    if row["prompt"] is None:
        return ""
    return excerpt(f"{row['prompt']} → {row['answer']}", words, width)


def _drawn(
    rows: Sequence[dict[str, Any]], words: Sequence[str], width: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return header and rows of a table that is `width` columns wide at most."""
    cells = [_cells(row) for row in rows]
    has_text = any(row["prompt"] is not None for row in rows)
    room, shown = width + BETWEEN, list[str]()
    for title in FIRST:
        size = max(len(title), *(len(row[title]) for row in cells)) if cells and title != "text" else 0
        size = SHORTEST_EXCERPT if title == "text" else size
        if (title != "text" or has_text) and size + BETWEEN <= room:
            shown.append(title)
            room -= size + BETWEEN
    header = tuple(title for title in ORDER if title in shown)
    if "text" in shown:
        wide = min(LONGEST_EXCERPT, SHORTEST_EXCERPT + room)
        for row, kept in zip(cells, rows, strict=True):
            row["text"] = _excerpt(kept, words, wide)
    return header, [tuple(row[title] for title in header) for row in cells]


def _cells(row: dict[str, Any]) -> dict[str, str]:
    tokens = [UNKNOWN if row[f"{name}_tokens"] is None else f"{row[f'{name}_tokens']:,}" for name in PARTS]
    return {
        "id": str(row["id"]),
        "time": LocalCalendar().local(row["time"] / 1000).strftime("%m-%d %H:%M"),
        "model": row["model"],
        "tokens": " + ".join(tokens),
        "cost": "unknown" if row["cost"] is None else dollars(Decimal(row["cost"])),
        "end": (row["finish"] or UNKNOWN) if row["exit"] == 0 else f"exit {row['exit']}",
    }


def _member(value: Any, *, drawn: bool) -> str:
    if drawn and isinstance(value, float):  # a time in seconds
        return f"{value:.3f}"
    return UNKNOWN if value in (None, "") else str(value)


def _write_text(title: str, text: str, app: App) -> None:
    rule = f"── {title} ".ljust(min(app.streams.width, 40), "─")
    dim, off = ("\x1b[2m", "\x1b[0m") if app.color_out else ("", "")
    app.streams.write_out(f"\n{dim}{rule}{off}\n".encode() + to_bytes(visible(text)).rstrip(b"\n") + b"\n")
