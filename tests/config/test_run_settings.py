"""The settings of a run: the value of each attribute; a run reads its config file once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.config.run_settings import Origins, RunSettings
from nebius_cli.config.settings_table import BY_NAME
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support.factory import model_list
from tests.support.server import FakeServer, answer
from tests.support.settings import resolved


def test_an_unset_setting_has_its_default_or_is_none() -> None:
    settings = resolved()
    assert settings.base_url == BY_NAME["base_url"].default
    assert (settings.retries, settings.connect_timeout, settings.timeout) == (3, 10, 0)
    assert settings.ledger
    assert not settings.history_text
    assert not settings.has_budget
    assert (settings.model, settings.ai_project_id, settings.cacert, settings.profile) == (None,) * 4
    assert settings.request_fields == {}
    assert settings.origins == Origins(
        base_url="default", cacert=None, first_byte_timeout="default", model=None
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "http://h/v1"),
        ("cacert", "ca.pem"),
        ("retries", 1),
        ("connect_timeout", 1.5),
        ("first_byte_timeout", 2),
        ("stall_timeout", 3),
        ("timeout", 4),
        ("max_memory", 5),
        ("ledger", False),
        ("history.text", True),
        ("budget.daily", 0.5),
        ("budget.monthly", 6),
        ("model", "m"),
        ("ai_project_id", "p"),
    ],
)
def test_a_setting_is_an_attribute_with_its_origin(name: str, value: str | float) -> None:
    attribute = name.replace(".", "_")
    settings = resolved({name: value})
    assert getattr(settings, attribute) == value
    assert getattr(settings.origins, attribute, "config") == "config"


def test_every_setting_of_the_connection_and_the_ledger_is_an_attribute() -> None:
    wanted = {name for name, setting in BY_NAME.items() if setting.field.panel in ("Connection", "Ledger")}
    assert {name.replace(".", "_") for name in wanted} <= set(RunSettings._fields)


def test_a_daily_or_a_monthly_budget_counts_as_a_budget() -> None:
    assert resolved({"budget.daily": 1}).has_budget
    assert resolved({"budget.monthly": 1}).has_budget


def test_fields_without_returns_the_request_fields_that_are_not_excluded() -> None:
    settings = resolved(
        {"temperature": 0.5, "top_p": 0.9, "retries": 3, "user": Secret("hidden"), "api_key_command": "x"}
    )
    assert settings.fields_without({"top_p"}) == {"temperature": 0.5}
    assert [list(layer) for layer in settings.key_layers] == [["api_key_command"]]


@pytest.mark.parametrize(
    ("environ", "cacert", "file"),
    [
        ({}, None, None),
        ({"SSL_CERT_FILE": "own.pem"}, None, "own.pem"),
        ({"SSL_CERT_FILE": ""}, None, None),
        ({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "folder"}, None, "folder"),
        ({"SSL_CERT_FILE": "own.pem", "SSL_CERT_DIR": "folder"}, None, f"own.pem{os.pathsep}folder"),
        ({"SSL_CERT_DIR": "folder", "REQUESTS_CA_BUNDLE": "r.pem"}, None, None),
        ({"SSL_CERT_FILE": "own.pem"}, "set.pem", "set.pem"),
        ({"SSL_CERT_FILE": "own.pem", "REQUESTS_CA_BUNDLE": "r.pem"}, None, None),
        ({"SSL_CERT_FILE": "own.pem", "CURL_CA_BUNDLE": "c.pem"}, None, None),
    ],
)
def test_the_cacert_setting_takes_precedence_over_the_variables_of_openssl(
    environ: dict[str, str], cacert: str | None, file: str | None
) -> None:
    assert resolved({"cacert": cacert} if cacert else {}).ca_file(environ) == file


# Prints a line on stderr each time the config file is opened.
WATCH = """
import os, sys
def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith("config.toml"):
        os.write(2, b"opened\\n")
sys.addaudithook(watch)
from nebius_cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "args",
    [
        ["complete", "x"],
        ["models", "list"],
        ["auth", "status"],
        ["auth", "token"],
        ["config", "list"],
        ["profile", "list"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_a_run_opens_its_config_file_once(
    args: list[str], server: FakeServer, tmp_path: Path, key_files: set[Path]
) -> None:
    key_files.add(tmp_path / "config.toml")
    if args[0] == "complete":
        server.script(answer("text"))
    elif args[0] in ("models", "doctor"):
        server.script(model_list({"id": "m"}))
    config = f'use_profile = "w"\nbase_url = "{server.url}"\nmodel = "m"\n[profile.w]\napi_key = "{CANARY}"\n'
    (tmp_path / "config.toml").write_text(config)
    (tmp_path / "config.toml").chmod(0o600)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *args],
        env={**outer, "NBX_CONFIG_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode().splitlines().count("opened") == 1
