"""Decodes, searches and sorts the entries of GET /v1/models?verbose=true.

Any member of an entry may be missing, null or of another type; it is then unknown. A price is 0 only if the
server says "0".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import ServerError
from nebius_cli.core.format import UNKNOWN
from nebius_cli.core.money import UNKNOWN_PRICE, Price, PriceList, add, parse_amount, per_million

SORTS = ("id", "context", "price", "created")

# Ids that no shell needs quotes for; the completion scripts check the same.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Model:
    """One entry. None is unknown; `raw` is the entry as the server sent it."""

    id: str
    raw: Mapping[str, Any]
    name: str | None = None
    context: int | None = None
    price: Price = UNKNOWN_PRICE
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    features: tuple[str, ...] = ()
    modality: str | None = None
    quantization: str | None = None
    status: str | None = None
    created: int | None = None


def decode(value: Any) -> list[Model]:
    """Return the models in an answer, each id once. Raises ServerError if the answer is not a list."""
    entries = value.get("data") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise ServerError("the answer to GET /models lists no models", "it has no list under data")
    found: dict[str, Model] = {}
    for entry in entries:
        if isinstance(entry, dict) and (name := _text(entry.get("id"))):
            found.setdefault(name, _decode_entry(name, entry))
    return list(found.values())


def _decode_entry(name: str, entry: Mapping[str, Any]) -> Model:
    limits = _object(entry.get("per_request_limits"))
    features = entry.get("supported_features")
    texts = [text for text in features if isinstance(text, str)] if isinstance(features, list) else []
    return Model(
        name,
        entry,
        name=_text(entry.get("name")),
        context=_count(entry.get("context_length")),
        price=_price(entry),
        requests_per_minute=_count(limits.get("requests_per_minute")),
        tokens_per_minute=_count(limits.get("tokens_per_minute")),
        features=tuple(dict.fromkeys(texts)),
        modality=_text(_object(entry.get("architecture")).get("modality")),
        quantization=_text(entry.get("quantization")),
        status=_text(entry.get("status")),
        created=_count(entry.get("created")),
    )


def _price(entry: Mapping[str, Any]) -> Price:
    pricing = _object(entry.get("pricing"))
    return Price(*(parse_amount(pricing.get(name)) for name in ("prompt", "completion", "input_cache_read")))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < 1e15 else None  # false for NaN and infinities


def date(created: int | None) -> str:
    """Return the date of a Unix time, in UTC."""
    try:
        return UNKNOWN if created is None else datetime.fromtimestamp(created, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def record(model: Model) -> dict[str, Any]:
    """Return the JSON object for a model. Prices are USD per million tokens; null is unknown."""

    def number(price: Decimal | None) -> float | None:
        return None if price is None else float(price.scaleb(6))

    return {
        "id": model.id,
        "name": model.name,
        "context": model.context,
        "price": {
            "input": number(model.price.input),
            "output": number(model.price.output),
            "cached_input": number(model.price.cached),
        },
        "limits": {
            "requests_per_minute": model.requests_per_minute,
            "tokens_per_minute": model.tokens_per_minute,
        },
        "features": list(model.features),
        "modality": model.modality,
        "quantization": model.quantization,
        "status": model.status,
        "created": model.created,
        "raw": model.raw,
    }


def details(model: Model) -> list[tuple[str, str]]:
    """Return all that is known about a model as names and values, the server's other members last."""
    rows = [
        ("id", model.id),
        ("name", model.name or UNKNOWN),
        ("context", _plain_count(model.context)),
        ("input_price", _price_text(model.price.input)),
        ("output_price", _price_text(model.price.output)),
        ("cached_input_price", _price_text(model.price.cached)),
        ("requests_per_minute", _plain_count(model.requests_per_minute)),
        ("tokens_per_minute", _plain_count(model.tokens_per_minute)),
        ("features", ", ".join(model.features) or UNKNOWN),
        ("status", model.status or UNKNOWN),
        ("created", date(model.created)),
    ]
    shown = {"context_length", "supported_features", "object", "pricing.prompt", "pricing.completion"}
    shown |= {"pricing.input_cache_read", "per_request_limits.requests_per_minute"}
    shown |= {"per_request_limits.tokens_per_minute", *(name for name, _ in rows)}
    return rows + [(name, text) for name, text in _members(model.raw) if name not in shown]


def _members(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in raw.items():
        below = value if isinstance(value, dict) else {}
        yield from ((f"{name}.{key}", _as_text(inner)) for key, inner in below.items())
        if not below and value not in (None, "", [], {}):
            yield name, _as_text(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")


def _plain_count(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)


def _price_text(price: Decimal | None) -> str:
    return UNKNOWN if price is None else f"{per_million(price)} USD per million tokens"


def matching(models: Iterable[Model], words: Sequence[str]) -> list[Model]:
    """Return the models whose id, name or features contain every word, ignoring case."""
    wanted = [word.casefold() for text in words for word in text.split()]
    return [model for model in models if all(word in _searched(model) for word in wanted)]


def _searched(model: Model) -> str:
    # On separate lines, so that no word matches across two of them.
    return "\n".join((model.id, model.name or "", *model.features)).casefold()


def ordered(models: Iterable[Model], by: str, *, reverse: bool = False) -> list[Model]:
    """Return models sorted: by id, or cheapest, largest context or newest first; unknown ones always last."""
    listed = sorted(models, key=lambda model: (model.id.casefold(), model.id))
    if by == "id":
        return listed[::-1] if reverse else listed
    keys: list[tuple[float | Decimal, Model]] = []
    unknown: list[Model] = []
    for model in listed:
        key = _rank(model, by)
        if key is None:
            unknown.append(model)
        else:
            keys.append((key, model))
    return [model for _, model in sorted(keys, key=lambda pair: pair[0], reverse=reverse)] + unknown


def _rank(model: Model, by: str) -> float | Decimal | None:
    if by == "price":
        return add(model.price.input, model.price.output)
    value = model.context if by == "context" else model.created
    return None if value is None else -value


def completable(ids: Iterable[str]) -> list[str]:
    """Return the ids that shell completion can offer: those that need no quotes."""
    return [name for name in ids if _PLAIN.fullmatch(name)]


def price_in(answer: Any, model: str) -> Price:
    """Return the price of one model in an answer to GET /models, without decoding the other models."""
    entries = answer.get("data") if isinstance(answer, dict) else answer
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id") == model:
            return _price(entry)
    return UNKNOWN_PRICE


def price_list(listed: Iterable[Model]) -> PriceList:
    """Return the price of each model."""
    return PriceList({model.id: model.price for model in listed})
