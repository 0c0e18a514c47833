"""`nbx auth` with other problems: mistakes in the config file, failing keyrings, wrong file permissions."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support import keyring
from tests.support.run import Runner

KEY = "another-key-of-some-length"
MISTAKE = "temprature = 1\n"


def break_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the keyring with one that always fails."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", keyring.FAILS["PYTHON_KEYRING_BACKEND"])


def test_login_and_logout_work_despite_another_mistake_in_the_config_file(bare: Runner, config: Path) -> None:
    bare.write_config(MISTAKE)
    result = bare(
        "auth",
        "login",
        "--no-verify",
        "--with-token",
        "--no-keyring",
        stdin=CANARY.encode(),
        env={"NEBIUS_API_KEY": KEY},
    )
    assert result.code == 0
    assert "environment NEBIUS_API_KEY overrides the stored key" in result.err
    assert CANARY in config.read_text()
    result = bare("auth", "logout", env={"NEBIUS_API_KEY": KEY})
    assert result.code == 0
    assert "NEBIUS_API_KEY still provides a key" in result.err
    assert "api_key" not in config.read_text()


def test_logout_all_continues_after_a_keyring_failure(
    bare: Runner, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write_config(f'api_key_keyring = "a"\n[profile.work]\napi_key = "{CANARY}"\n')
    break_keyring(monkeypatch)
    result = bare("auth", "logout", "--all")
    assert result.code == 78
    assert "removed the key of profile work" in result.err
    assert result.err.endswith("\n  nbx config unset api_key_keyring\n")
    assert config.read_text() == 'api_key_keyring = "a"\n[profile.work]\n'


def test_the_hint_for_a_failing_keyring_names_the_profile(
    bare: Runner, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write_config('[profile.work]\napi_key_keyring = "a"\n')
    break_keyring(monkeypatch)
    result = bare("auth", "logout", "--profile", "work")
    assert result.code == 78
    hint = result.err.splitlines()[-1].strip()
    assert hint == "nbx config unset --profile work api_key_keyring"
    assert bare(*hint.split()[1:]).code == 0
    assert "api_key_keyring" not in config.read_text()


def test_removing_a_profile_removes_its_key_from_the_keyring(
    bare: Runner, config: Path, working_keyring: None
) -> None:
    bare.write_config("[profile.work]\n")
    bare("auth", "login", "--no-verify", "--with-token", "--profile", "work", stdin=CANARY.encode())
    assert keyring.holds(CANARY)
    result = bare("profile", "rm", "work")
    assert result.code == 0
    assert "removed the key work of " in result.err
    assert not keyring.holds(CANARY)


def test_a_key_that_another_profile_also_uses_stays_in_the_keyring(
    bare: Runner, config: Path, working_keyring: None
) -> None:
    bare("auth", "login", "--no-verify", "--with-token", stdin=CANARY.encode())
    bare.write_config(config.read_text() + "\n[profile.work]\n" + config.read_text())
    assert bare("profile", "rm", "work").code == 0
    assert keyring.holds(CANARY)


def test_a_profile_whose_key_cannot_be_removed_is_kept(
    bare: Runner, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write_config('[profile.work]\napi_key_keyring = "a"\n')
    break_keyring(monkeypatch)
    result = bare("profile", "rm", "work")
    assert result.code == 78
    assert "nbx config unset --profile work api_key_keyring" in result.err
    assert "[profile.work]" in config.read_text()


def test_an_unused_key_that_others_can_read_causes_a_warning(bare: Runner, config: Path) -> None:
    bare.write_config(f'api_key = "{CANARY}"\n')
    config.chmod(0o644)
    result = bare("auth", "status", env={"NEBIUS_API_KEY": KEY})
    assert result.code == 0
    warning = f"nbx: warning: other users of this machine can read an unused key; run chmod 600 {config}\n"
    assert result.err == warning


def test_status_shows_whether_a_key_comes_from_the_profile_or_the_file(bare: Runner, config: Path) -> None:
    bare.write_config(f'api_key = "{CANARY}"\n[profile.work]\napi_key = "{KEY}"\n')
    result = bare("auth", "status", "--profile", "work")
    assert [line.split("\t")[5] for line in result.out.splitlines()] == ["profile work", str(config)]
