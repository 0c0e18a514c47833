"""`nbx config`: what it shows, what it writes, and how it behaves with a broken file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.config.settings_table import BY_NAME, SETTINGS
from tests.conftest import CANARY
from tests.support.confirmations import done, without
from tests.support.messages import check_message
from tests.support.run import Result, Runner

OTHER = "another-key-for-tests"


def table(result: Result) -> dict[str, tuple[str, str]]:
    rows = [line.split("\t") for line in result.out.splitlines()]
    return {name: (value, origin) for name, value, origin in rows}


def test_get_prints_a_value_after_set_and_fails_after_unset(bare: Runner, path: Path) -> None:
    done(bare("config", "set", "max-tokens", "7"))
    assert path.read_text() == "max_tokens = 7\n"
    assert bare("config", "get", "max_tokens").out == "7\n"
    assert bare("config", "get", "max-tokens", "--show-origin").out == f"7\t{path}\n"
    done(bare("config", "unset", "max-tokens"))
    missing = bare("config", "get", "max_tokens")
    assert (missing.code, missing.out) == (78, "")
    assert missing.err == "nbx: max_tokens is not set\n  nbx config set max_tokens VALUE\n"
    done(bare("config", "unset", "max-tokens"), f"nbx: max-tokens was not set in {path}\n")


def test_get_without_a_file_prints_the_default_and_its_origin(bare: Runner) -> None:
    assert bare("config", "get", "retries", "--show-origin").out == "3\tdefault\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["set"], "nbx: no setting given\n  nbx config set NAME VALUE\n"),
        (["set", "model"], "nbx: no value for model\n  nbx config set model VALUE\n"),
        (["get"], "nbx: no setting given\n  nbx config get NAME\n"),
        (["unset"], "nbx: no setting given\n  nbx config unset NAME\n"),
        (
            ["unset", "profile"],
            "nbx: cannot unset profile\n  it contains all profiles\n  nbx profile rm NAME removes one\n",
        ),
        (
            ["get", "modle"],
            "nbx: no setting 'modle'\n  did you mean model?\n  nbx config list --all shows every setting\n",
        ),
        (["set", "n", "0"], "nbx: n 0\n  n must be 1 or more\n"),
        (["set", "extra_body", '{"a": null}'], None),
        (
            ["set", "use_profile", "x"],
            "nbx: cannot set use_profile with nbx config set\n  nbx profile use x\n",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_invalid_command_is_reported_and_nothing_is_written(
    bare: Runner, path: Path, args: list[str], message: str | None
) -> None:
    result = bare("config", *args)
    assert result.out == ""
    if message is None:
        assert result.code == 78
        assert "TOML has no null" in result.err
    else:
        assert (result.code, result.err) == (2, message)
    assert not path.exists()


def test_a_key_is_read_from_stdin_and_never_shown(bare: Runner, path: Path, key_files: set[Path]) -> None:
    key_files.add(path)
    done(bare("config", "set", "api_key", "-", stdin=f"{CANARY}\n".encode()))
    assert path.read_text() == f'api_key = "{CANARY}"\n'
    assert f"{path.stat().st_mode & 0o777:o}" == "600"
    assert bare("config", "get", "api_key").out == "***\n"
    assert table(bare("config", "list"))["api_key"] == ("***", str(path))
    assert bare("config", "list", "--json").json["api_key"] == {"value": "***", "origin": str(path)}
    path.write_text(f'api_key = ["{CANARY}"]\n')
    check_message(bare("config", "list").err)
    path.write_text(f'api_key = "{CANARY}\n')
    check_message(bare("config", "list").err)


def test_a_key_on_the_command_line_causes_a_warning(bare: Runner) -> None:
    result = bare("config", "set", "api_key", OTHER)
    assert without(result.err) == (
        "nbx: warning: the api_key is now in the shell history; use - to read it from stdin\n"
    )


def test_list_names_every_origin(
    bare: Runner, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nbx.toml").write_text("temperature = 0.5\nstop = ['a', 'b']\n")
    bare.write_config(
        "use_profile = 'w'\nproject_file = true\ntemperature = 1\nn = 1\nuser = 'u'\n[profile.w]\nn = 2\n"
    )
    listed = bare("config", "list", env={"NBX_RETRIES": "5"})
    assert listed.err == f"nbx: the project file is {tmp_path / '.nbx.toml'}\n"
    rows = table(listed)
    assert rows["temperature"] == ("0.5", str(tmp_path / ".nbx.toml"))
    assert rows["stop"] == ('["a","b"]', str(tmp_path / ".nbx.toml"))
    assert rows["n"] == ("2", "profile w")
    assert rows["user"] == ("u", str(path))
    assert rows["retries"] == ("5", "NBX_RETRIES")
    assert rows["timeout"] == ("0", "default")
    assert rows["use_profile"] == ("w", str(path))
    entries = bare("config", "list", "--json").json
    assert entries["stop"] == {"value": ["a", "b"], "origin": str(tmp_path / ".nbx.toml")}
    in_force = {"value": True, "origin": str(path), "path": str(tmp_path / ".nbx.toml")}
    assert entries["project_file"] == in_force
    (tmp_path / ".nbx.toml").unlink()
    assert bare("config", "list", "--json").json["project_file"] == {"value": True, "origin": str(path)}
    assert "temperature" in bare("config", "list", stdout_tty=True, env={"COLUMNS": "200"}).out


def test_a_change_is_written_to_the_active_profile(bare: Runner, path: Path) -> None:
    done(bare("profile", "add", "w"))
    done(bare("config", "set", "--profile", "w", "n", "2"), "nbx: n is set in profile w\n")
    done(bare("config", "set", "n", "3"))
    done(bare("config", "set", "n", "4", env={"NBX_PROFILE": "w"}), "nbx: n is set in profile w\n")
    assert path.read_text() == "n = 3\n\n[profile.w]\nn = 4\n"
    done(bare("profile", "use", "w"))
    done(bare("config", "unset", "n"))
    assert path.read_text() == 'n = 3\nuse_profile = "w"\n\n[profile.w]\n'
    done(bare("config", "set", "n", "5", "--profile", "-"))
    done(bare("config", "set", "project_file", "true"))
    done(bare("config", "unset", "use_profile"))
    assert path.read_text() == "n = 5\nproject_file = true\n\n[profile.w]\n"


def test_a_change_that_a_variable_overrides_causes_a_warning(bare: Runner) -> None:
    environ = {"NEBIUS_MODEL": "m"}
    done(
        bare("config", "set", "model", "x", env=environ),
        "nbx: warning: NEBIUS_MODEL overrides the new value\n",
    )
    done(bare("config", "set", "model", "m", env=environ))


BROKEN = "# mine\nmodel = 'm'\ntemprature = 0.5\nn = 0\n"


def test_list_and_get_show_valid_settings_and_report_invalid_ones(bare: Runner, path: Path) -> None:
    bare.write_config(BROKEN)
    reported = (
        f"nbx: {path}:3: no setting 'temprature'\n  did you mean temperature?\n"
        "  nbx config edit, or nbx config unset --profile - temprature\n"
        f"nbx: {path}:4: n must be 1 or more\n  nbx config edit, or nbx config unset --profile - n\n"
    )
    listed = bare("config", "list")
    assert (listed.code, listed.err) == (78, reported)
    assert table(listed)["model"] == ("m", str(path))
    check_message(listed.err)
    got = bare("config", "get", "model")
    assert (got.code, got.out, got.err) == (78, "m\n", reported)
    missing = bare("config", "get", "n")
    assert (missing.code, missing.out) == (78, "")
    assert missing.err == reported[: reported.index(f"nbx: {path}:4")]


def test_set_and_unset_can_correct_a_file_with_invalid_entries(bare: Runner, path: Path) -> None:
    bare.write_config(BROKEN)
    asked = bare("complete", "x", "--dry-run")
    assert (asked.code, asked.out) == (78, "")
    done(bare("config", "unset", "--profile", "-", "temprature"))
    done(bare("config", "set", "n", "2"))
    assert path.read_text() == "# mine\nmodel = 'm'\nn = 2\n"
    assert bare("complete", "x", "--dry-run").code == 0
    bare.write_config("max-tokens = 1\n")
    done(bare("config", "unset", "max-tokens"))
    assert path.read_text() == ""
    bare.write_config("[profile.w]\nuse_profile = 'x'\n")
    done(bare("config", "unset", "--profile", "w", "use_profile"))
    assert path.read_text() == "[profile.w]\n"


def test_with_a_file_that_is_not_valid_toml_everything_but_writing_works(bare: Runner, path: Path) -> None:
    bare.write_config("model = 'm'\nn 2\n")
    why = "Expected '=' after a key in a key/value pair"
    reported = f"nbx: {path}:2:3: not valid TOML\n  {why}\n  nbx config edit\n"
    listed = bare("config", "list", env={"NEBIUS_MODEL": "x"})
    assert (listed.code, listed.err) == (78, reported)
    assert table(listed)["model"] == ("x", "NEBIUS_MODEL")
    assert (bare("config", "get", "model").code, bare("config", "get", "model").err) == (78, reported)
    assert bare("config", "set", "model", "x").err == reported
    assert bare("config", "unset", "model").err == reported
    assert bare("config", "path").out == f"{path}\n"
    for args in (["--help"], ["config", "--help"], ["--version"]):
        assert bare(*args).code == 0
    assert path.read_text() == "model = 'm'\nn 2\n"


NO_WALK = """
import os, sys
from nebius_cli.main import main
seen = []
def watch(event, args):
    if event == "open" and ".nbx.toml" in str(args[0]):
        seen.append(args[0])
sys.addaudithook(watch)
code = main(sys.argv[1:])
assert seen == [], seen
assert "nebius_cli.config.project_file" not in sys.modules
sys.exit(code)
"""


def test_a_project_file_is_neither_searched_nor_read_unless_it_is_enabled(
    bare: Runner, tmp_path: Path
) -> None:
    (tmp_path / ".nbx.toml").write_text("this is [no TOML")
    words = [sys.executable, "-c", NO_WALK, "complete", "x", "-m", "m", "--dry-run"]
    run = subprocess.run(words, cwd=tmp_path, env=bare.process_env(), capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")


def test_a_project_file_may_set_only_request_fields(
    bare: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    (tmp_path / ".nbx.toml").write_text("model = 'project/model'\nmax_tokens = 3\n")
    environ = {"NBX_PROJECT_FILE": "1"}
    body = bare("complete", "x", "--dry-run", "--no-stream", env=environ).json
    assert body == {"model": "project/model", "prompt": "x", "max_tokens": 3, "stream": False}
    (tmp_path / ".nbx.toml").write_text("model = 'm'\nbase_url = 'https://evil.example'\n")
    refused = bare("complete", "x", "--dry-run", env=environ)
    assert (refused.code, refused.out) == (78, "")
    where = f"{os.fspath(tmp_path)}/.nbx.toml:2"
    assert refused.err.splitlines()[0] == f"nbx: {where}: base_url may not be set in a project file"
    check_message(refused.err)


def test_each_change_is_confirmed_by_a_message(bare: Runner, path: Path) -> None:
    assert bare("config", "set", "n", "2").err == f"nbx: n is set in {path}\n"
    assert bare("config", "unset", "n").err == f"nbx: n is no longer set in {path}\n"
    assert bare("config", "unset", "n").err == f"nbx: n was not set in {path}\n"
    bare("profile", "add", "work")
    assert bare("profile", "use", "work").err == "nbx: now using profile work\n"
    assert bare("profile", "use", "--none").err == "nbx: now using no profile\n"
    assert bare("config", "set", "n", "2", "-q").err == ""


def test_list_all_has_every_setting_with_its_description(bare: Runner, path: Path) -> None:
    bare("config", "set", "temperature", "0.5")
    env = {"NEBIUS_API_KEY": CANARY}
    rows = [line.split("\t") for line in bare("config", "list", "--all", env=env).out.splitlines()]
    assert [(row[0], row[3]) for row in rows] == [(s.field.name, s.field.help) for s in SETTINGS]
    values = {row[0]: row[1:3] for row in rows}
    assert values["temperature"] == ["0.5", str(path)]
    assert (values["api_key"], values["cacert"]) == (["***", "NEBIUS_API_KEY"], ["-", "-"])
    told = bare("config", "list", "--all", "--json").json
    assert told["cacert"] == {"value": None, "origin": None, "description": BY_NAME["cacert"].field.help}
    narrow = bare("config", "list", "--all", stdout_tty=True, env={"COLUMNS": "80", "TERM": "xterm"}).out
    assert (
        f"cacert\n  value        -\n  origin       -\n  description  {BY_NAME['cacert'].field.help}" in narrow
    )
