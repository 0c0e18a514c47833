"""Each dependency of nbx has a lower bound, and CI also runs with exactly those versions."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci" / "lower_bounds.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def bounds(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, project], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_lowest_versions_to_test_include_every_dependency() -> None:
    extras = PROJECT["optional-dependencies"]
    needed = [
        *PROJECT["dependencies"],
        *(one for name in sorted(set(extras) - {"test"}) for one in extras[name]),
    ]
    names = {re.split(r"[<>=\[;]", one)[0] for one in needed} - {PROJECT["name"]}
    lines = bounds(ROOT / "pyproject.toml").stdout.split()
    assert {line.partition("==")[0] for line in lines} == names
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9.]+", line) for line in lines)


@pytest.mark.parametrize("entry", ["requests", "requests==2.32.4", "requests<3", "requests>=2,!=2.1"])
def test_a_dependency_without_a_plain_lower_bound_is_rejected(entry: str, tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        f"[project]\nname = 'x'\ndependencies = ['{entry}']\n[project.optional-dependencies]\n"
    )
    done = bounds(project)
    assert done.returncode == 1
    assert f"'{entry}' has no lower bound" in done.stderr


@pytest.mark.parametrize("name", ["lowest", "audit", "ray"])
def test_ci_scripts_are_executable_and_name_existing_tests(name: str) -> None:
    script = ROOT / ".ci" / name
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True, timeout=60)
    for words in re.findall(r"^ +(tests/.+)$", script.read_text("utf-8"), re.MULTILINE):
        echo = subprocess.run(
            ["bash", "-c", f"printf '%s\\n' {words}"], capture_output=True, text=True, check=True, timeout=60
        )
        assert all((ROOT / path).exists() for path in echo.stdout.split()), words
