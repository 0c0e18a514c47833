"""Defines the flags that limit the speed and the cost of a bulk run."""

from collections.abc import Mapping

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.parse_and_check_values import Field, FieldError, Kind

SPEED = "Speed"
MONEY = "Money"

LIMITS = (
    Field(
        "concurrency",
        Kind.INTEGER,
        "Number of requests at once. Default: as many as the server can handle.",
        SPEED,
        "N",
        low=1,
        high=512,
    ),
    Field("rpm", Kind.INTEGER, "At most N requests per minute.", SPEED, "N", low=1),
    Field("tpm", Kind.INTEGER, "At most N tokens per minute.", SPEED, "N", low=1),
    Field("group", Kind.INTEGER, "Number of rows per request. Default 1.", SPEED, "K", low=1, high=1000),
    Field(
        "max_total_tokens", Kind.INTEGER, "Stop before the run uses more than N tokens.", MONEY, "N", low=1
    ),
)

# The flags about money, which `core/prices_and_costs.py` parses.
COST_FLAGS = (
    Field("max_cost", Kind.TEXT, "Stop before the run costs more than this.", MONEY, "USD"),
    Field(
        "price",
        Kind.TEXT,
        "Prices in USD per million prompt and completion tokens, such as 0.13/0.40.",
        MONEY,
        "IN/OUT",
    ),
)


def parse_limits(given: Mapping[str, str]) -> dict[str, int]:
    """Parse the flags of LIMITS. Raises UsageError."""
    values: dict[str, int] = {}
    for limit in LIMITS:
        if limit.name in given:
            text = given[limit.name]
            try:
                values[limit.name] = int(str(limit.parse([text])))
            except FieldError as error:
                raise UsageError(f"{limit.flag} {text}", f"{limit.name} {error}") from None
    return values
