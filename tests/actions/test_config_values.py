"""`nbx config`: values that are invalid, that may not be shown, or that are overridden."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.confirmations import without
from tests.support.messages import check_message
from tests.support.run import Runner

MUST = "base_url must be http:// or https:// with a host and a path"
DEFAULT = "https://api.tokenfactory.nebius.com/v1\n"


@pytest.fixture
def path(bare: Runner) -> Path:
    bare.config_path.parent.mkdir()
    return bare.config_path


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("nonsense", MUST),
        ("ftp://x", MUST),
        ("https://h?a=1", "base_url must not contain ? or #"),
        ("http://[x", "base_url must have a valid host and port"),
        ("http://h\\@x", "base_url must not contain a backslash or a control character"),
    ],
)
def test_an_invalid_base_url_is_refused_like_any_invalid_value(bare: Runner, value: str, why: str) -> None:
    result = bare("config", "set", "base_url", value)
    told = value.replace("?a=1", "?…").replace("h\\@", "")
    assert (result.code, result.err) == (2, f"nbx: base_url {told}\n  {why}\n")
    result = bare("profile", "add", "w", f"base_url={value}")
    assert (result.code, result.err) == (2, f"nbx: base_url {told}\n  {why}\n")
    assert bare("config", "get", "base_url").out == DEFAULT


def test_every_command_reports_an_invalid_base_url_with_its_line(bare: Runner, path: Path) -> None:
    path.write_text("n = 1\nbase_url = 'ftp://me:pw@x'\n")
    reported = f"nbx: {path}:2: {MUST}\n"
    for args in (["config", "list"], ["complete", "x", "-m", "m", "--dry-run"]):
        result = bare(*args)
        assert (result.code, result.err.splitlines(keepends=True)[0]) == (78, reported)
        assert "pw" not in result.err
        check_message(result.err)
    assert f"{path}:2: {MUST}" in bare("doctor").out


def test_an_invalid_base_url_of_a_variable_or_flag_is_reported_without_its_password(bare: Runner) -> None:
    result = bare("config", "list", env={"NEBIUS_BASE_URL": "ftp://me:pw@x"})
    assert (result.code, result.err) == (78, f"nbx: NEBIUS_BASE_URL=ftp://x\n  {MUST}\n")
    result = bare("complete", "x", "-m", "m", "--dry-run", "--base-url", "ftp://me:pw@x")
    assert (result.code, result.err) == (2, f"nbx: --base-url ftp://x\n  {MUST}\n")


def test_a_key_command_that_cannot_be_split_into_words_is_invalid(bare: Runner, path: Path) -> None:
    result = bare("config", "set", "api_key_command", "show 'secret")
    why = "api_key_command cannot be split into words: no closing quotation"
    assert (result.code, result.err) == (2, f"nbx: api_key_command show …\n  {why}\n")
    path.write_text("api_key_command = ' '\n")
    result = bare("config", "list")
    assert result.err.startswith(f"nbx: {path}:1: api_key_command must name a program\n")


@pytest.mark.parametrize("words", ['"show --token secret"', '["show", "secret"]'])
def test_the_arguments_of_the_key_command_are_not_shown(bare: Runner, path: Path, words: str) -> None:
    given = f"base_url = 'https://h/v1'\napi_key_command = {words}\n"
    path.write_text(f"use_profile = 'w'\n{given}[profile.w]\n{given}")
    for args in (["config", "list"], ["profile", "list"]):
        for more in ([], ["--json"]):
            result = bare(*args, *more)
            assert result.code == 0
            assert "secret" not in result.out
    listed = bare("config", "list", "--json").json
    assert listed["base_url"]["value"] == "https://h/v1"
    assert listed["api_key_command"]["value"] == "show …"
    got = bare("config", "get", "api_key_command", "--show-origin")
    assert got.out.startswith("show …\t")


def test_a_base_url_with_a_user_name_is_invalid_and_not_shown(bare: Runner, path: Path) -> None:
    path.write_text("base_url = 'https://me:secret@h/v1'\n")
    result = bare("config", "list")
    assert (result.code, "secret" in result.out + result.err) == (78, False)
    assert "base_url must not contain a user name or a password" in result.err


def test_writing_to_a_mistyped_profile_does_not_create_it(bare: Runner, path: Path) -> None:
    bare("profile", "add", "work")
    text = path.read_text()
    for args in (
        ["config", "set", "model", "z"],
        ["auth", "login", "--no-verify", "--with-token"],
        ["models", "use", "--force", "z"],
    ):
        result = bare(*args, "--profile", "wrok", stdin=b"not read: \xff\n")
        assert (result.code, result.out) == (78, "")
        assert result.err == (
            "nbx: --profile: no profile 'wrok'\n  did you mean work?\n"
            "  nbx profile list, or nbx profile add wrok\n"
        )
    assert path.read_text() == text
    path.write_text(f"use_profile = 'wrok'\n{text}")
    result = bare("config", "set", "model", "z")
    assert result.err.startswith(f"nbx: {path}:1: no profile 'wrok'\n")
    assert bare("config", "unset", "use_profile").code == 0
    assert path.read_text() == text


def test_setting_an_overridden_key_causes_a_warning(bare: Runner, path: Path, key_files: set[Path]) -> None:
    key_files.add(path)

    def reported(*args: str, env: dict[str, str] | None = None) -> str:
        result = bare("config", "set", *args, env=env, stdin=CANARY.encode())
        assert result.code == 0
        return result.err if "--profile" in args else without(result.err)

    stronger = "overrides the new value\n"
    assert reported("api_key", "-") == ""
    assert reported("api_key_command", "show me") == ""
    assert reported("api_key", "-") == f"nbx: warning: api_key_command show {stronger}"
    other = {"NEBIUS_API_KEY": "another-key"}
    assert reported("api_key", "-", env=other) == f"nbx: warning: NEBIUS_API_KEY {stronger}"
    assert (
        reported("api_key_command", "show", env=other)
        == f"nbx: warning: environment NEBIUS_API_KEY {stronger}"
    )
    bare("config", "unset", "api_key_command")
    path.write_text(path.read_text() + "api_key_keyring = 'default'\n")
    assert reported("api_key", "-") == f"nbx: warning: keyring default {stronger}"
    bare("profile", "add", "work")
    assert reported("api_key", "-", "--profile", "work") == "nbx: api_key is set in profile work\n"


def test_a_setting_with_a_dot_is_added_to_its_table_and_removed_from_it(bare: Runner, path: Path) -> None:
    bare("config", "set", "model", "m")
    bare("config", "set", "budget.daily", "2.5")
    bare("config", "set", "history.text", "yes")
    assert path.read_text() == 'model = "m"\n\n[budget]\ndaily = 2.5\n\n[history]\ntext = true\n'
    assert bare("config", "get", "budget.daily", "--show-origin").out == f"2.5\t{path}\n"
    assert "history.text\ttrue\t" in bare("config", "list").out
    assert bare("config", "set", "budget.daily", "0").code == 2
    assert (
        bare("config", "set", "budget.weekly", "1").err.splitlines()[1].startswith("  did you mean budget.")
    )
    bare("config", "unset", "budget.daily")
    bare("config", "unset", "history.text")
    listed = bare("config", "list")
    assert (listed.code, "budget" in listed.out, "history" in listed.out) == (0, False, False)
    assert path.read_text() == 'model = "m"\n'


def test_an_emptied_table_is_removed_unless_it_has_a_comment_or_defines_the_profile(
    bare: Runner, path: Path
) -> None:
    kept = {
        "[budget] # mine\ndaily = 5\n": "[budget] # mine\n",
        "# mine\n[budget]\ndaily = 5\n": "# mine\n[budget]\n",
        "[budget]\ndaily = 5\n# monthly = 9\n": "[budget]\n# monthly = 9\n",
        "[budget]\ndaily = 5\nmonthly = 9\n": "[budget]\nmonthly = 9\n",
        "[profile.w.budget]\ndaily = 5\n": "[profile.w.budget]\n",
        "[profile.w]\n\n[profile.w.budget]\ndaily = 5\n": "[profile.w]\n",
        "[profile.w]\nbudget = {daily = 5}\nn = 2\n": "[profile.w]\nn = 2\n",
        "[profile.w]\nbudget.daily = 5\n\n[history]\n": "[profile.w]\n\n[history]\n",
    }
    for before, after in kept.items():
        path.write_text(before)
        chosen = ("--profile", "w") if "profile" in before else ()
        assert without(bare("config", "unset", "budget.daily", *chosen).err) == ""
        assert path.read_text() == after, before


def test_a_negative_number_is_a_value_and_not_a_flag(bare: Runner) -> None:
    assert bare("profile", "add", "w").code == 0
    assert bare("config", "set", "presence_penalty", "-1.5", "--profile", "w").code == 0
    assert bare("config", "get", "presence_penalty", "--profile", "w").out == "-1.5\n"
    assert bare("config", "set", "--", "presence-penalty", "-.5").code == 0
    result = bare("config", "set", "budget.monthly", "-5")
    assert (result.code, result.err) == (2, "nbx: budget.monthly -5\n  budget.monthly must be 0 or more\n")
    assert "no such flag: -x" in bare("config", "set", "n", "-x").err
    assert "no such flag: --profle" in bare("config", "set", "--profle", "w", "n", "-5").err


def test_a_profile_can_have_settings_with_a_dot(bare: Runner) -> None:
    assert bare("profile", "add", "w", "budget.daily=5", "budget.monthly=50", "n=2").code == 0
    assert bare("config", "get", "budget.monthly", "--profile", "w").out == "50\n"
    assert bare("config", "set", "budget.monthly", "60", "--profile", "w").code == 0
    assert bare("config", "get", "budget.monthly", "--profile", "w").out == "60\n"
    assert bare("config", "unset", "budget.daily", "--profile", "w").code == 0
    assert bare("config", "get", "budget.daily", "--profile", "w").code == 78
    assert bare("config", "get", "n", "--profile", "w").out == "2\n"


def test_unset_removes_a_quoted_toml_key(bare: Runner, path: Path) -> None:
    path.write_text('"budget.daily" = 5\n')
    assert bare("config", "get", "budget.daily").out == "5\n"
    bare("config", "unset", "budget.daily")
    assert path.read_text() == ""
