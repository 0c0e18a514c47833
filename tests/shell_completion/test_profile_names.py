"""TAB on the name of a profile, which is read from the config file, and on other known values."""

from pathlib import Path

import pytest

from nebius_cli.config.read_and_write_config_file import ConfigFile
from tests.shell_completion.shells import SHELLS, shell

LINES = {
    "after the flag": ("nbx complete --profile wo\tx", "<complete><--profile><work><x>"),
    "after =": ("nbx complete --profile=wo\tx", "<complete><--profile=work><x>"),
    "before the command": ("nbx --profile wo\tdoctor", "<--profile><work><doctor>"),
    "to be used": ("nbx profile use te\t--debug", "<profile><use><team-2><--debug>"),
    "to be deleted": ("nbx profile rm wo\t-q", "<profile><rm><work><-q>"),
    "with a comment after it": ("nbx profile use by\t", "<profile><use><by_hand>"),
    "not for a new profile": ("nbx profile add wo\t", "<profile><add><wo>"),
    "not a table within a profile": ("nbx profile use oth\t", "<profile><use><oth>"),
    "not a quoted name": ("nbx profile use ev\t", "<profile><use><ev>"),
    "a finish reason": ("nbx complete --fail-on le\tx", "<complete><--fail-on><length><x>"),
    "an output of bulk": ("nbx bulk export ans\t-q", "<bulk><export><answers.jsonl><-q>"),
}
BY_HAND = """
  [profile.by_hand] # made in an editor\r
[profile.other.budget]
[profile."ev$(touch pwned)"]
[profile.-ev]
x = "[profile.ev]"
"""


@pytest.fixture(params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(path: Path, *names: str) -> None:
    """Create profiles as nbx does."""
    file = ConfigFile(path, pytest.fail)
    for profile in names:
        file.add_profile(profile, {"model": "m"})


def test_names_in_the_config_file_are_completed_and_no_others(name: str, tmp_path: Path) -> None:
    config = tmp_path / ".config" / "nbx" / "config.toml"
    make(config, "work", "team-2")
    config.write_text(config.read_text() + BY_HAND)
    (tmp_path / "folder").mkdir(exist_ok=True)
    (tmp_path / "folder" / "answers.jsonl").touch()
    with shell(name, tmp_path) as running:
        given = {case: running.given(keys) for case, (keys, _) in LINES.items()}
    assert given == {case: words for case, (_, words) in LINES.items()}
    assert list(tmp_path.rglob("pwned")) == []


def test_the_config_file_is_found_where_nbx_keeps_it(name: str, tmp_path: Path) -> None:
    for folder in ("chosen", "xdg/nbx", ".config/nbx"):
        make(tmp_path / folder / "config.toml", f"from-{folder[:3].strip('.')}")
    for variable, value, expected in (("NBX_CONFIG_DIR", "chosen", "cho"), ("XDG_CONFIG_HOME", "xdg", "xdg")):
        set_it = "set -gx {} {}" if name == "fish" else "export {}={}"
        before = set_it.format(variable, tmp_path / value)
        (private := tmp_path / variable).mkdir()
        with shell(name, private, before=before) as running:
            assert running.given("nbx profile use f\t") == f"<profile><use><from-{expected}>"


def test_a_bash_trace_does_not_show_the_key_in_the_config_file(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "nbx" / "config.toml"
    ConfigFile(config, pytest.fail).set("api_key", "not-to-be-seen")
    make(config, "work")
    trace = tmp_path / "trace"
    with shell("bash", tmp_path, before=f"exec 9>{trace}; BASH_XTRACEFD=9; set -x") as running:
        running.given("nbx profile use wo\t")
    traced = trace.read_text("utf-8", "replace")
    assert ("sed -n" in traced, "not-to-be-seen" in traced) == (True, False)
