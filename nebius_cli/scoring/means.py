"""Computes means with their standard errors, also for the paired values of two models."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of the mean: the sample standard deviation / sqrt(n); None for one value."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def mean_with_error(values: Sequence[float]) -> str:
    """Return the mean with its standard error as text: `0.5300 ± 0.0354`."""
    error = standard_error(values)
    mean = f"{math.fsum(values) / len(values):.4f}"
    return mean if error is None else f"{mean} ± {error:.4f}"


def means_with_errors(values: Mapping[str, Sequence[float]]) -> dict[str, float | None]:
    """Return the mean for each name, and the standard error as `NAME_stderr`, which is None for one value."""
    found: dict[str, float | None] = {}
    for name, own in values.items():
        found |= {name: math.fsum(own) / len(own), f"{name}_stderr": standard_error(own)}
    return found


class PairedValues(NamedTuple):
    """The values of two models over the same questions, by name, and their differences."""

    firsts: Mapping[str, Sequence[float]]
    seconds: Mapping[str, Sequence[float]]
    differences: Mapping[str, Sequence[float]]


def paired_values(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> PairedValues:
    """Split pairs into the values of each model, and add their differences."""
    return PairedValues(
        {name: [one for one, _ in found] for name, found in pairs.items()},
        {name: [other for _, other in found] for name, found in pairs.items()},
        {name: [one - other for one, other in found] for name, found in pairs.items()},
    )
