"""Manual pages: their content, and that man and mandoc report no problems."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nebius_cli.command_tree.commands_as_data import Command, Flag, ValueKind
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.gen import man
from nebius_cli.gen.__main__ import command_tree
from tests.support.run import Runner

ROOT = Path(__file__).parents[2]
CHECKS = {"mandoc": ("mandoc", "-T", "lint", "-W", "warning"), "man": ("man", "--warnings", "-l")}
# As with the shells: if NBX_TEST_SHELLS is set, both are required.
READERS = [name for name in CHECKS if os.environ.get("NBX_TEST_SHELLS") == "1" or shutil.which(name)]
TREE = command_tree()
PAGES = man.pages(TREE)


def command(**more: object) -> Command:
    parts: dict[str, object] = {
        "summary": "Do.",
        "help": "Do.",
        "flags": (),
        "arguments": (),
        "subcommands": (),
    }
    return Command(**{"path": ("nbx",), **parts, **more})  # type: ignore[arg-type]


def shown(page: str) -> str:
    """Return a page as `man` shows it: on one line, without backspaces and escape sequences."""
    done = subprocess.run(["man", "-l", "-"], input=page, capture_output=True, text=True, check=True)
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout).split())


def test_there_is_a_page_for_each_command() -> None:
    assert {Path(path).stem for path in PAGES} == {"-".join(c.path) for c in TREE.walk()}


@pytest.mark.parametrize("one", list(TREE.walk()), ids=lambda c: c.name)
def test_a_page_contains_every_flag_and_exit_code(one: Command) -> None:
    page = PAGES[f"{man.FOLDER}/{man.name(one)}.1"]
    for flag in one.flags:
        for spelled in (*flag.names, *flag.negations):
            assert f"\\fB{spelled.replace('-', chr(92) + '-')}\\fR" in page
    for code in ExitCode:
        assert f"\\fB{int(code)}\\fR" in page


def test_the_page_of_nbx_names_the_variables() -> None:
    assert "NEBIUS_API_KEY" in PAGES[f"{man.FOLDER}/nbx.1"]
    assert "NEBIUS_API_KEY" not in PAGES[f"{man.FOLDER}/nbx-config-set.1"]


def test_the_page_of_nbx_names_every_path_and_the_variable_that_changes_it(bare: Runner) -> None:
    page = PAGES[f"{man.FOLDER}/nbx.1"]
    for path, (env, base, _) in man.USER_FILES.items():
        assert f"\\fB\\(ti/{base}/nbx/{path}\\fR" in page
        assert f"\\fB{env}\\fR" in page
    home = os.environ["HOME"]
    said = bare("config", "path", env={"NBX_CONFIG_DIR": "", "HOME": home}).out
    assert said == f"{home}/.config/nbx/config.toml\n"


def test_text_that_roff_would_interpret_is_escaped() -> None:
    awkward = r"""it's a \back\slash, `ticks`, ~tilde, ^hat, "quotes" and --flag"""
    flag = Flag(
        ("--x",), (), "", f".starts with a dot: {awkward}", ValueKind.NOTHING, (), repeatable=False, panel="A"
    )
    page = man.page(command(flags=(flag,)), command())
    assert "\n\\&.starts" in page
    if "man" in READERS:
        assert f".starts with a dot: {awkward}" in shown(page)


@pytest.mark.parametrize("reader", READERS)
def test_man_and_mandoc_report_no_problems(reader: str) -> None:
    for path in PAGES:
        done = subprocess.run([*CHECKS[reader], ROOT / path], capture_output=True, check=False)
        complaints = done.stdout if reader == "mandoc" else done.stderr
        assert (done.returncode, complaints) == (0, b""), path
