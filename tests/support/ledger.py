"""Opens the ledger of a test run, reads its rows and adds requests to it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from nebius_cli.core.prices_and_costs import Price
from nebius_cli.ledger.entry import Entry, StoredText, cost_of
from nebius_cli.ledger.ledger_database import NAME, Ledger
from nebius_cli.ledger.periods import Period
from nebius_cli.response.answer_events import Usage
from tests.support.run import Runner

PRICE = Price(Decimal("0.00000006"), Decimal("0.00000024"))


def ledger_of(nbx: Runner) -> Ledger:
    """Return the ledger that this nbx writes."""
    return Ledger(Path(nbx.environ["NBX_DATA_DIR"]) / NAME)


def rows_of(nbx: Runner) -> list[dict[str, object]]:
    """Return all rows of the ledger, oldest first."""
    ledger = ledger_of(nbx)
    rows = list(ledger.rows(Period()))
    ledger.close()
    return rows


def keep(nbx: Runner, *entries: Entry) -> None:
    """Add entries to the ledger."""
    ledger = ledger_of(nbx)
    ledger.append(entries)
    ledger.close()


def entry(at: float, model: str = "a/model", tokens: int = 100, **more: Any) -> Entry:
    """Return a request at this Unix time, with PRICE and the cost that results unless others are given."""
    usage = Usage(tokens, 10, tokens + 10)
    known = Entry(at, model, 0, usage, PRICE, cost_of(usage, PRICE), 0.5, 0.1, "stop", host="h")
    return known._replace(**more)


def text(prompt: str, *answers: str) -> StoredText:
    """Return a stored text."""
    body = f'{{"model":"a/model","prompt":"{prompt}","stream":true}}'.encode()
    return StoredText(body, "", prompt, answers)
