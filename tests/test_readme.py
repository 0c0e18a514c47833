"""Each command in the README runs and prints the output that is shown."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.documented_commands import ROOT, blocks, environ, run, run_on_terminal, says, sessions
from tests.support.server import FakeServer, answer, status

README = (ROOT / "README.md").read_text("utf-8")
# The commands of each block, with their output.
(CLONE, INSTALL), *RECIPES, (SUITE,) = [
    sessions(f"```console\n{block}```") for block in blocks(README, "console")
]
INSTALLERS, FIRST, INFILL, SERVERS, LEDGER = blocks(README, "sh")
DRAWN = "──"  # appears only in the output of commands that are run on a terminal

# If NBX_TEST_SHELLS is set, the programs that the recipes call must be installed.
REQUIRED = os.environ.get("NBX_TEST_SHELLS") == "1"


def can_run(recipe: list[tuple[str, str]]) -> bool:
    """Return whether the machine has the programs that a recipe needs."""
    return REQUIRED or "| jq" not in recipe[0][0] or shutil.which("jq") is not None


@pytest.fixture
def shell_env() -> dict[str, str]:
    """An environment with this nbx on PATH, an empty home, and the downloaded weights."""
    return environ()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout: the files of the repository without any build results."""
    copy = tmp_path / "checkout"
    for name in ("nebius_cli", "completions", "docs", "pyproject.toml", "README.md"):
        copy.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, copy], check=True)
    return copy


@pytest.mark.engine
@pytest.mark.parametrize(
    "recipe", [recipe for recipe in RECIPES if can_run(recipe)], ids=lambda recipe: str(recipe[-1][0][:60])
)
def test_a_recipe_prints_the_output_shown_in_the_readme(
    recipe: list[tuple[str, str]], tmp_path: Path, shell_env: dict[str, str]
) -> None:
    for command, output in recipe:
        if DRAWN in output:
            shown = run_on_terminal(command, tmp_path, {**shell_env, "TERM": "xterm-256color"})
        else:
            shown = run(command, tmp_path, shell_env).stdout
        assert says(output, shown), shown


@pytest.mark.engine
def test_the_first_commands_install_nbx_and_put_it_on_the_path(
    checkout: Path, tmp_path: Path, shell_env: dict[str, str]
) -> None:
    for words in ("init -q", "add .", "-c user.name=x -c user.email=x@y commit -qm x"):
        subprocess.run(["git", *words.split()], cwd=checkout, check=True)
    bin_of_the_tests = str(Path(sys.executable).parent) + os.pathsep
    env = {**shell_env, "PATH": shell_env["PATH"].removeprefix(bin_of_the_tests)}
    command, output = INSTALL
    clone = CLONE[0].replace("REPOSITORY", str(checkout))
    done = run(f"{clone}\n{command}\ncommand -v nbx\nnbx usage plot", tmp_path, env)
    assert done.returncode == 0, done.stdout
    answered, nbx, plot = done.stdout.partition(f"{tmp_path}/nbx/.venv/bin/nbx\n")
    assert (says(output, answered), bool(nbx)) == (True, True), done.stdout
    assert "tokens by day" in plot


def test_the_install_commands_name_existing_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for line in (*INSTALLERS.splitlines(), INSTALL[0], SUITE[0]):
        (named,) = re.findall(r"'\.\[(.*?)\]'", line)
        assert set(named.split(",")) <= set(extras)
    assert [line.split()[0] for line in INSTALLERS.splitlines()] == ["pipx", "uv"]


@pytest.mark.parametrize("line", INSTALLERS.splitlines(), ids=lambda line: str(line.split()[0]))
def test_pipx_and_uv_put_nbx_on_the_path(
    line: str, checkout: Path, tmp_path: Path, shell_env: dict[str, str]
) -> None:
    if shutil.which(line.split(maxsplit=1)[0]) is None:  # pipx and uv may not be installed
        assert not REQUIRED or line.split(maxsplit=1)[0] in ("pipx", "uv")
        return
    names = ("PIPX_HOME", "PIPX_BIN_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR")
    env = {**shell_env, **{name: str(tmp_path / name) for name in names}}
    assert run(line, checkout, env).returncode == 0
    assert list(tmp_path.glob("*_BIN_DIR/nbx"))


def test_the_token_factory_commands_work_as_written(
    tmp_path: Path, shell_env: dict[str, str], server: FakeServer
) -> None:
    model = "meta-llama/Llama-3.3-70B-Instruct"
    listed = status(200, f'{{"data": [{{"id": "{model}"}}]}}'.encode())
    server.script(listed, answer(" Paris."), answer("\n    return"))
    folders = {name: str(tmp_path / name) for name in ("NBX_CONFIG_DIR", "NBX_CACHE_DIR", "NBX_DATA_DIR")}
    env = {**shell_env, "NEBIUS_BASE_URL": server.url, **folders}
    done = run(FIRST, tmp_path, env)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, " Paris.")
    assert server.requests[-1].headers["authorization"] == "Bearer ..."
    assert server.requests[-1].json["model"] == model
    env["NEBIUS_API_KEY"] = "k"
    assert run(INFILL, tmp_path, env).returncode == 0
    assert server.requests[-1].json["prompt"].startswith("<|fim_prefix|>def area(r):<|fim_suffix|>")
    spent = run(LEDGER, tmp_path, env)
    assert (spent.returncode, f"\n{model}\t1\t" in spent.stdout) == (0, True), spent.stdout
    assert re.search(rf"(?m)^2\t.*Qwen.*\n1\t.*{model}", spent.stdout), spent.stdout


@pytest.mark.engine
def test_the_commands_for_other_servers_work_as_written(
    tmp_path: Path, shell_env: dict[str, str], server: FakeServer
) -> None:
    server.script(answer(" there"))
    script = SERVERS.replace("http://127.0.0.1:8000/v1", server.url)
    ready = "until grep -q MODEL engine.env; do sleep 0.1; done; . ./engine.env"
    done = run(f"{script}\n{ready}\nnbx complete hi --max-tokens 1 -q && kill $!", tmp_path, shell_env)
    assert (done.returncode, " there\n" in done.stdout) == (0, True), done.stdout
    (sent,) = server.requests
    assert (sent.json["model"], sent.headers["authorization"]) == ("MODEL", "Bearer none")


def test_the_command_that_runs_the_tests_is_the_one_that_ci_runs() -> None:
    assert SUITE[0] in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 200
