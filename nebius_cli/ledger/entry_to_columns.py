"""Converts entries to the columns of the requests table, and checks values that are read back.

A database or a pending file may be damaged, or edited by hand. The values that this module returns always
have the types of their columns.
"""

import json
import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from nebius_cli.core.prices_and_costs import MAX_TOKENS, Price, exact, parse_amount
from nebius_cli.ledger.entry import Entry, StoredText

MAX_TIME_MS = 253_402_214_400_000  # 9999-12-31; a later time is invalid
MAX_EXIT = 255

Values = tuple[Any, ...]


def _whole(value: Any, limit: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit else None


_tokens = partial(_whole, limit=MAX_TOKENS)


def _amount(value: Any) -> str | None:
    amount = parse_amount(value)
    return None if amount is None else exact(amount)


def _seconds(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < math.inf else None


def text(value: Any) -> str | None:
    """Return a string unchanged, None for any other value."""
    return value if isinstance(value, str) else None


# Each column after the id, with its guard, which returns None for a value of another type or out of range.
_GUARDS: dict[str, Callable[[Any], Any]] = {
    "time": partial(_whole, limit=MAX_TIME_MS),
    "model": text,
    "exit": partial(_whole, limit=MAX_EXIT),
    "prompt_tokens": _tokens,
    "completion_tokens": _tokens,
    "cached_tokens": _tokens,
    "reasoning_tokens": _tokens,
    "cost": _amount,
    "input_price": _amount,
    "output_price": _amount,
    "cached_price": _amount,
    "latency": _seconds,
    "first_token": _seconds,
    "finish": text,
    "profile": text,
    "host": text,
    "run": text,
    "request_id": text,
}
COLUMNS = ("id", *_GUARDS)
_REQUIRED = ("time", "model", "exit", "finish", "profile", "host", "run", "request_id")
_TEXTS = tuple(name for name, guard in _GUARDS.items() if guard is text)


def of_entry(entry: Entry) -> Values:
    """Return the values of an entry, in the order of COLUMNS without the id.

    Impossible token counts become None, so that a server's mistake does not change the sums.
    """
    usage = entry.usage
    counts = (usage.prompt, usage.completion, usage.cached, usage.reasoning) if usage else (None,) * 4
    return (
        milliseconds(entry.time),
        storable(entry.model),
        int(entry.exit),
        *map(_tokens, counts),
        None if entry.cost is None else exact(entry.cost),
        *_price_texts(entry.price),
        entry.latency,
        entry.first_token,
        *map(storable, (entry.finish, entry.profile, entry.host, entry.run, entry.request_id)),
    )


@lru_cache(maxsize=16)
def _price_texts(price: Price) -> tuple[str | None, ...]:
    """Return the stored form of a price; it is cached, as most rows of a bulk run have the same one."""
    return tuple(None if amount is None else exact(amount) for amount in price)


def from_file(values: Any) -> Values | None:
    """Return values read from a pending file, None if they are not a row. Damaged amounts become unknown."""
    if not isinstance(values, list) or len(values) != len(_GUARDS):
        return None
    row = {name: guard(value) for (name, guard), value in zip(_GUARDS.items(), values, strict=True)}
    if any(row[name] is None for name in _REQUIRED):
        return None
    return tuple(storable(value) if isinstance(value, str) else value for value in row.values())


def text_from_file(value: Any) -> StoredText | None:
    """Return the text of a request from a pending file, None if it is missing or damaged."""
    match value:
        case [str(body), str(query), str(prompt), [*answers]] if all(isinstance(a, str) for a in answers):
            return StoredText(body.encode("utf-8", "replace"), query, prompt, tuple(answers))
    return None


def from_database(row: Sequence[Any]) -> dict[str, Any]:
    """Return a row as a dict by column name. A damaged value becomes None, a damaged string empty."""
    named: dict[str, Any] = {"id": row[0]}
    for (name, guard), value in zip(_GUARDS.items(), row[1:], strict=True):
        named[name] = guard(value)
    for name in _TEXTS:
        named[name] = named[name] or ""
    return named


def text_from_database(row: tuple[Any, ...] | None) -> StoredText | None:
    """Return the text of a request from a row of `texts`, None if it is missing or damaged."""
    match row:
        case (bytes(body), str(query), str(prompt), str(encoded)):
            answers = parse(encoded)
            if isinstance(answers, list) and all(isinstance(answer, str) for answer in answers):
                return StoredText(body, query, prompt, tuple(answers))
    return None


def parse(data: str | bytes) -> Any:
    """Return a JSON value that nbx wrote, of any size; None if it is damaged."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def milliseconds(when: float) -> int:
    """Return a Unix time as the ledger stores it."""
    return round(when * 1000)


def storable(text: str) -> str:
    """Return text with lone surrogates replaced, because UTF-8 cannot encode them."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
