"""`nbx profile`: adding, choosing, listing and removing profiles."""

import tomllib
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.confirmations import done
from tests.support.messages import check_message
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, json_answer


def refused(result: Result, what: str) -> None:
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[0] == f"nbx: {what}"
    check_message(result.err)


def test_a_profile_is_added_chosen_and_removed(bare: Runner, path: Path) -> None:
    done(bare("profile", "add", "work", "model=work/model", "temperature=0.2", "stop=a=b"))
    done(bare("profile", "add", "home"))
    text = '[profile.work]\nmodel = "work/model"\ntemperature = 0.2\nstop = "a=b"\n\n[profile.home]\n'
    assert path.read_text() == text
    done(bare("profile", "use", "work"))
    assert path.read_text() == f'use_profile = "work"\n\n{text}'
    assert bare("profile", "list").out == f"work\t{path}\tmodel, temperature, stop\nhome\t\t\n"
    assert bare("complete", "x", "--dry-run").json["model"] == "work/model"
    done(
        bare("profile", "rm", "work"),
        "nbx: removed profile work with model, temperature, stop\nnbx: it was in use; now using no profile\n",
    )
    done(bare("profile", "rm", "home"), "nbx: removed profile home\n")
    assert tomllib.loads(path.read_text()) == {}


@pytest.mark.parametrize("args", [["-"], ["--none"]])
def test_use_can_choose_no_profile(bare: Runner, path: Path, args: list[str]) -> None:
    done(bare("profile", "add", "work"))
    done(bare("profile", "use", "work"))
    done(bare("profile", "use", *args))
    assert path.read_text() == "[profile.work]\n"
    done(bare("profile", "use", *args), "nbx: no profile was in use\n")


def test_a_choice_that_a_variable_overrides_causes_a_warning(bare: Runner) -> None:
    done(bare("profile", "add", "a"))
    done(bare("profile", "add", "b"))
    stronger = "nbx: warning: NBX_PROFILE overrides this and selects profile b\n"
    done(bare("profile", "use", "a", env={"NBX_PROFILE": "b"}), stronger)
    done(bare("profile", "use", "--none", env={"NBX_PROFILE": "b"}), stronger)
    done(bare("profile", "use", "b", env={"NBX_PROFILE": "b"}))


def test_list_shows_what_chose_the_active_profile(bare: Runner, path: Path) -> None:
    assert bare("profile", "list").out == ""
    done(bare("profile", "add", "a", "n=2"))
    done(bare("profile", "add", "b"))
    done(bare("profile", "use", "a"))
    assert bare("profile", "list", env={"NBX_PROFILE": "b"}).out == "a\t\tn\nb\tNBX_PROFILE\t\n"
    assert bare("profile", "list", "--profile", "b").out == "a\t\tn\nb\t--profile\t\n"
    assert bare("profile", "list", "--profile", "-").out == "a\t\tn\nb\t\t\n"
    assert bare("profile", "list", "--json").json == {
        "profiles": [
            {"name": "a", "in_force": True, "origin": str(path), "settings": {"n": 2}},
            {"name": "b", "in_force": False, "origin": None, "settings": {}},
        ]
    }
    drawn = bare("profile", "list", stdout_tty=True, env={"COLUMNS": "200"}).out
    assert "chosen by" in drawn


def test_list_shows_profiles_with_mistakes_and_reports_the_mistakes(bare: Runner, path: Path) -> None:
    bare.write_config("use_profile = 'z'\n[profile.a]\nmodle = 'm'\nn = 2\n")
    result = bare("profile", "list")
    assert (result.code, result.out) == (78, "a\t\tn\n")
    assert [line for line in result.err.splitlines() if line.startswith("nbx:")] == [
        f"nbx: {path}:1: no profile 'z'",
        f"nbx: {path}:3: no setting 'modle'",
    ]
    check_message(result.err)


def test_a_key_in_a_profile_is_read_from_stdin_and_never_shown(
    bare: Runner, path: Path, key_files: set[Path], server: FakeServer
) -> None:
    key_files.add(path)
    settings = ["api_key=-", f"base_url={server.url}", "model=m"]
    done(bare("profile", "add", "work", *settings, stdin=f"{CANARY}\n".encode()))
    assert bare("profile", "list", "--json").json["profiles"][0]["settings"]["api_key"] == "***"
    server.script(json_answer("x"))
    assert bare("complete", "y", "--profile", "work", "--no-stream").out == "x\n"
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    done(bare("profile", "rm", "work"), "nbx: removed profile work with api_key, base_url, model\n")


def test_add_reports_which_key_is_sent_to_the_server_of_a_profile_without_a_key(
    bare: Runner, path: Path, key_files: set[Path]
) -> None:
    key_files.add(path)
    elsewhere = "base_url=http://127.0.0.1:9/v1"
    done(bare("profile", "add", "alone", elsewhere))
    done(bare("config", "set", "api_key", "-", stdin=CANARY.encode()))
    note = "nbx: requests to 127.0.0.1:9 will be sent with the key of "
    own = "; nbx auth login --profile fake stores a separate key\n"
    done(bare("profile", "add", "fake", elsewhere), f"{note}{path}{own}")
    done(bare("profile", "add", "same", "model=m"))
    done(bare("profile", "add", "own", elsewhere, "api_key=-", stdin=CANARY.encode()))
    done(bare("profile", "add", "env", elsewhere, env={"NEBIUS_API_KEY": CANARY}), f"{note}NEBIUS_API_KEY\n")


@pytest.mark.parametrize("name", ["a b", "-x", "a.b", "é", "a" * 65, "a\nb", "[x]", "a/b"])
def test_an_invalid_profile_name_is_a_usage_error(bare: Runner, path: Path, name: str) -> None:
    result = bare("profile", "add", "--", name)
    assert result.code == 2
    assert "is not a valid profile name" in result.err
    assert not path.exists()


def test_an_invalid_command_is_reported_and_nothing_is_written(bare: Runner, path: Path) -> None:
    done(bare("profile", "add", "work", "n=2"))
    before = path.read_bytes()
    refused(bare("profile", "add"), "no profile given")
    refused(bare("profile", "add", "work", "n=3"), "profile work already exists")
    refused(bare("profile", "add", "x", "n"), "'n' is not a setting")
    refused(bare("profile", "add", "x", "m=3"), "no setting 'm'")
    refused(bare("profile", "add", "x", "n=0"), "n 0")
    refused(bare("profile", "add", "x", "n=1", "n=2"), "n is given twice")
    refused(bare("profile", "add", "x", "use_profile=y"), "use_profile may not be set in a profile")
    refused(bare("profile", "add", "x", "user=-", "model=-", stdin=b"x"), "stdin is used twice")
    refused(bare("profile", "use"), "no profile given")
    refused(bare("profile", "use", "work", "--none"), "no profile given")
    refused(bare("profile", "use", "wrk"), "no profile 'wrk'")
    refused(bare("profile", "rm", "wrk"), "no profile 'wrk'")
    refused(bare("profile", "rm"), "no profile given")
    assert "did you mean work?" in bare("profile", "rm", "wrk").err
    assert path.read_bytes() == before


def test_a_run_with_an_undefined_profile_is_a_configuration_error(bare: Runner) -> None:
    for args, env in ((["--profile", "x"], {}), ([], {"NBX_PROFILE": "x"})):
        result = bare("complete", "y", "-m", "m", "--dry-run", *args, env=env)
        assert (result.code, result.out) == (78, "")
        check_message(result.err)
