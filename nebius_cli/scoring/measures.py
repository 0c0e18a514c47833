"""The measures by which candidates are compared, and which of them wins."""

from collections.abc import Callable, Mapping, Sequence

from nebius_cli.scoring.likelihood import Score

# The measures by which a candidate can win; the first one orders the list.
MEASURES: Mapping[str, Callable[[Score], float]] = {
    "total": lambda score: score.log_likelihood,
    "per_token": lambda score: score.per_token,
    "per_byte": lambda score: score.per_byte,
}


def likeliest(values: Sequence[float]) -> int:
    """Return the place of the highest value, of equals the first."""
    return values.index(max(values))
