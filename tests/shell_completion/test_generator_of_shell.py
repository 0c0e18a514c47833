"""TAB completion in real shells."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell_completion.shells import COMPLETIONS, DESCRIBING, SHELLS, Shell, shell

# The keys that are typed, and the arguments that nbx gets after Enter.
LINES = {
    "a command": ("nbx doc\tx", "<doctor><x>"),
    "a subcommand": ("nbx conf\tge\tx", "<config><get><x>"),
    "a flag": ("nbx complete --max-t\t 4", "<complete><--max-tokens><4>"),
    "a negation": ("nbx complete --no-val\tx", "<complete><--no-validate><x>"),
    "a choice": ("nbx complete --service-tier fl\tx", "<complete><--service-tier><flex><x>"),
    "a choice after =": ("nbx complete --service-tier=fl\tx", "<complete><--service-tier=flex><x>"),
    "a shared flag's choice": ("nbx complete --color al\tx", "<complete><--color><always><x>"),
    "a command after a flag with a value": ("nbx --color never doc\tx", "<--color><never><doctor><x>"),
    "a command after a flag with =": ("nbx --color=never doc\tx", "<--color=never><doctor><x>"),
    "a field to unset": ("nbx complete --unset freq\tx", "<complete><--unset><frequency_penalty><x>"),
    "a setting": ("nbx config get base\tx", "<config><get><base_url><x>"),
    "a file": ("nbx complete --file onl\t--json", "<complete><--file><only one.txt><--json>"),
    "a file after a short flag": ("nbx complete -f onl\t--json", "<complete><-f><only one.txt><--json>"),
    "a file after =": ("nbx complete --output=onl\t--json", "<complete><--output=only one.txt><--json>"),
    "a file after @": ("nbx complete --extra-body @onl\t-q", "<complete><--extra-body><@only one.txt><-q>"),
    "a file after =@": ("nbx complete --extra-body=@onl\t-q", "<complete><--extra-body=@only one.txt><-q>"),
    "a folder after @": ("nbx complete --extra-body @sub\tx", "<complete><--extra-body><@sub folder/x>"),
    "a command of a group that takes files": ("nbx bulk ru\tonl\t-q", "<bulk><run><only one.txt><-q>"),
    "a file after a group that runs it": ("nbx bulk onl\t--estim\t", "<bulk><only one.txt><--estimate>"),
    "a word in the middle of the line": ("nbx doc x\x02\x02\t\x05", "<doctor><x>"),
    "a flag after a file": (
        "nbx complete -f 'only one.txt' --dry\tx",
        "<complete><-f><only one.txt><--dry-run><x>",
    ),
    "a flag after : and =": (
        "nbx complete a:b --param k=1:2 --dry\tx",
        "<complete><a:b><--param><k=1:2><--dry-run><x>",
    ),
    "a flag after quotes": (
        "nbx complete 'it is \"$x\" \\z' --dry\tx",
        '<complete><it is "$x" \\z><--dry-run><x>',
    ),
    "a flag after an escaped space": ("nbx complete a\\ b --dry\tx", "<complete><a b><--dry-run><x>"),
    "a flag after other spaces": ("nbx   complete  a  --dry\tx", "<complete><a><--dry-run><x>"),
    "a value that looks like a command": ("nbx --profile config doc\tx", "<--profile><config><doctor><x>"),
    "a prompt that looks like a command": (
        "nbx complete config --dry\tx",
        "<complete><config><--dry-run><x>",
    ),
    "short flags that share a dash": (
        "nbx complete -qf onl\t--json",
        "<complete><-qf><only one.txt><--json>",
    ),
}

# If nothing can be offered, TAB leaves the line unchanged.
NOTHING = {
    "a prompt": ("nbx complete onl\t", "<complete><onl>"),
    "a number": ("nbx complete --max-tokens onl\t", "<complete><--max-tokens><onl>"),
    "an unknown choice": ("nbx complete --color onl\t", "<complete><--color><onl>"),
    "a JSON value": ("nbx complete --extra-body onl\t", "<complete><--extra-body><onl>"),
    "a flag after --": ("nbx complete -- --dry\t", "<complete><--><--dry>"),
    "a flag of another command": ("nbx config get --dry\t", "<config><get><--dry>"),
    "a second setting": ("nbx config get model base\t", "<config><get><model><base>"),
    "an unknown command": ("nbx nosuch --dry\t", "<nosuch><--dry>"),
}


@pytest.fixture(scope="module", params=SHELLS)
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Each shell in turn."""
    with shell(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.mark.parametrize("case", LINES)
def test_tab_completes_a_word(case: str, tab: Shell) -> None:
    keys, words = LINES[case]
    assert tab.given(keys) == words


@pytest.mark.parametrize("case", NOTHING)
def test_tab_leaves_the_line_unchanged_if_nothing_matches(case: str, tab: Shell) -> None:
    keys, words = NOTHING[case]
    assert tab.given(keys) == words


def test_tab_lists_the_commands(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as running:
        shown = running.listed("nbx \t\t\t", "complete", "config")
    assert ("Read and write settings." in shown) == (name in DESCRIBING)


def test_tab_lists_the_flags_of_the_command_and_no_others(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as running:
        shown = running.listed(
            "nbx config list --\t\t", "--color", "--debug", "--json", "--quiet", "--verbose"
        )
    assert "--temperature" not in shown
    assert "--version" not in shown


def test_tab_lists_choices(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as running:
        running.listed(
            "nbx complete --service-tier \t\t", "auto", "default", "over-limit", "flex", "no-limit"
        )


def test_tab_lists_files_and_folders(name: str, tmp_path: Path) -> None:
    with shell(name, tmp_path) as running:
        running.listed("nbx complete --file \t\t", "only", "one.txt", "sub", "folder/")


@pytest.mark.parametrize(
    "before", ["COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:@]/}", "compopt() { return 127; }"]
)
def test_bash_completes_with_other_word_breaks_and_without_compopt(before: str, tmp_path: Path) -> None:
    with shell("bash", tmp_path, before=before) as running:
        for case in ("a flag", "a choice", "a choice after =", "a file", "a flag after : and ="):
            keys, words = LINES[case]
            assert running.given(keys) == words


def test_the_script_may_be_sourced(name: str, tmp_path: Path) -> None:
    # Only zsh normally loads its script from $fpath; the other shells source theirs in every test.
    before = f"unfunction _nbx; source {COMPLETIONS / '_nbx'}" if name == "zsh" else ""
    with shell(name, tmp_path, before=before) as running:
        assert running.given("nbx doc\tx") == "<doctor><x>"
