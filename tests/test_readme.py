"""The README tells the truth: each of its commands runs, and prints what it says."""

import subprocess
from pathlib import Path

import pytest

from tests.support.pasted import ROOT, blocks, environ, run, says, sessions
from tests.support.server import FakeServer, answer, status

README = (ROOT / "README.md").read_text("utf-8")
INSTALL, SUITE, *RECIPES = sessions(README)


@pytest.fixture
def shell_env() -> dict[str, str]:
    """An environment with this nbx on PATH, an empty home, and the weights where they were fetched to."""
    return environ()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a newcomer has: the files of the repository and nothing that was built in it."""
    copy = tmp_path / "checkout"
    for name in ("nebius_cli", "completions", "docs", "pyproject.toml", "README.md"):
        copy.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", ROOT / name, copy], check=True)
    return copy


@pytest.mark.engine
@pytest.mark.parametrize(("command", "output"), RECIPES, ids=[command[:60] for command, _ in RECIPES])
def test_a_recipe_prints_what_the_readme_says(
    command: str, output: str, tmp_path: Path, shell_env: dict[str, str]
) -> None:
    done = run(command, tmp_path, shell_env)
    assert says(output, done.stdout), done.stdout


@pytest.mark.engine
def test_the_first_command_installs_and_completes(checkout: Path, shell_env: dict[str, str]) -> None:
    command, output = INSTALL
    done = run(command, checkout, shell_env)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(output), done.stdout


def test_the_way_to_token_factory_works_as_written(
    tmp_path: Path, shell_env: dict[str, str], server: FakeServer
) -> None:
    first, profiles, ledger = blocks(README, "sh")
    server.script(status(200, b'{"data": [{"id": "MODEL"}]}'), answer(" Paris."), answer(" Paris."))
    here = {"NEBIUS_BASE_URL": server.url, "NBX_CONFIG_DIR": str(tmp_path / "config")}
    env = {
        **shell_env,
        **here,
        "NBX_CACHE_DIR": str(tmp_path / "cache"),
        "NBX_DATA_DIR": str(tmp_path / "data"),
    }
    done = run(first, tmp_path, env)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, " Paris.")
    assert server.requests[-1].headers["authorization"] == "Bearer ..."
    assert server.requests[-1].json["model"] == "MODEL"
    listed = run(profiles, tmp_path, env)
    assert (listed.returncode, "temperature\t0\tprofile precise" in listed.stdout) == (0, True), listed.stdout
    run("NEBIUS_API_KEY=k nbx complete x", tmp_path, env)
    assert server.requests[-1].json["max_tokens"] == 64
    spent = run(ledger, tmp_path, env)
    assert (spent.returncode, spent.stdout.startswith("MODEL\t2\t")) == (0, True), spent.stdout


def test_the_suite_command_is_the_one_that_ci_runs() -> None:
    assert SUITE[0] in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 200
