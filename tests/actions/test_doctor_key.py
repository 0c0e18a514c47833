"""`nbx doctor` checks the key and the certificate authorities that nbx itself would use."""

from pathlib import Path

import pytest
import trustme

from tests.conftest import CANARY
from tests.support.factory import model_list
from tests.support.findings import row, today
from tests.support.run import Runner
from tests.support.server import FakeServer


def test_a_key_on_stdin_is_read_without_a_time_limit(
    well: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nebius_cli.doctor.machine_checks.KEY_TIMEOUT_S", -1.0)
    server.script(model_list(Date=today()))
    result = well("doctor", "--api-key-file", "-", stdin=CANARY.encode())
    assert row(result, "key")[0] == "ok"


def test_every_file_with_a_key_that_others_can_read_is_reported(
    well: Runner, server: FakeServer, tmp_path: Path, key_files: set[Path]
) -> None:
    key, config = tmp_path / "key", well.write_config(f"api_key = '{CANARY}'\n")
    key.write_text(CANARY)
    key_files |= {key, config}
    for mode, mends in ((0o600, ""), (0o644, f"chmod 600 {key}; ")):
        key.chmod(mode)
        config.chmod(0o644)
        server.script(model_list(Date=today()))
        state, _, hint = row(well("doctor", "--api-key-file", str(key)), "key")
        assert (state, hint) == ("warn", f"{mends}chmod 600 {config}")


def test_a_key_command_that_cannot_be_split_is_reported_only_if_it_is_used(
    well: Runner, server: FakeServer
) -> None:
    environ = {"NBX_API_KEY_COMMAND": "a 'b"}
    server.script(model_list(Date=today()))
    assert row(well("doctor", env=environ), "key")[0] == "ok"
    result = well("doctor", env={**environ, "NEBIUS_API_KEY": ""})
    assert (result.code, row(result, "key")[0]) == (78, "fail")


def test_doctor_checks_the_authorities_of_the_openssl_variables(well: Runner, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    result = well("doctor", "--base-url", "https://nowhere.invalid", env={"SSL_CERT_FILE": str(path)})
    assert row(result, "ca")[:2] == ("ok", f"{path} (SSL_CERT_FILE or SSL_CERT_DIR), 1 authority")


def test_an_invalid_base_url_fails_unless_a_valid_one_overrides_it(well: Runner, server: FakeServer) -> None:
    well.write_config("base_url = 'ftp://h'\n")
    server.script(model_list(Date=today()))
    assert row(well("doctor"), "base_url")[0] == "ok"
    result = well("doctor", env={"NEBIUS_BASE_URL": ""})
    assert (result.code, row(result, "base_url")[0], row(result, "api")[0]) == (78, "fail", "skipped")
