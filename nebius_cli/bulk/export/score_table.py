"""Makes the table of an export of scores, as lines of CSV or rows of Parquet."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from nebius_cli.bulk.export.choice_rows import COST_DECIMALS, COST_DIGITS, Row, count_of, text_of, usage_of
from nebius_cli.bulk.export.score_rows import score_rows

_OF_MODEL = (
    *("model", "log_likelihood", "tokens", "tokens_scored", "bytes_scored"),
    *("per_token", "per_character", "per_byte", "perplexity", "bits_per_byte"),
    *("tokens_floored", "spanning_token"),
    *("wins_total", "wins_per_token", "wins_per_character", "wins_per_byte"),
    *("acc", "acc_norm", "acc_bytes"),
)
# A table has only the columns that at least one of its rows has.
COLUMNS = (
    *("id", "index", "choice", "text", "is_gold"),
    *_OF_MODEL,
    *(f"against_{name}" for name in _OF_MODEL),
    *("difference", "difference_per_byte", "kl_tokens", "kl_at_least", "kl_tail", "kl_tail_against"),
    *("error", "prompt_tokens", "completion_tokens", "cost"),
)
_TEXTS = ("id", "text", "model", "against_model", "spanning_token", "against_spanning_token", "error")
_COUNTS = ("index", "choice", "is_gold", "tokens", "bytes_", "wins_", "acc", "prompt_", "completion_")


def columns_of(records: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the columns of a table of these records."""
    found = {name for record in records for row in score_rows(record) for name in row}
    return tuple(name for name in COLUMNS if name in found)


def cells_of(record: Mapping[str, Any], columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """Yield the cells of each row of a record; None is an empty cell."""
    for row in score_rows(record):
        yield tuple(row.get(name) for name in columns)


def parquet_rows(record: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Row]:
    """Yield rows whose values fit the columns; a lone surrogate in a text becomes U+FFFD."""
    for row in score_rows(record):
        yield {name: _FITTING[name](row.get(name)) for name in columns}


def parquet_schema(columns: Sequence[str]) -> Callable[[Any], Any]:
    """Return a function that gets the module pyarrow and returns the schema of the columns."""
    return lambda pa: pa.schema([(name, _type(pa, _kind(name))) for name in columns])


def _kind(name: str) -> str:
    """Return the name of pyarrow's function for the type of a column."""
    if name in _TEXTS:
        return "string"
    if name == "cost":
        return "decimal128"
    own = name.removeprefix("against_").removeprefix("kl_")
    return "int64" if own.startswith(_COUNTS) else "float64"


def _type(pa: Any, kind: str) -> Any:
    return pa.decimal128(COST_DIGITS, COST_DECIMALS) if kind == "decimal128" else getattr(pa, kind)()


_FITTING_KIND: Mapping[str, Callable[[Any], Any]] = {
    "string": lambda value: text_of(str(value) if type(value) is int else value),
    "int64": count_of,
    "float64": lambda value: float(value) if type(value) in (int, float) else None,
    "decimal128": lambda value: usage_of({"cost": value})["cost"],
}
_FITTING = {name: _FITTING_KIND[_kind(name)] for name in COLUMNS}
