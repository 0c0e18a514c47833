"""Formats everything that is known about one model, as a JSON object or as names and values."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.prices_and_costs import per_million
from nebius_cli.core.short_text import UNKNOWN
from nebius_cli.models.model import CONTEXT_NAMES, Model


def date(created: int | None) -> str:
    """Return the date of a Unix time, in UTC."""
    try:
        return UNKNOWN if created is None else datetime.fromtimestamp(created, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def to_json(model: Model) -> dict[str, Any]:
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


def rows(model: Model) -> list[tuple[str, str]]:
    """Return all that is known about a model as names and values, the server's other members last."""
    known = [
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
    shown = {*CONTEXT_NAMES, "supported_features", "object", "pricing.prompt", "pricing.completion"}
    shown |= {"pricing.input_cache_read", "per_request_limits.requests_per_minute"}
    shown |= {"per_request_limits.tokens_per_minute", *(name for name, _ in known)}
    return known + [(name, text) for name, text in _members(model.raw) if name not in shown]


def _members(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in raw.items():
        below = jsontext.object_of(value)
        yield from ((f"{name}.{key}", _as_text(inner)) for key, inner in below.items())
        if not below and value not in (None, "", [], {}):
            yield name, _as_text(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode("utf-8")


def _plain_count(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)


def _price_text(price: Decimal | None) -> str:
    return UNKNOWN if price is None else f"{per_million(price)} USD per million tokens"
