"""Each command in docs/bulk-input.md runs and prints the output shown there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "bulk-input.md").read_text("utf-8")
EXAMPLES = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command[:60] for command, _ in EXAMPLES])
def test_an_example_prints_the_output_shown_on_the_page(command: str, output: str, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "NBX_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == output


def test_the_page_has_examples_of_every_format_that_stdin_accepts() -> None:
    assert len(EXAMPLES) >= 10
    for format_ in ("csv", "tsv", "text"):
        assert any(f"--format {format_}" in command for command, _ in EXAMPLES)
