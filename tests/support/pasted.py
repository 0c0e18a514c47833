"""What the documents say to type: taken out of them, and run as a person would paste it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.weights import real_weights

ROOT = Path(__file__).parents[2]


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a Markdown text that are in a language; commented-out ones are not."""
    shown = re.sub(r"<!--[^>]*\n.*?-->", "", text, flags=re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", shown, re.DOTALL | re.MULTILINE)


def sessions(text: str) -> list[tuple[str, str]]:
    """Return each console block as the command after its `$ ` and the output below."""
    parted = (block.removeprefix("$ ").partition("\n") for block in blocks(text, "console"))
    return [(command, output) for command, _, output in parted]


def environ() -> dict[str, str]:
    """Return an environment with this nbx on PATH, and the weights where they were fetched to."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{outer['PATH']}"
    return {**outer, "PATH": path, "NBX_CACHE_DIR": str(real_weights().parent.parent)}


def run(command: str, cwd: Path, env: Mapping[str, str], *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a command in bash, started with `flags`; stderr comes with stdout, as on a terminal."""
    return subprocess.run(
        ["bash", *flags, "-c", command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def says(output: str, done: str) -> bool:
    """Return whether a command printed what the document says; there, … stands for the rest of a line."""
    expected = "\n".join(re.escape(line).replace("…", ".*") for line in output.split("\n"))
    return re.fullmatch(expected, done) is not None
