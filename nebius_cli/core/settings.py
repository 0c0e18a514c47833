"""The table of settings, and how their layers merge with the origin of each value kept.

A setting is described by a `Field`, like a request field; every request field is a setting as well, so
that `temperature = 0.2` in the config file is a default for each request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.core.catalog import FIELDS
from nebius_cli.core.errors import ConfigError
from nebius_cli.core.fields import Field, FieldError, Kind, Value
from nebius_cli.core.request import nearest

LONGEST_TIMEOUT = 604_800  # seconds, a week; what the system's clocks can take ends not far above
PROFILES = "profile"  # the table of the config file that holds `[profile.NAME]` tables


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what it takes, the environment variables that give it, in order, and its default."""

    field: Field
    env: tuple[str, ...]
    default: Value | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value and where it came from, in words for `config list`."""

    value: Value
    origin: str


def _seconds(name: str, help: str, default: float) -> Setting:  # noqa: A002 - the Field's own word
    field = Field(name, Kind.NUMBER, help, "Connection", "SECONDS", low=0, high=LONGEST_TIMEOUT)
    return Setting(field, (f"NBX_{name.upper()}",), default)


_REQUEST_ENV = {
    "model": ("NEBIUS_MODEL",),
    "ai_project_id": ("NEBIUS_AI_PROJECT", "NEBIUS_AI_PROJECT_ID"),
}

SETTINGS = (
    Setting(Field("api_key", Kind.TEXT, "Token Factory API key."), ("NEBIUS_API_KEY",), secret=True),
    Setting(
        Field("base_url", Kind.TEXT, "Where the API is, with or without /v1.", "Connection", "URL"),
        ("NEBIUS_BASE_URL",),
        "https://api.tokenfactory.nebius.com/v1",
    ),
    Setting(
        Field("cacert", Kind.TEXT, "File of certificate authorities to trust.", "Connection", "FILE"),
        ("NBX_CACERT",),
    ),
    Setting(
        Field("retries", Kind.INTEGER, "How often to try again after a failure.", "Connection", "N", low=0),
        ("NBX_RETRIES",),
        3,
    ),
    _seconds("connect_timeout", "Longest wait for a connection.", 10),
    # An idle Token Factory request has been seen to wait 100 s for its first byte.
    _seconds("first_byte_timeout", "Longest wait for the first byte of the answer.", 600),
    _seconds("stall_timeout", "Longest silence between two pieces of a stream.", 120),
    _seconds("timeout", "Longest time for everything, retries and all; 0 is no limit.", 0),
    *(Setting(field, _REQUEST_ENV.get(field.name, ())) for field in FIELDS),
)

BY_NAME = {setting.field.name: setting for setting in SETTINGS}


def from_environ(environ: Mapping[str, str]) -> dict[str, Sourced]:
    """Return the settings that environment variables give; an empty variable is as good as none.

    Raises ConfigError naming the variable.
    """
    found: dict[str, Sourced] = {}
    for setting in SETTINGS:
        for name in setting.env:
            if text := environ.get(name, ""):
                try:
                    found[setting.field.name] = Sourced(setting.field.parse([text]), name)
                except FieldError as error:
                    shown = "" if setting.secret else f"={text}"
                    raise ConfigError(f"{name}{shown}", f"{setting.field.name} {error}") from None
                break
    return found


def from_table(table: Mapping[str, Any], origin: str) -> dict[str, Sourced]:
    """Return the settings of one table of a config file. Raises ConfigError naming the key."""
    return {name: Sourced(check(name, value, origin), origin) for name, value in table.items()}


def check(name: str, value: Any, origin: str) -> Value:
    """Return a setting's checked value. Raises ConfigError for an unknown name or a wrong value."""
    try:
        return find(name, origin).field.check(value)
    except FieldError as error:
        raise ConfigError(
            f"{origin}: {name} {error}", "", f"nbx config set {name} VALUE, or unset it"
        ) from None


def find(name: str, origin: str) -> Setting:
    """Return the setting called `name`. Raises ConfigError that names the nearest one."""
    if name in BY_NAME:
        return BY_NAME[name]
    close = nearest(name, tuple(BY_NAME))
    why = f"did you mean {close}?" if close else ""
    raise ConfigError(f"{origin}: there is no setting {name!r}", why, "nbx config list shows all settings")


def merge(layers: Sequence[Mapping[str, Sourced]]) -> dict[str, Sourced]:
    """Return each setting's value from the first of `layers` that has it, the defaults last."""
    defaults = {s.field.name: Sourced(s.default, "default") for s in SETTINGS if s.default is not None}
    merged: dict[str, Sourced] = {}
    for layer in (*layers, defaults):
        for name, sourced in layer.items():
            merged.setdefault(name, sourced)
    return merged
