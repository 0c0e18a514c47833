"""The table of settings and how its layers merge."""

from typing import Any

import pytest

from nebius_cli.config import merge_settings_layers, settings_table
from nebius_cli.config.settings_table import BY_NAME, SETTINGS
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import FieldError
from tests.conftest import CANARY


def refused(call: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        call()
    return caught.value


def test_a_setting_is_found_by_its_name_with_hyphens_or_underscores() -> None:
    assert settings_table.find("model") is BY_NAME["model"]
    assert settings_table.find("max-tokens") is settings_table.find("max_tokens") is BY_NAME["max_tokens"]


def test_an_unknown_setting_is_reported_with_a_suggestion() -> None:
    error = refused(lambda: settings_table.find("temprature"))
    assert error.what == "no setting 'temprature'"
    assert error.why == "did you mean temperature?"
    assert refused(lambda: settings_table.find("zzz")).why == ""
    assert refused(lambda: settings_table.find("NBX_CACERT")).why == "did you mean cacert?"


def test_a_typed_value_is_parsed_or_refused_with_the_reason() -> None:
    assert settings_table.parse(BY_NAME["retries"], "7") == 7
    error = refused(lambda: settings_table.parse(BY_NAME["retries"], "-1"))
    assert (error.what, error.why) == ("retries -1", "retries must be 0 or more")
    error = refused(lambda: settings_table.parse(BY_NAME["api_key"], CANARY + "\udcff"))
    assert (error.what, error.why) == ("api_key ***", "api_key must be valid UTF-8")


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert {name: sourced.value for name, sourced in merge_settings_layers.merge([]).items()} == {
        "base_url": "https://api.tokenfactory.nebius.com/v1",
        "retries": 3,
        "connect_timeout": 10,
        "first_byte_timeout": 600,
        "stall_timeout": 120,
        "timeout": 0,
        "ledger": True,
        "max_memory": 256,
    }


def test_every_request_field_is_a_setting_without_a_default() -> None:
    for field in FIELDS:
        assert BY_NAME[field.name].field is field
        assert BY_NAME[field.name].default is None


def test_only_the_key_is_secret() -> None:
    assert [setting.field.name for setting in SETTINGS if setting.secret] == ["api_key"]


@pytest.mark.parametrize("name", ["connect_timeout", "first_byte_timeout", "stall_timeout", "timeout"])
def test_a_time_limit_is_at_most_a_week(name: str) -> None:
    assert BY_NAME[name].field.check(604_800) == 604_800
    for value in (-0.1, 604_801, 1e300):
        with pytest.raises(FieldError, match="must be between 0 and 604800"):
            BY_NAME[name].field.check(value)


def test_several_texts_are_typed_as_a_json_array() -> None:
    assert settings_table.parse(BY_NAME["stop"], '["a", "\\n"]') == ["a", "\n"]
    assert settings_table.parse(BY_NAME["stop"], "a") == "a"
    for text in ("[END]", "[", "[/INST]"):  # not a JSON list, so it is one text
        assert settings_table.parse(BY_NAME["stop"], text) == text
    for wrong in ('["a"', "[1]", '[""]'):
        with pytest.raises(UsageError) as caught:
            settings_table.parse(BY_NAME["stop"], wrong)
        assert caught.value.what == f"stop {wrong}"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("timeout", "1m", "must be a number of seconds"),
        ("base_url", "ftp://me:pw@x", "must be http:// or https:// with a host and a path"),
        ("api_key_command", "show 'me", "cannot be split into words: no closing quotation"),
        ("api_key_command", " ", "must name a program"),
    ],
)
def test_a_rule_of_a_setting_applies_to_typed_and_configured_values(name: str, value: str, why: str) -> None:
    setting = BY_NAME[name]
    for read in (setting.parse, setting.check):
        with pytest.raises(FieldError) as caught:
            read(value)
        assert str(caught.value) == why
    for good in ("show me", ["show", "me"]):
        assert BY_NAME["api_key_command"].check(good) == good


def test_shown_values_contain_no_secrets() -> None:
    assert BY_NAME["api_key"].shown(CANARY) == BY_NAME["model"].shown(Secret("k")) == "***"
    assert BY_NAME["base_url"].shown("https://me:pw@h/v1") == "https://h/v1"
    command = BY_NAME["api_key_command"]
    assert [command.shown(value) for value in ("show me", ["show", "me"], "show", "")] == [
        "show …",
        "show …",
        "show",
        "",
    ]
    assert BY_NAME["n"].shown(2) == 2
