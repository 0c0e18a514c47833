"""`nbx config`: what is written, and where a value comes from."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.messages import check_message
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the config file of the runners is."""
    return tmp_path / "config" / "config.toml"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def read(file: Path) -> dict[str, object]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def done(result: Result) -> str:
    """Return stdout of a run that went well without a word."""
    assert (result.code, result.err) == (0, "")
    return result.out


def failed(result: Result, code: int, *says: str) -> None:
    assert (result.code, result.out) == (code, "")
    for words in says:
        assert words in result.err
    check_message(result.err)


def test_what_is_set_is_read_again_and_can_be_unset(bare: Runner, file: Path) -> None:
    assert done(bare("config", "set", "model", "m")) == ""
    assert done(bare("config", "set", "max-tokens", "5")) == ""
    assert read(file) == {"model": "m", "max_tokens": 5}
    assert done(bare("config", "get", "max_tokens")) == "5\n"
    assert done(bare("config", "get", "max-tokens")) == "5\n"
    assert done(bare("config", "unset", "max-tokens")) == ""
    failed(bare("config", "get", "max_tokens"), 78, "max_tokens is not set")
    assert read(file) == {"model": "m"}


VALUES = [
    ("temperature", "0.5", 0.5, "0.5"),
    ("n", "2", 2, "2"),
    ("echo", "false", False, "false"),
    ("stop", "\n", "\n", "\n"),
    ("logit_bias", '{"1": -5}', {"1": -5}, '{"1":-5}'),
    ("extra_body", '{"a": ["é", true]}', {"a": ["é", True]}, '{"a":["é",true]}'),
    ("service_tier", "flex", "flex", "flex"),
    ("timeout", "1.5", 1.5, "1.5"),
    ("user", " é \U0001f30d\t", " é \U0001f30d\t", " é \U0001f30d\t"),
]


@pytest.mark.parametrize(("name", "text", "value", "shown"), VALUES)
def test_values_of_every_kind_keep_their_type(
    bare: Runner, file: Path, name: str, text: str, value: object, shown: str
) -> None:
    done(bare("config", "set", name, text))
    assert read(file) == {name: value}
    assert done(bare("config", "get", name)) == shown + "\n"


WRONG = [
    ("temperature", "9", "temperature must be between 0 and 2"),
    ("retries", "many", "retries must be a whole number"),
    ("service_tier", "fast", "service_tier must be one of"),
    ("model", "", "model must not be empty"),
]


@pytest.mark.parametrize(("name", "text", "why"), WRONG)
def test_a_wrong_value_is_a_usage_error_and_is_not_written(
    bare: Runner, file: Path, name: str, text: str, why: str
) -> None:
    failed(bare("config", "set", name, text), 2, f"nbx: {name} {text}".rstrip() + "\n", why)
    assert not file.exists()


def test_a_value_that_toml_cannot_hold_is_not_written(bare: Runner, file: Path) -> None:
    failed(bare("config", "set", "extra_body", '{"a": null}'), 78, "cannot write")
    assert not file.exists()


@pytest.mark.parametrize("command", ["get", "set"])
def test_an_unknown_setting_is_told_with_the_nearest(bare: Runner, command: str) -> None:
    args = ["x"] if command == "set" else []
    failed(
        bare("config", command, "temprature", *args),
        2,
        "no setting 'temprature'",
        "did you mean temperature?",
    )


@pytest.mark.parametrize("args", [["set"], ["get"], ["unset"], ["set", "model"]], ids=" ".join)
def test_a_missing_operand_is_a_usage_error(bare: Runner, args: list[str]) -> None:
    failed(bare("config", *args), 2, f"nbx config {args[0]}")


def test_the_file_and_its_folder_are_for_their_owner_only(bare: Runner, file: Path) -> None:
    done(bare("config", "set", "model", "m"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    done(bare("config", "set", "model", "n"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_a_place_that_cannot_be_written_is_a_configuration_error(bare: Runner) -> None:
    environ = {"NBX_CONFIG_DIR": "/proc/nbx"}
    failed(bare("config", "set", "model", "m", env=environ), 78, "cannot write /proc/nbx/config.toml")


def test_a_key_comes_from_stdin_and_is_never_shown(bare: Runner, file: Path) -> None:
    assert done(bare("config", "set", "api_key", "-", stdin=CANARY.encode() + b"\n")) == ""
    assert read(file) == {"api_key": CANARY}
    assert done(bare("config", "get", "api_key")) == "***\n"
    listed = done(bare("config", "list")) + done(bare("config", "list", "--json"))
    assert CANARY not in listed
    assert "***" in listed


def test_a_key_on_the_command_line_is_written_with_a_warning(bare: Runner, file: Path) -> None:
    result = bare("config", "set", "api_key", CANARY)
    assert (result.code, result.out, read(file)) == (0, "", {"api_key": CANARY})
    assert "nbx config set api_key - reads it from stdin" in result.err
    check_message(result.err)
    assert bare("config", "set", "api_key", CANARY, "-q").err == ""


@pytest.mark.parametrize("key", [b"", b"\n", b"\xff"])
def test_a_wrong_key_is_refused_and_not_shown(bare: Runner, file: Path, key: bytes) -> None:
    result = bare("config", "set", "api_key", "-", stdin=key)
    assert result.code in (2, 65)
    assert not file.exists()
    check_message(result.err)


def test_the_configured_key_and_url_are_used(bare: Runner, server: FakeServer) -> None:
    for name, value in (("api_key", "configured"), ("base_url", server.url), ("model", "m")):
        bare("config", "set", name, value)
    server.script(answer("hi"))
    assert done(bare("complete", "x")) == "hi\n"
    assert server.requests[0].headers["authorization"] == "Bearer configured"


LAYERS = "retries = 5\ntimeout = 50\n[profile.p]\nretries = 6\n"


def test_each_value_comes_from_the_first_place_that_has_it(bare: Runner, file: Path) -> None:
    def get(*args: str, **env: str) -> str:
        return done(bare("config", "get", "retries", *args, env=env)).strip()

    assert get() == "3"
    write(file, LAYERS)
    assert get() == "5"
    assert get("--profile", "p") == "6"
    assert get(NBX_PROFILE="p") == "6"
    assert get(NBX_PROFILE="") == "5"
    assert get("--profile", "p", NBX_RETRIES="7") == "7"


def test_a_flag_beats_every_other_place(nbx: Runner, server: FakeServer, file: Path) -> None:
    write(file, LAYERS)
    server.script(*[[b""]] * 2)
    result = nbx("complete", "x", "--retries", "1", "--profile", "p", env={"NBX_RETRIES": "7"})
    assert (result.code, len(result.slept)) == (7, 1)


def test_the_list_names_the_origin_of_every_value(bare: Runner, file: Path) -> None:
    write(file, LAYERS)
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_AI_PROJECT_ID": "proj"}
    result = bare("config", "list", "--profile", "p", env=environ)
    rows = [line.split("\t") for line in done(result).splitlines()]
    assert rows == [
        ["api_key", "***", "NEBIUS_API_KEY"],
        ["base_url", "https://api.tokenfactory.nebius.com/v1", "default"],
        ["retries", "6", "profile p"],
        ["connect_timeout", "10", "default"],
        ["first_byte_timeout", "600", "default"],
        ["stall_timeout", "120", "default"],
        ["timeout", "50", str(file)],
        ["ai_project_id", "proj", "NEBIUS_AI_PROJECT_ID"],
    ]
    listed = json.loads(done(bare("config", "list", "--json", "--profile", "p", env=environ)))
    assert listed == {
        name: {"value": json.loads(value) if value.isdecimal() else value, "origin": origin}
        for name, value, origin in rows
    }
