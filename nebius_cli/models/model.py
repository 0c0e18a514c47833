"""The model list: entries of GET /v1/models?verbose=true → `Model`, and how they are found and ordered.

Nothing here trusts the server: every member may be missing, null, or of another type, and what is not
known stays unknown. A price is 0 only where the server says "0".
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
from nebius_cli.core.money import Price, PriceList, Prices, parse_price, plain

SORTS = ("id", "context", "price", "created")

# Ids that stand unquoted in any shell; the completion scripts check the same.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Model:
    """One entry. None is unknown; prices are USD per token; `raw` is the entry as it came."""

    id: str
    raw: Mapping[str, Any]
    name: str | None = None
    context: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cached_price: Decimal | None = None
    requests: int | None = None  # per minute
    tokens: int | None = None  # per minute
    features: tuple[str, ...] = ()
    modality: str | None = None
    quantization: str | None = None
    status: str | None = None
    created: int | None = None


def decode(value: Any) -> list[Model]:
    """Return the models of a whole answer, each id once. Raises ServerError where it is no list."""
    entries = value.get("data") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise ServerError("the answer to GET /models lists no models", "it has no list under data")
    found: dict[str, Model] = {}
    for entry in entries:
        if isinstance(entry, dict) and (name := _text(entry.get("id"))):
            found.setdefault(name, _decode_entry(name, entry))
    return list(found.values())


def _decode_entry(name: str, entry: Mapping[str, Any]) -> Model:
    pricing, limits = _object(entry.get("pricing")), _object(entry.get("per_request_limits"))
    features = entry.get("supported_features")
    texts = [text for text in features if isinstance(text, str)] if isinstance(features, list) else []
    return Model(
        name,
        entry,
        name=_text(entry.get("name")),
        context=_count(entry.get("context_length")),
        input_price=parse_price(pricing.get("prompt")),
        output_price=parse_price(pricing.get("completion")),
        cached_price=parse_price(pricing.get("input_cache_read")),
        requests=_count(limits.get("requests_per_minute")),
        tokens=_count(limits.get("tokens_per_minute")),
        features=tuple(dict.fromkeys(texts)),
        modality=_text(_object(entry.get("architecture")).get("modality")),
        quantization=_text(entry.get("quantization")),
        status=_text(entry.get("status")),
        created=_count(entry.get("created")),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < 1e15 else None  # neither NaN nor an infinity is between the two


def per_million(price: Decimal | None) -> str:
    """Return a price in USD per million tokens, every digit of it."""
    return UNKNOWN if price is None else plain(price.scaleb(6))


def date(created: int | None) -> str:
    """Return the day of a Unix time."""
    try:
        return UNKNOWN if created is None else datetime.fromtimestamp(created, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def record(model: Model) -> dict[str, Any]:
    """Return what `--json` says of a model. Prices are USD per million tokens; null is unknown."""

    def number(price: Decimal | None) -> float | None:
        return None if price is None else float(price.scaleb(6))

    return {
        "id": model.id,
        "name": model.name,
        "context": model.context,
        "price": {
            "input": number(model.input_price),
            "output": number(model.output_price),
            "cached_input": number(model.cached_price),
        },
        "limits": {"requests_per_minute": model.requests, "tokens_per_minute": model.tokens},
        "features": list(model.features),
        "modality": model.modality,
        "quantization": model.quantization,
        "status": model.status,
        "created": model.created,
        "raw": model.raw,
    }


def details(model: Model) -> list[tuple[str, str]]:
    """Return everything that is known of a model as names and values, the server's other members last."""
    rows = [
        ("id", model.id),
        ("name", model.name or UNKNOWN),
        ("context", _digits(model.context)),
        ("input_price", _dollars(model.input_price)),
        ("output_price", _dollars(model.output_price)),
        ("cached_input_price", _dollars(model.cached_price)),
        ("requests_per_minute", _digits(model.requests)),
        ("tokens_per_minute", _digits(model.tokens)),
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
        yield from ((f"{name}.{key}", _shown(inner)) for key, inner in below.items())
        if not below and value not in (None, "", [], {}):
            yield name, _shown(value)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")


def _digits(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)


def _dollars(price: Decimal | None) -> str:
    return UNKNOWN if price is None else f"{per_million(price)} USD per million tokens"


def matching(models: Iterable[Model], words: Sequence[str]) -> list[Model]:
    """Return the models that hold every word in id, name or a feature, upper or lower case."""
    wanted = [word.casefold() for text in words for word in text.split()]
    return [model for model in models if all(word in _searched(model) for word in wanted)]


def _searched(model: Model) -> str:
    # A line each, so that no word matches across two of them.
    return "\n".join((model.id, model.name or "", *model.features)).casefold()


def ordered(models: Iterable[Model], by: str, *, reverse: bool = False) -> list[Model]:
    """Return models in order: cheapest, largest context or newest first; the unknown last, whichever way."""
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
        known = model.input_price is not None and model.output_price is not None
        return (model.input_price or Decimal()) + (model.output_price or Decimal()) if known else None
    value = model.context if by == "context" else model.created
    return None if value is None else -value


def completable(ids: Iterable[str]) -> list[str]:
    """Return the ids that a shell can be offered: those that no shell reads as anything else."""
    return [name for name in ids if _PLAIN.fullmatch(name)]


def price_in(answer: Any, model: str) -> Price:
    """Return the price of a model in an answer to GET /models, unknown where it does not say one."""
    entries = answer.get("data") if isinstance(answer, dict) else answer
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id") == model:
            pricing = entry.get("pricing")
            prices: Mapping[str, Any] = pricing if isinstance(pricing, dict) else {}
            return Price(*(parse_price(prices.get(n)) for n in ("prompt", "completion", "input_cache_read")))
    return Price()


def price_list(listed: Iterable[Model]) -> PriceList:
    """Return the prices of those models that have them."""
    return PriceList(
        {
            model.id: Prices(model.input_price, model.output_price, model.cached_price)
            for model in listed
            if model.input_price is not None and model.output_price is not None
        }
    )
