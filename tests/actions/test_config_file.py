"""The config file: profiles in it, and what happens when it is broken."""

import tomllib
from pathlib import Path

import pytest
import tomli_w

from tests.support.messages import check_message
from tests.support.run import Result, Runner


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


LAYERS = "retries = 5\n[profile.p]\nretries = 6\n"


def test_a_profile_is_written_beside_the_rest(bare: Runner, file: Path) -> None:
    write(file, tomli_w.dumps({"model": "m", "profile": {"q": {"n": 2}}}))
    done(bare("config", "set", "model", "other", "--profile", "p"))
    done(bare("config", "set", "n", "3", env={"NBX_PROFILE": "p"}))
    done(bare("config", "unset", "n", "--profile", "q"))
    assert read(file) == {"model": "m", "profile": {"q": {}, "p": {"model": "other", "n": 3}}}
    result = bare("config", "unset", "model", "--profile", "q")
    assert (result.code, result.err) == (0, "nbx: model was not set in profile q\n")


def test_a_profile_that_does_not_exist_is_a_configuration_error(nbx: Runner, file: Path) -> None:
    for result in (
        nbx("complete", "x", "--dry-run", "--profile", "nobody"),
        nbx("--profile", "nobody", "config", "list"),
        nbx("config", "get", "model", env={"NBX_PROFILE": "nobody"}),
    ):
        failed(result, 78, "there is no profile 'nobody'", f"{file} has no table [profile.nobody]")


@pytest.mark.parametrize("text", ["profile = 5\n", "[profile]\np = 5\n"])
def test_a_profile_that_is_no_table_is_a_configuration_error(bare: Runner, file: Path, text: str) -> None:
    write(file, text)
    for command in (["list"], ["set", "model", "m"], ["unset", "model"]):
        failed(bare("config", *command, "--profile", "p"), 78)
    assert file.read_text() == text


def test_unset_does_not_take_all_profiles_at_once(bare: Runner, file: Path) -> None:
    write(file, LAYERS)
    assert "profile was not set" in bare("config", "unset", "profile").err
    assert file.read_text() == LAYERS
    write(file, "profile = 5\n")
    assert done(bare("config", "unset", "profile")) == ""
    assert read(file) == {}


BROKEN = 'api_key = "canary-key-4f1d"\nmodel = "m\n'


def test_a_file_that_is_no_toml_stops_what_reads_it_with_the_line(nbx: Runner, file: Path) -> None:
    write(file, BROKEN)
    for command in (
        ["complete", "x"],
        ["complete", "x", "--dry-run"],
        ["complete", "x", "--curl"],
        ["config", "list"],
        ["config", "get", "model"],
        ["config", "set", "model", "m"],
        ["config", "unset", "model"],
    ):
        failed(nbx(*command), 78, f"{file} is not valid TOML", "at line 2", "mend the file, or move it away")
    assert file.read_text() == BROKEN


def test_a_broken_file_does_not_stop_what_needs_no_settings(nbx: Runner, file: Path) -> None:
    write(file, BROKEN)
    assert nbx("--version").code == 0
    assert nbx("complete", "--help").code == 0
    assert nbx("config", "--help").code == 0
    assert done(nbx("config", "path")) == f"{file}\n"


def test_a_file_that_is_no_text_or_no_file_is_a_configuration_error(nbx: Runner, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"model = '\xff'")
    failed(nbx("config", "list"), 78, "is not valid TOML")
    file.unlink()
    file.mkdir()
    failed(nbx("config", "list"), 78, "cannot read", "Is a directory")


@pytest.mark.parametrize("name", ["temprature", "max-tokens"])
def test_an_unknown_key_in_the_file_is_told_and_can_be_taken_out(nbx: Runner, file: Path, name: str) -> None:
    write(file, f"{name} = 1\nn = 2\n")
    nearest = {"temprature": "temperature", "max-tokens": "max_tokens"}[name]
    failed(nbx("complete", "x", "--dry-run"), 78, f"no setting '{name}'", f"did you mean {nearest}?")
    done(nbx("config", "unset", name))
    assert read(file) == {"n": 2}


def test_a_wrong_value_in_the_file_is_told_with_what_to_do(nbx: Runner, file: Path) -> None:
    write(file, 'temperature = "hot"\n')
    failed(
        nbx("complete", "x", "--dry-run"),
        78,
        f"{file}: temperature must be a number",
        "nbx config set temperature VALUE, or unset it",
    )
    done(nbx("config", "set", "temperature", "0.5"))
    assert nbx("complete", "x", "--dry-run").json["temperature"] == 0.5


@pytest.mark.parametrize(
    "text", ["extra_body = {a = 2026-01-01}\n", "extra_body = {a = nan}\n", "temperature = inf\n"]
)
def test_what_toml_can_hold_and_json_cannot_is_a_configuration_error(
    nbx: Runner, file: Path, text: str
) -> None:
    write(file, text)
    failed(nbx("complete", "x", "--dry-run"), 78, str(file))


def test_a_wrong_variable_is_named(nbx: Runner) -> None:
    failed(nbx("complete", "x", env={"NBX_RETRIES": "-1"}), 78, "NBX_RETRIES=-1", "retries must be 0 or more")
    failed(nbx("complete", "x", env={"NEBIUS_BASE_URL": "nonsense"}), 78, "base_url nonsense")


def test_the_place_of_the_file_follows_the_environment(bare: Runner, tmp_path: Path) -> None:
    def path(**env: str) -> str:
        return done(bare("config", "path", env={"NBX_CONFIG_DIR": "", **env})).strip()

    assert path(NBX_CONFIG_DIR="/a") == "/a/config.toml"
    assert path(XDG_CONFIG_HOME="/b") == "/b/nbx/config.toml"
    assert path(XDG_CONFIG_HOME="relative") == path() == f"{tmp_path}/home/.config/nbx/config.toml"
