"""Resolves the settings of one run to typed values, with the origins that messages name."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from nebius_cli.config import headers
from nebius_cli.config.merge_settings_layers import EffectiveSettings
from nebius_cli.config.settings_table import Sourced
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.system import certificate_paths
from nebius_cli.system.paths import expand


class Origins(NamedTuple):
    """The origins of the settings with these names, as text for messages; None if a setting is not set."""

    base_url: str
    cacert: str | None
    first_byte_timeout: str
    model: str | None


class RunSettings(NamedTuple):
    """Every setting of this run. Times are in seconds, 0 means no limit; None means not set.

    The attributes have the names of the settings, with `_` for a dot. `request_fields` are the configured
    request fields, `key_layers` the settings that say where a key is, layer by layer, the strongest first.
    """

    base_url: str
    cacert: str | None
    headers: Mapping[str, Secret]
    retries: int
    connect_timeout: float
    first_byte_timeout: float
    stall_timeout: float
    timeout: float
    max_memory: int  # MiB
    ledger: bool
    history_text: bool
    budget_daily: float | None  # USD
    budget_monthly: float | None  # USD
    model: str | None
    ai_project_id: str | None
    profile: str | None
    request_fields: Mapping[str, Value]
    key_layers: tuple[Mapping[str, Sourced], ...]
    origins: Origins

    @property
    def has_budget(self) -> bool:
        """Whether a budget is set."""
        return self.budget_daily is not None or self.budget_monthly is not None

    def fields_without(self, names: Collection[str]) -> dict[str, Value]:
        """Return the configured request fields except those named."""
        return {name: value for name, value in self.request_fields.items() if name not in names}

    def ca_file(self, environ: Mapping[str, str]) -> str | None:
        """Return the file or folder of certificate authorities to trust, None to let nbx choose.

        SSL_CERT_FILE and SSL_CERT_DIR are used only if REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE are not set, and
        are returned as one list, as in SSL_CERT_DIR.
        """
        if self.cacert is not None:
            return expand(self.cacert, environ)
        if environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE"):
            return None
        return (
            certificate_paths.join(environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")) or None
        )

    def curl_authorities(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """Return the file and the folders of authorities to pass to curl, each empty if there is none."""
        return certificate_paths.split(self.ca_file(environ) or environ.get("REQUESTS_CA_BUNDLE", ""))


def resolve(effective: EffectiveSettings) -> RunSettings:
    """Return the effective settings. Problems are ignored: an invalid value counts as not set."""
    values = effective.values

    def text(name: str) -> str:
        return str(values[name].value)

    def number(name: str) -> float:
        value = values[name].value
        return value if isinstance(value, int | float) else 0.0

    def is_on(name: str) -> bool:
        return name in values and values[name].value is True

    def origin(name: str) -> str | None:
        return values[name].origin if name in values else None

    profile = effective.profile
    return RunSettings(
        base_url=text("base_url"),
        cacert=text("cacert") if "cacert" in values else None,
        headers=headers.merged(
            value
            for layer in effective.layers
            if "headers" in layer.values and not isinstance(value := layer.values["headers"].value, Secret)
        ),
        retries=int(number("retries")),
        connect_timeout=number("connect_timeout"),
        first_byte_timeout=number("first_byte_timeout"),
        stall_timeout=number("stall_timeout"),
        timeout=number("timeout"),
        max_memory=int(number("max_memory")),
        ledger=is_on("ledger"),
        history_text=is_on("history.text"),
        budget_daily=number("budget.daily") if "budget.daily" in values else None,
        budget_monthly=number("budget.monthly") if "budget.monthly" in values else None,
        model=text("model") if "model" in values else None,
        ai_project_id=text("ai_project_id") if "ai_project_id" in values else None,
        profile=None if profile is None else str(profile.value),
        request_fields=_request_fields(values),
        key_layers=effective.key_layers,
        origins=Origins(
            base_url=values["base_url"].origin,
            cacert=origin("cacert"),
            first_byte_timeout=values["first_byte_timeout"].origin,
            model=origin("model"),
        ),
    )


def _request_fields(values: Mapping[str, Sourced]) -> dict[str, Value]:
    return {
        field.name: value
        for field in FIELDS
        if field.name in values and not isinstance(value := values[field.name].value, Secret)
    }
