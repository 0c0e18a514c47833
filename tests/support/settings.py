"""Builds the settings of a run without config files and environment variables."""

from nebius_cli.config import run_settings
from nebius_cli.config.merge_settings_layers import EffectiveSettings, Layer
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings_table import Sourced
from nebius_cli.core.secret import Secret
from nebius_cli.request.parse_and_check_values import Value


def resolved(values: dict[str, Value | Secret] | None = None) -> RunSettings:
    """Return the settings of a run whose config file sets `values`."""
    layer = Layer({name: Sourced(value, "config") for name, value in (values or {}).items()})
    return run_settings.resolve(EffectiveSettings((layer,)))
