"""`nbx auth`: where keys are stored, which one is used, and what is shown of them."""

import os
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support import keyring
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, detail, status

KEY = "another-key-of-some-length"  # for tests in which the canary is the key that must not be used
MODELS = status(200, b'{"object": "list", "data": []}')


def login(nbx: Runner, *args: str, key: str = CANARY) -> str:
    """Log in with a key on stdin; return the messages."""
    if "--profile" in args:  # login does not create it
        nbx("profile", "add", args[args.index("--profile") + 1])
    result = nbx("auth", "login", "--no-verify", "--with-token", *args, stdin=key.encode() + b"\n")
    assert (result.code, result.out) == (0, "")
    return result.err


def token(nbx: Runner, *args: str) -> str:
    """Return the key that nbx uses."""
    result = nbx("auth", "token", *args, may_show_key=True)
    assert result.code == 0, result.err
    return result.out.removesuffix("\n")


def test_without_a_keyring_login_warns_that_it_stores_the_key_in_the_file(bare: Runner, config: Path) -> None:
    said = login(bare)
    assert said.startswith(
        "nbx: warning: no usable keyring: the system has no keyring that the package keyring supports"
    )
    assert said.endswith(f", so key *** is stored as plain text in {config}, readable only by you\n")
    assert token(bare) == CANARY


def test_with_a_keyring_the_config_file_holds_only_the_name_of_the_entry(
    bare: Runner, config: Path, working_keyring: None
) -> None:
    assert "in the keyring (file PlaintextKeyring) as default of" in login(bare, "--keyring")
    assert keyring.holds(CANARY)
    assert CANARY not in config.read_text()
    assert "api_key_keyring" in config.read_text()
    assert token(bare) == CANARY


def test_no_keyring_stores_the_key_in_the_file_without_a_warning(
    bare: Runner, config: Path, working_keyring: None
) -> None:
    said = login(bare, "--no-keyring")
    assert "warning" not in said
    assert not keyring.holds(CANARY)
    assert CANARY in config.read_text()


def test_login_with_keyring_fails_if_no_keyring_is_usable(bare: Runner, config: Path) -> None:
    result = bare("auth", "login", "--no-verify", "--with-token", "--keyring", stdin=CANARY.encode())
    assert (result.code, result.err) == (
        78,
        "nbx: no usable keyring\n  the system has no keyring that the package keyring supports\n",
    )
    assert not config.exists()


def test_login_removes_the_key_stored_before(bare: Runner, config: Path, working_keyring: None) -> None:
    login(bare, "--no-keyring")
    login(bare, key=KEY)
    assert CANARY not in config.read_text()
    assert (token(bare), keyring.holds(KEY)) == (KEY, True)
    login(bare, "--no-keyring")
    assert (token(bare), keyring.holds(KEY)) == (CANARY, False)


def test_an_old_key_that_cannot_be_removed_from_the_keyring_is_reported(
    bare: Runner, config: Path, working_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(bare)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", keyring.FAILS["PYTHON_KEYRING_BACKEND"])
    said = login(bare, key=KEY)
    assert "the old key is still in the keyring, as default of " in said
    assert token(bare) == KEY


def test_login_reports_what_overrides_the_stored_key(bare: Runner, config: Path) -> None:
    bare.environ["NEBIUS_API_KEY"] = KEY
    assert "environment NEBIUS_API_KEY overrides the stored key" in login(bare)
    assert token(bare) == KEY


def test_without_a_terminal_login_says_how_to_pass_a_key(bare: Runner, config: Path) -> None:
    asked = bare("auth", "login", stdin=CANARY.encode())
    assert (asked.code, asked.out) == (4, "")
    assert asked.err == (
        "nbx: no key was given\n  stdin is not a terminal\n  nbx auth login --with-token < FILE\n"
    )
    assert bare("auth", "login", stdin=b"", stdin_tty=True, env={"CI": "true"}).code == 4
    assert not config.exists()


@pytest.mark.parametrize("stdin", [b"", b"\n", b"a key", b"a\x1bkey", None], ids=repr)
def test_an_invalid_key_is_not_stored(bare: Runner, config: Path, stdin: bytes | None) -> None:
    result = bare("auth", "login", "--no-verify", "--with-token", stdin=stdin)
    assert result.code == 4
    check_message(result.err)
    assert not config.exists()


def test_each_profile_may_have_its_own_key(bare: Runner, config: Path, working_keyring: None) -> None:
    login(bare)
    login(bare, "--profile", "work", key=KEY)
    login(bare, "--profile", "home", "--no-keyring", key="third-key")
    found = [token(bare, *profile) for profile in ((), ("--profile", "work"), ("--profile", "home"))]
    assert found == [CANARY, KEY, "third-key"]


def test_logout_removes_a_key_from_keyring_or_file(bare: Runner, config: Path, working_keyring: None) -> None:
    for where in ("--keyring", "--no-keyring"):
        login(bare, where)
        result = bare("auth", "logout")
        assert (result.code, result.out) == (0, "")
        assert "removed the key" in result.err
        assert not keyring.holds(CANARY)
        assert "api_key" not in config.read_text()
        assert bare("auth", "token").code == 4


def test_logout_removes_the_key_of_one_profile_and_with_all_every_key(
    bare: Runner, config: Path, working_keyring: None
) -> None:
    login(bare)
    login(bare, "--profile", "work", key=KEY)
    said = bare("auth", "logout", "--profile", "work").err
    assert "still provides a key; to remove it, run nbx auth logout --all" in said
    assert (keyring.holds(KEY), keyring.holds(CANARY)) == (False, True)
    login(bare, "--profile", "work", "--no-keyring", key=KEY)
    assert bare("auth", "logout", "--all").err.count("removed the key") == 2
    assert not keyring.holds(CANARY)
    assert "api_key" not in config.read_text()


def test_logout_names_keys_that_it_cannot_remove(bare: Runner, config: Path) -> None:
    bare.environ |= {"NEBIUS_API_KEY": KEY}
    bare("config", "set", "api_key_command", "pass show nebius")
    result = bare("auth", "logout")
    assert result.code == 0
    assert result.err == (
        "nbx: no key was stored\n"
        "nbx: warning: NEBIUS_API_KEY still provides a key; to remove it, run unset NEBIUS_API_KEY\n"
        "nbx: warning: pass still provides a key; to remove it, run nbx config unset api_key_command\n"
    )


def test_logout_keeps_the_name_of_a_keyring_entry_that_it_cannot_remove(
    bare: Runner, config: Path, working_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(bare)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", keyring.FAILS["PYTHON_KEYRING_BACKEND"])
    assert bare("auth", "logout").code == 78
    assert "api_key_keyring" in config.read_text()


def test_a_config_file_with_a_key_that_others_can_read_causes_a_warning(bare: Runner, config: Path) -> None:
    bare.write_config(f'api_key = "{CANARY}"\n').chmod(0o640)
    result = bare("auth", "status")
    assert result.code == 0
    assert f"chmod 600 {config}" in result.err
    assert "\t0640\t" in result.out


def test_status_shows_which_key_is_used_and_the_last_characters_of_each(bare: Runner, config: Path) -> None:
    login(bare, key=KEY)
    bare.environ["NEBIUS_API_KEY"] = "a-key-of-the-shell-1234"
    bare("config", "set", "api_key_command", "pass show nebius")
    result = bare("auth", "status")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "used\tenvironment\tNEBIUS_API_KEY\t-\t***1234\tNEBIUS_API_KEY\n"
        f"not used\tapi_key_command\tpass\t-\t-\t{config}\n"
        f"not used\tconfig file\t{config}\t0600\t***{KEY[-4:]}\t{config}\n"
    )


def test_status_shows_no_characters_of_an_invalid_stored_key(bare: Runner, config: Path) -> None:
    bare("config", "set", "api_key", "-", stdin=b"two words")
    result = bare("auth", "status", env={"NEBIUS_API_KEY": KEY})
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[1] == f"not used\tconfig file\t{config}\t0600\t-\t{config}"


def test_status_as_json_has_the_same_information(bare: Runner, config: Path) -> None:
    login(bare)
    assert bare("auth", "status", "--json").json == {
        "sources": [
            {
                "source": "config file",
                "where": str(config),
                "origin": str(config),
                "mode": "0600",
                "key": "***",
                "used": True,
            }
        ],
        "accepted": None,
    }


def test_without_a_key_status_and_token_say_how_to_set_one(bare: Runner) -> None:
    for args in (["status"], ["token"], ["status", "--json"]):
        result = bare("auth", *args)
        assert result.code == 4
        assert "nbx auth login" in result.err
    assert result.json == {"sources": [], "accepted": None}


def test_status_reports_a_key_command_that_fails(bare: Runner, config: Path, server: FakeServer) -> None:
    bare("config", "set", "api_key_command", "false")
    result = bare("auth", "status", "--check", "--json", "--base-url", server.url)
    assert result.code == 4
    assert "the api_key_command false failed" in result.err
    assert [entry["used"] for entry in result.json["sources"]] == [False]


def test_status_check_asks_the_server_whether_it_accepts_the_key(nbx: Runner, server: FakeServer) -> None:
    server.script(MODELS, MODELS)
    result = nbx("auth", "status", "--check")
    assert (result.code, result.err) == (0, "nbx: the server accepts the key\n")
    assert nbx("auth", "status", "--check", "--json").json["accepted"] is True
    request = server.requests[0]
    assert (request.method, request.target) == ("GET", "/v1/models")
    assert request.headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (401, "the key is from NEBIUS_API_KEY: replace it there"),
        (403, "an IAM token is not a Token Factory key"),
    ],
)
def test_a_key_that_the_server_refuses_is_reported(
    nbx: Runner, server: FakeServer, code: int, hint: str
) -> None:
    server.script(detail(code, "No."))
    result = nbx("auth", "status", "--check", "--json")
    assert result.code == 4
    assert hint in result.err
    assert result.json["accepted"] is False


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
@pytest.mark.parametrize("folder", ["new", "open"])
def test_only_the_owner_can_read_a_stored_key_whatever_the_umask(
    bare: Runner, config: Path, umask: int, folder: str
) -> None:
    if folder == "open":
        config.parent.mkdir(mode=0o755)
    before = os.umask(umask)
    try:
        login(bare)
        login(bare, "--profile", "work", key=KEY)
    finally:
        os.umask(before)
    assert config.stat().st_mode & 0o777 == 0o600
    assert config.parent.stat().st_mode & 0o777 == (0o755 if folder == "open" else 0o700)
    assert [file.name for file in config.parent.iterdir()] == ["config.toml"]
