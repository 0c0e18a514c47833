"""The limits of one request: time, attempts, memory."""

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


MAX_MEMORY_BYTES = 256 * 1024 * 1024  # of one answer, unless the setting max_memory says otherwise


class Limits(NamedTuple):
    """Time limits in seconds, 0 for none; how often to try again; bytes of memory that an answer may take."""

    first_byte: float
    stall: float
    total: float
    retries: int
    memory: int = MAX_MEMORY_BYTES

    @property
    def progress_timeout_s(self) -> float:
        """Seconds without any text, whatever else comes: comments, empty frames, blanks. Or `math.inf`."""
        return max(self.first_byte, self.stall) if self.first_byte and self.stall else math.inf
