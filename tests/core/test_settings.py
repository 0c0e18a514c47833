"""The table of settings and how its layers merge."""

from typing import Any

import pytest

from nebius_cli.core import settings
from nebius_cli.core.catalog import FIELDS
from nebius_cli.core.errors import ConfigError
from nebius_cli.core.fields import Value
from nebius_cli.core.settings import BY_NAME, SETTINGS, Sourced
from tests.conftest import CANARY


def refused(call: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        call()
    return caught.value


ENV: dict[str, tuple[str, str, Value]] = {
    "NEBIUS_API_KEY": ("api_key", "k", "k"),
    "NEBIUS_BASE_URL": ("base_url", "https://h", "https://h"),
    "NEBIUS_MODEL": ("model", "m", "m"),
    "NEBIUS_AI_PROJECT": ("ai_project_id", "p", "p"),
    "NEBIUS_AI_PROJECT_ID": ("ai_project_id", "q", "q"),
    "NBX_CACERT": ("cacert", "/c", "/c"),
    "NBX_RETRIES": ("retries", "7", 7),
    "NBX_CONNECT_TIMEOUT": ("connect_timeout", "1.5", 1.5),
    "NBX_FIRST_BYTE_TIMEOUT": ("first_byte_timeout", "2", 2),
    "NBX_STALL_TIMEOUT": ("stall_timeout", "3", 3),
    "NBX_TIMEOUT": ("timeout", "4", 4),
}


def test_every_variable_is_known_here() -> None:
    assert {name for setting in SETTINGS for name in setting.env} == set(ENV)


@pytest.mark.parametrize("variable", ENV)
def test_a_variable_gives_its_setting(variable: str) -> None:
    name, text, value = ENV[variable]
    assert settings.from_environ({variable: text, "OTHER": "x"}) == {name: Sourced(value, variable)}


def test_the_first_variable_of_a_setting_counts_and_an_empty_one_is_none() -> None:
    both = {"NEBIUS_AI_PROJECT": "p", "NEBIUS_AI_PROJECT_ID": "q"}
    assert settings.from_environ(both)["ai_project_id"] == Sourced("p", "NEBIUS_AI_PROJECT")
    second = settings.from_environ({**both, "NEBIUS_AI_PROJECT": ""})
    assert second["ai_project_id"] == Sourced("q", "NEBIUS_AI_PROJECT_ID")
    assert settings.from_environ({"NEBIUS_MODEL": ""}) == {}


def test_a_wrong_variable_is_named_with_its_value() -> None:
    error = refused(lambda: settings.from_environ({"NBX_RETRIES": "-1"}))
    assert (error.what, error.why) == ("NBX_RETRIES=-1", "retries must be 0 or more")


def test_a_wrong_secret_is_named_without_its_value() -> None:
    error = refused(lambda: settings.from_environ({"NEBIUS_API_KEY": CANARY + "\udcff"}))
    assert (error.what, error.why) == ("NEBIUS_API_KEY", "api_key must be valid UTF-8")


def test_a_table_gives_settings_with_its_origin() -> None:
    table = {"temperature": 0.5, "stop": ["a", "b"], "api_key": "k"}
    assert settings.from_table(table, "the file") == {
        name: Sourced(value, "the file")  # type: ignore[arg-type]  # a list of texts is a list
        for name, value in table.items()
    }


def test_a_wrong_value_in_a_table_is_told_with_its_origin() -> None:
    error = refused(lambda: settings.from_table({"temperature": 3}, "the file"))
    assert error.what == "the file: temperature must be between 0 and 2"
    assert error.hint == "nbx config set temperature VALUE, or unset it"
    assert "must be a number" in refused(lambda: settings.from_table({"temperature": "hot"}, "f")).what


def test_an_unknown_setting_is_told_with_the_nearest() -> None:
    error = refused(lambda: settings.find("temprature", "the file"))
    assert error.what == "the file: there is no setting 'temprature'"
    assert error.why == "did you mean temperature?"
    assert refused(lambda: settings.find("zzz", "the file")).why == ""
    assert settings.find("model", "x") is BY_NAME["model"]


def test_the_first_layer_that_has_a_value_gives_it() -> None:
    flag, env, file = (
        {"retries": Sourced(n, origin)} for n, origin in ((1, "flag"), (2, "env"), (5, "file"))
    )
    assert settings.merge([flag, env, file])["retries"] == Sourced(1, "flag")
    assert settings.merge([{}, env, file])["retries"] == Sourced(2, "env")
    assert settings.merge([{}, {}, file])["retries"] == Sourced(5, "file")
    assert settings.merge([])["retries"] == Sourced(3, "default")


def test_the_defaults_are_those_of_the_documentation() -> None:
    assert {name: sourced.value for name, sourced in settings.merge([]).items()} == {
        "base_url": "https://api.tokenfactory.nebius.com/v1",
        "retries": 3,
        "connect_timeout": 10,
        "first_byte_timeout": 600,
        "stall_timeout": 120,
        "timeout": 0,
    }


def test_every_request_field_is_a_setting_without_a_default() -> None:
    for field in FIELDS:
        assert BY_NAME[field.name].field is field
        assert BY_NAME[field.name].default is None


def test_only_the_key_is_secret() -> None:
    assert [setting.field.name for setting in SETTINGS if setting.secret] == ["api_key"]


@pytest.mark.parametrize("name", ["connect_timeout", "first_byte_timeout", "stall_timeout", "timeout"])
def test_a_time_limit_is_one_that_a_clock_can_hold(name: str) -> None:
    assert settings.check(name, 604_800, "x") == 604_800
    for value in (-0.1, 604_801, 1e300):
        assert (
            f"{name} must be between 0 and 604800"
            in refused(lambda value=value: settings.check(name, value, "x")).what
        )
