"""The limits of one exchange, from the settings in force."""

from collections.abc import Mapping

from nebius_cli.config.settings import Sourced, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.api.exchange import Limits


def limits_of(
    merged: Mapping[str, Sourced], *, patience: float | None = None, retries: int | None = None
) -> "Limits":
    """Return the limits of one exchange as configured.

    `patience` takes the place of the default wait for a first byte, in seconds; `retries` of the setting.
    """
    from nebius_cli.api.exchange import Limits  # brings urllib3

    first_byte = number(merged, "first_byte_timeout")
    if patience is not None and merged["first_byte_timeout"].origin == "default":
        first_byte = patience
    tries = int(number(merged, "retries")) if retries is None else retries
    stall, total = number(merged, "stall_timeout"), number(merged, "timeout")
    return Limits(first_byte, stall, total, tries, int(number(merged, "max_memory")) << 20)
