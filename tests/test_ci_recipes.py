"""The jobs in docs/ci.md are well-formed, and their scripts do what the page says in every case."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.core.optional_packages import REQUIREMENTS
from tests.support.documented_commands import ROOT, blocks, environ, run
from tests.support.server import (
    FakeServer,
    answer,
    detail,
    event,
    head,
    json_answer,
    reset,
    sse,
    status,
    token,
)
from tests.support.weights import real_weights

PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
LATER = [
    int(code) for code in (ExitCode.RATE_LIMITED, ExitCode.SERVER, ExitCode.NETWORK, ExitCode.INCOMPLETE)
]

# If NBX_TEST_SHELLS is set, the programs that the recipes call must be installed.
REQUIRED = os.environ.get("NBX_TEST_SHELLS") == "1"
JQ, MAKE = ([name] if REQUIRED or shutil.which(name) else [] for name in ("jq", "make"))


def recipe(name: str, language: str) -> str:
    """Return the first block after a marker."""
    return blocks(PAGE.partition(f"<!-- ci: {name} -->")[2], language)[0]


GITHUB: dict[str, Any] = yaml.safe_load(recipe("github", "yaml"))["jobs"]["prompts"]
GITLAB: dict[str, Any] = yaml.safe_load(recipe("gitlab", "yaml"))["prompts"]
STEP = GITHUB["steps"][-1]["run"]
SCRIPT = "\n".join(GITLAB["script"])


@pytest.fixture
def free(tmp_path: Path) -> dict[str, str]:
    """The environment of a CI job without secrets."""
    summary = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    return {**environ(), **summary, "NEBIUS_API_KEY": "", "NEBIUS_MODEL": "m", "CI": "true"}


@pytest.fixture
def paid(free: dict[str, str], server: FakeServer) -> dict[str, str]:
    """The same environment with a key, and with a server to which each request is sent once."""
    return {**free, "NEBIUS_API_KEY": "k", "NEBIUS_BASE_URL": server.url, "NBX_RETRIES": "0"}


def test_the_caches_contain_only_the_weights() -> None:
    cached = next(
        step["with"] for step in GITHUB["steps"] if step.get("uses", "").startswith("actions/cache")
    )
    assert GITHUB["env"]["NBX_CACHE_DIR"] == "${{ github.workspace }}/.nbx"
    assert GITLAB["variables"]["NBX_CACHE_DIR"] == "$CI_PROJECT_DIR/.nbx"
    assert [cached["path"]] == GITLAB["cache"]["paths"] == [f".nbx/{real_weights().parent.name}"]


def test_only_one_step_gets_the_key() -> None:
    assert ["NEBIUS_API_KEY" in str(step) for step in GITHUB["steps"]] == [False] * 4 + [True]
    assert "secrets" not in str(GITHUB["env"])


def test_the_jobs_are_retried_only_after_temporary_errors() -> None:
    assert GITLAB["retry"]["exit_codes"] == GITLAB["allow_failure"]["exit_codes"] == LATER
    assert " | ".join(map(str, LATER)) + ")" in STEP


@pytest.mark.engine
@pytest.mark.parametrize("jq", JQ)
def test_the_github_job_runs_without_a_key(jq: str, free: dict[str, str], tmp_path: Path) -> None:
    assert jq in STEP
    done = run(STEP, tmp_path, free, "-e")
    assert done.returncode == 0, done.stdout
    assert re.fullmatch(r"13 tokens, SmolLM2\S+\n", (tmp_path / "summary").read_text())


@pytest.mark.parametrize("jq", JQ)
def test_the_github_job_uses_the_api_if_a_key_is_set(
    jq: str, paid: dict[str, str], server: FakeServer, tmp_path: Path
) -> None:
    assert jq in STEP
    server.script(json_answer(" Paris."))
    done = run(STEP, tmp_path, paid, "-e")
    assert (done.returncode, done.stdout) == (0, "true\n")
    assert server.requests[0].json["model"] == "m"
    server.script(json_answer(" London."))
    assert run(STEP, tmp_path, paid, "-e").returncode == 1


@pytest.mark.parametrize(
    ("code", "exits", "says"),
    [
        (429, 0, "::warning::no answer (exit 5)"),
        (503, 0, "::warning::no answer (exit 6)"),
        (401, 4, "::error::nbx: exit 4"),
        (422, 3, "::error::nbx: exit 3"),
    ],
)
def test_the_github_job_warns_about_temporary_errors_and_fails_on_permanent_ones(
    code: int, exits: int, says: str, paid: dict[str, str], server: FakeServer, tmp_path: Path
) -> None:
    server.script(detail(code, "no"))
    done = run(STEP, tmp_path, paid, "-e")
    assert done.returncode == exits
    assert says in done.stdout.splitlines()


def test_a_job_is_retried_if_the_connection_breaks_during_a_streamed_answer(
    paid: dict[str, str], server: FakeServer, tmp_path: Path
) -> None:
    server.script([head(200, "text/event-stream"), event(token(" Par")), reset])
    code = run(SCRIPT, tmp_path, paid, "-eo", "pipefail").returncode
    assert code == ExitCode.INCOMPLETE
    assert code in GITLAB["retry"]["exit_codes"]


@pytest.mark.engine
def test_the_gitlab_job_runs_without_a_key(free: dict[str, str], tmp_path: Path) -> None:
    done = run(SCRIPT, tmp_path, free, "-eo", "pipefail")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "answer.txt").read_text().startswith(" Paris.")


@pytest.mark.parametrize(("code", "exits"), [(429, 5), (503, 6), (401, 4)])
def test_the_gitlab_job_exits_with_the_exit_code_of_nbx(
    code: int, exits: int, paid: dict[str, str], server: FakeServer, tmp_path: Path
) -> None:
    server.script(status(code))
    assert run(SCRIPT, tmp_path, paid, "-eo", "pipefail").returncode == exits
    assert not (tmp_path / "answer.txt").exists()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile and two prompts."""
    (tmp_path / "Makefile").write_text(recipe("make", "make"))
    (tmp_path / "a.prompt.txt").write_text("The capital of France is\n")
    (tmp_path / "b.prompt.txt").write_text("The opposite of hot is\n")
    return tmp_path


@pytest.mark.engine
@pytest.mark.parametrize("make", MAKE)
def test_make_completes_each_prompt_once_and_without_a_key(
    make: str, project: Path, free: dict[str, str]
) -> None:
    assert run(f"{make} answers", project, free).returncode == 0
    assert (project / "a.answer.txt").read_text().startswith(" Paris.")
    again = run(f"{make} answers", project, free)
    assert "Nothing to be done" in again.stdout


@pytest.mark.parametrize("make", MAKE)
def test_make_fails_on_an_incomplete_answer_and_requests_it_again(
    make: str, project: Path, paid: dict[str, str], server: FakeServer
) -> None:
    server.script(answer(" Paris."), sse(token(" cold"), done=False))
    done = run(f"{make} answers", project, paid)
    assert "Error 8" in done.stdout
    assert (project / "a.answer.txt").read_text() == " Paris.\n"
    assert not (project / "b.answer.txt").exists()
    assert [request.json["prompt"] for request in server.requests] == [
        "The capital of France is",
        "The opposite of hot is",
    ]
    server.script(answer(" cold."))
    assert run(f"{make} answers", project, paid).returncode == 0
    assert (project / "b.answer.txt").read_text() == " cold.\n"


def test_the_jobs_install_nbx_from_a_path_that_the_user_sets(tmp_path: Path) -> None:
    installs = [step["run"] for step in GITHUB["steps"] if "pip install" in step.get("run", "")]
    assert installs == GITLAB["before_script"]
    assert GITHUB["env"]["NBX_SOURCE"] == GITLAB["variables"]["NBX_SOURCE"] == "./nbx"
    package = f"'{REQUIREMENTS['local']}'"
    assert installs == [f'pip install "$NBX_SOURCE" {package}']
    (tmp_path / "nbx").symlink_to(ROOT)
    done = run(
        "python -m venv v && v/" + "bin/" + installs[0].replace(package, "--no-deps -q"),
        tmp_path,
        {**environ(), "NBX_SOURCE": "./nbx"},
    )
    assert (done.returncode, (tmp_path / "v" / "bin" / "nbx").exists()) == (0, True), done.stdout
