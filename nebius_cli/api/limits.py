"""The limits of one exchange, from the settings in force."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from nebius_cli.config.settings import Sourced, number


def limits_of(
    merged: Mapping[str, Sourced], *, patience: float | None = None, retries: int | None = None
) -> "Limits":
    """Return the limits of one exchange as configured.

    `patience` takes the place of the default wait for a first byte, in seconds; `retries` of the setting.
    """
    first_byte = number(merged, "first_byte_timeout")
    if patience is not None and merged["first_byte_timeout"].origin == "default":
        first_byte = patience
    tries = int(number(merged, "retries")) if retries is None else retries
    stall, total = number(merged, "stall_timeout"), number(merged, "timeout")
    return Limits(first_byte, stall, total, tries, int(number(merged, "max_memory")) << 20)


MAX_MEMORY = 256 * 1024 * 1024  # bytes that one answer may take, unless somebody sets max_memory


class Limits(NamedTuple):
    """Time limits in seconds, 0 for none, how often to try again, and the bytes of memory for an answer."""

    first_byte: float
    stall: float
    total: float
    retries: int
    memory: int = MAX_MEMORY

    @property
    def patience(self) -> float:
        """Seconds without any text, whatever else comes: comments, empty frames, blanks."""
        return max(self.first_byte, self.stall) if self.first_byte and self.stall else math.inf
