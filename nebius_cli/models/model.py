"""Decodes the entries of GET /v1/models?verbose=true.

Any member of an entry may be missing, null or of another type; it is then unknown. A price is 0 only if the
server says "0".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nebius_cli.core.errors_and_exit_codes import ServerError
from nebius_cli.core.jsontext import object_of
from nebius_cli.core.prices_and_costs import UNKNOWN_PRICE, Price, parse_amount

# The context length in answers of Token Factory, vLLM and LiteLLM.
CONTEXT_NAMES = ("context_length", "max_model_len", "max_input_tokens")
# Ids that need no quotes in any shell; the completion scripts make the same check.
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}"


class Model(NamedTuple):
    """One entry. None means unknown; `raw` is the entry as the server sent it."""

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
        raise ServerError("the answer to GET /models lists no models", "its member data is not a list")
    found: dict[str, Model] = {}
    for entry in entries:
        if isinstance(entry, dict) and (name := _text(entry.get("id"))):
            found.setdefault(name, _decode_entry(name, entry))
    return list(found.values())


def _decode_entry(name: str, entry: Mapping[str, Any]) -> Model:
    limits = object_of(entry.get("per_request_limits"))
    features = entry.get("supported_features")
    texts = [text for text in features if isinstance(text, str)] if isinstance(features, list) else []
    return Model(
        name,
        entry,
        name=_text(entry.get("name")),
        context=next(filter(None, (_count(entry.get(name)) for name in CONTEXT_NAMES)), None),
        price=_price(entry),
        requests_per_minute=_count(limits.get("requests_per_minute")),
        tokens_per_minute=_count(limits.get("tokens_per_minute")),
        features=tuple(dict.fromkeys(texts)),
        modality=_text(object_of(entry.get("architecture")).get("modality")),
        quantization=_text(entry.get("quantization")),
        status=_text(entry.get("status")),
        created=_count(entry.get("created")),
    )


def _price(entry: Mapping[str, Any]) -> Price:
    pricing = object_of(entry.get("pricing"))
    return Price(*(parse_amount(pricing.get(name)) for name in ("prompt", "completion", "input_cache_read")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < 1e15 else None  # false for NaN and infinities


def completable(ids: Iterable[str]) -> list[str]:
    """Return the ids that shell completion can offer: those that need no quotes."""
    return [name for name in ids if re.fullmatch(_PLAIN, name)]


def price_from_answer(answer: Any, model: str) -> Price:
    """Return the price of one model in an answer to GET /models, without decoding the other models."""
    entries = answer.get("data") if isinstance(answer, dict) else answer
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id") == model:
            return _price(entry)
    return UNKNOWN_PRICE
