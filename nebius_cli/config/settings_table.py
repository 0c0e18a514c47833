"""Defines the table of settings.

A `Field` describes a setting, like a request field. Every request field is also a setting, so that
`temperature = 0.2` in the config file is a default for each request.
"""

import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from nebius_cli.config import headers
from nebius_cli.core import jsontext, urls
from nebius_cli.core.errors_and_exit_codes import ConfigError, UsageError
from nebius_cli.core.secret import Secret
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import Field, FieldError, Kind, Value

USE_PROFILE, PROJECT_FILE = "use_profile", "project_file"  # the settings that choose where others come from
DEFAULT = "default"  # the origin of a default value
BUDGET_DAILY, BUDGET_MONTHLY = "budget.daily", "budget.monthly"
KEY_SETTINGS = ("api_key", "api_key_command", "api_key_keyring")  # the settings that say where the API key is
MAX_TIMEOUT_S = 604_800  # a week; the system's timers do not accept much more
PROFILES = "profile"  # the table of the config file that holds `[profile.NAME]` tables


class Setting(NamedTuple):
    """One setting: its field, its environment variables, the strongest first, and its default.

    `top_level_only`: it selects the tables and files to read, so only the top of the config file may set it.
    `rule` raises FieldError for a value that the field accepts but the setting does not. `hides` removes
    the secret parts of a value. `private`: only its owner may read a file that contains it.
    """

    field: Field
    env: tuple[str, ...]
    default: Value | None = None
    secret: bool = False
    top_level_only: bool = False
    rule: Callable[[Value], None] | None = None
    hides: Callable[[Value], Value] | None = None
    private: bool = False

    def parse(self, text: str) -> Value:
        """Parse the text of a value. Raises FieldError."""
        return self._checked(self.field.parse([text]))

    def check(self, value: object) -> Value:
        """Return a value from TOML or JSON. Raises FieldError if it is not valid."""
        return self._checked(self.field.check(value))

    def shown(self, value: Value | Secret) -> Value:
        """Return a value, valid or not, with secrets hidden."""
        if self.secret or isinstance(value, Secret):
            return "***"
        return self.hides(value) if self.hides else value

    def as_text(self, value: Value) -> str:
        """Return the result of `shown` as text for a message."""
        shown = self.shown(value)
        return ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown)

    def _checked(self, value: Value) -> Value:
        if self.rule:
            self.rule(value)
        return value


class Sourced(NamedTuple):
    """A value and its origin, as `nbx config list` shows it."""

    value: Value | Secret
    origin: str


def _is_address(value: Value) -> None:
    try:
        urls.parse_base_url(str(value))
    except ConfigError as error:
        raise FieldError(error.why.removeprefix("it ")) from None


def _is_command(value: Value) -> None:
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise FieldError(f"cannot be split into words: {str(error).lower()}") from None
    if not words:
        raise FieldError("must name a program")


def _program(value: Value) -> Value:
    """Return the first word of a command: the others may hold a secret."""
    words = value if isinstance(value, list) else str(value).split()
    return " ".join([*map(str, words[:1]), *(["…"] if len(words) > 1 else [])])


def _is_positive(value: Value) -> None:
    if value == 0:
        raise FieldError("must be more than 0; unset it for no limit")


def _budget(name: str, period: str) -> Setting:
    help_text = f"{period} spending limit in USD: nbx warns at 80 % and refuses requests at 100 %."
    field = Field(name, Kind.NUMBER, help_text, "Ledger", "USD", low=0)
    return Setting(field, (f"NBX_{name.upper().replace('.', '_')}",), rule=_is_positive)


def _seconds(name: str, help: str, default: float) -> Setting:  # noqa: A002 - the name that Field uses
    field = Field(name, Kind.SECONDS, help, "Connection", "SECONDS", low=0, high=MAX_TIMEOUT_S)
    return Setting(field, (f"NBX_{name.upper()}",), default)


_REQUEST_ENV = {"model": ("NEBIUS_MODEL",), "ai_project_id": ("NEBIUS_AI_PROJECT", "NEBIUS_AI_PROJECT_ID")}

SETTINGS = (
    Setting(Field("api_key", Kind.TEXT, "Token Factory API key."), ("NEBIUS_API_KEY",), secret=True),
    Setting(
        Field("api_key_command", Kind.TEXTS, "Program that prints the API key, with its arguments."),
        ("NBX_API_KEY_COMMAND",),
        rule=_is_command,
        hides=_program,
    ),
    Setting(
        Field("api_key_keyring", Kind.TEXT, "Name of the key in the system keyring; nbx auth login sets it."),
        (),
    ),
    Setting(
        Field("base_url", Kind.TEXT, "Address of the API, with or without /v1.", "Connection", "URL"),
        ("NEBIUS_BASE_URL",),
        "https://api.tokenfactory.nebius.com/v1",
        rule=_is_address,
        hides=lambda value: urls.strip_credentials_and_query(str(value)),
    ),
    Setting(
        Field("cacert", Kind.TEXT, "Trust the certificate authorities in this file.", "Connection", "FILE"),
        ("NBX_CACERT",),
    ),
    Setting(
        Field(
            "headers",
            Kind.TEXTS,
            "Add a header to each request, such as 'X-Team: search'; repeatable.",
            "Connection",
            "HEADER",
            flag_name="header",
        ),
        ("NBX_HEADERS",),
        rule=headers.check,
        hides=headers.hidden,
        private=True,
    ),
    Setting(
        Field(
            "retries", Kind.INTEGER, "Maximum number of retries after a failure.", "Connection", "N", low=0
        ),
        ("NBX_RETRIES",),
        3,
    ),
    _seconds("connect_timeout", "Time limit for connecting.", 10),
    # An idle Token Factory request has been seen to wait 100 s for its first byte.
    _seconds("first_byte_timeout", "Time limit for the first byte of the answer.", 600),
    _seconds("stall_timeout", "Time limit between two pieces of a streamed answer.", 120),
    _seconds("timeout", "Time limit for the whole request with all retries; 0 means no limit.", 0),
    Setting(
        Field(
            "max_memory",
            Kind.INTEGER,
            "Memory limit for one answer; a larger answer is cut off.",
            "Connection",
            "MIB",
            low=1,
        ),
        ("NBX_MAX_MEMORY",),
        256,
    ),
    *(Setting(field, _REQUEST_ENV.get(field.name, ())) for field in FIELDS),
    Setting(
        Field(
            "ledger", Kind.BOOLEAN, "Record tokens, cost and time of each request, never its text.", "Ledger"
        ),
        ("NBX_LEDGER",),
        default=True,
    ),
    Setting(
        Field("history.text", Kind.BOOLEAN, "Also store prompts and answers, for nbx history.", "Ledger"),
        ("NBX_HISTORY_TEXT",),
    ),
    _budget(BUDGET_DAILY, "Daily"),
    _budget(BUDGET_MONTHLY, "Monthly"),
    Setting(
        Field("use_profile", Kind.TEXT, "Profile to use, - for none; nbx profile use sets it."),
        ("NBX_PROFILE",),
        top_level_only=True,
    ),
    Setting(
        Field(
            "project_file",
            Kind.BOOLEAN,
            "Read request fields from a .nbx.toml in the current directory or above it.",
        ),
        ("NBX_PROJECT_FILE",),
        top_level_only=True,
    ),
)

BY_NAME = {setting.field.name: setting for setting in SETTINGS}
# `budget.daily` is the entry `daily` of the table `[budget]`.
TABLES = frozenset(name.partition(".")[0] for name in BY_NAME if "." in name)


def entries(table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Yield the name, key path and value of each setting in a TOML table."""
    for key, value in table.items():
        if key in TABLES and isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", (key, inner), below) for inner, below in value.items())
        else:
            yield key, (key,), value


def keys_of(name: str) -> tuple[str, ...]:
    """Return the key path of a setting in a TOML table."""
    return tuple(name.split(".")) if name.partition(".")[0] in TABLES else (name,)


def nearest_name(name: str, names: Collection[str]) -> str:
    """Return the setting of `names` that an unknown name most likely means, empty if none is similar."""
    for setting in SETTINGS:
        if name in setting.env and setting.field.name in names:
            return setting.field.name
    return nearest(name.lower(), tuple(names))


def find(name: str) -> Setting:
    """Return the setting that the user named. Raises UsageError, which suggests the nearest name."""
    known = name.replace("-", "_")
    if known in BY_NAME:
        return BY_NAME[known]
    close = nearest_name(known, BY_NAME)
    why = f"did you mean {close}?" if close else ""
    raise UsageError(f"no setting {name!r}", why, "nbx config list --all shows every setting")


# How a JSON list begins, unlike a single text such as [END].
_JSON_TEXTS = r'\[\s*["\]0-9]'


def parse(setting: Setting, text: str) -> Value:
    """Parse the value that was typed for a setting. Raises UsageError, in which secrets are hidden."""
    try:
        if setting.field.kind is Kind.TEXTS and re.match(_JSON_TEXTS, text):
            return setting.check(jsontext.decode(text))
        return setting.parse(text)
    except ValueError as error:  # the base class of FieldError and of JSON errors
        name = setting.field.name
        raise UsageError(f"{name} {setting.as_text(text)}", f"{name} {error}") from None


def as_secret(setting: Setting, value: Value) -> Value | Secret:
    """Return a value, wrapped in a Secret if the setting is secret."""
    return Secret(str(value)) if setting.secret else value


def parse_flags(given: Mapping[str, str | bool | list[str]]) -> dict[str, Value]:
    """Return the settings that were given as flags. Raises UsageError."""
    values: dict[str, Value] = {}
    for name, typed in given.items():
        setting = BY_NAME[name]
        try:
            values[name] = setting.parse(typed) if isinstance(typed, str) else setting.check(typed)
        except FieldError as error:
            raise UsageError(f"{setting.field.flag} {setting.as_text(typed)}", f"{name} {error}") from None
    return values
