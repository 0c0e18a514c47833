"""Which environment variables are recognised as misspelled nbx variables."""

import pytest

from nebius_cli.config import merge_settings_layers


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NBX_BUDGETDAILY", "NBX_BUDGET_DAILY"),
        ("NBX_BUDGET_DAYLY", "NBX_BUDGET_DAILY"),
        ("NBX_MODEL", "NEBIUS_MODEL"),
        ("NEBIUS_RETRIES", "NBX_RETRIES"),
        ("NBX_BUDGET_DAILY", ""),
        ("NBX_CONFIG_DIR", ""),
        ("NBX_CACHE_DIR", ""),
        ("NBX_DATA_DIR", ""),
        ("NBX_SOURCE", ""),
        ("BUDGET_DAILY", ""),
    ],
)
def test_a_mistyped_variable_is_recognised(name: str, meant: str) -> None:
    assert merge_settings_layers.misspelled(name) == meant
