"""Searches and sorts models."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from nebius_cli.core.prices_and_costs import add
from nebius_cli.models.model import Model

SORTS = ("id", "context", "price", "created")


def matching(models: Iterable[Model], words: Sequence[str]) -> list[Model]:
    """Return the models whose id, name or features contain every word, ignoring case."""
    wanted = [word.casefold() for text in words for word in text.split()]
    return [model for model in models if all(word in _searched(model) for word in wanted)]


def _searched(model: Model) -> str:
    # On separate lines, so that no word matches across two of them.
    return "\n".join((model.id, model.name or "", *model.features)).casefold()


def ordered(models: Iterable[Model], by: str, *, reverse: bool = False) -> list[Model]:
    """Return models sorted: by id, or cheapest, largest context or newest first; unknown always last."""
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
