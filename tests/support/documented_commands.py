"""Extracts commands from the documents and runs them as a reader would paste them."""

import contextlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pyte

from tests.support.weights import real_weights

ROOT = Path(__file__).parents[2]
LOGPROB = r"-\d+\.\d{4}\b"  # a log probability in a table


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a Markdown text that are in a language; commented-out ones are left out."""
    shown = re.sub(r"<!--[^>]*\n.*?-->", "", text, flags=re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", shown, re.DOTALL | re.MULTILINE)


def sessions(text: str) -> list[tuple[str, str]]:
    """Return each command after a `$ ` in a console block, with the output below it."""
    parts = [
        part for block in blocks(text, "console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    ]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def environ() -> dict[str, str]:
    """Return an environment with this nbx on PATH and the cache that holds the fetched weights."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{outer['PATH']}"
    return {**outer, "PATH": path, "NBX_CACHE_DIR": str(real_weights().parent.parent)}


def run(command: str, cwd: Path, env: Mapping[str, str], *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a command in bash, started with `flags`; stderr is mixed into stdout, as on a terminal."""
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
    """Return whether a command printed what the document shows, where … stands for the rest of a line.

    Numbers that match LOGPROB may differ slightly, as they do between processors.
    """
    texts, numbers = re.split(LOGPROB, output), re.findall(LOGPROB, output)
    expected = f"({LOGPROB})".join(re.escape(text).replace("…", ".*") for text in texts)
    found = re.fullmatch(expected, done)
    return found is not None and all(
        math.isclose(float(one), float(other), rel_tol=0.02, abs_tol=0.02)
        for one, other in zip(numbers, found.groups(), strict=True)
    )


def run_on_terminal(command: str, cwd: Path, env: Mapping[str, str], columns: int = 80) -> str:
    """Run a command in bash on a terminal; return what the screen shows at the end."""
    screen = pyte.Screen(columns, 50)
    stream = pyte.ByteStream(screen)
    child = pexpect.spawn(
        "bash", ["-c", command], cwd=str(cwd), env=dict(env), dimensions=(50, columns), timeout=120
    )
    with contextlib.suppress(pexpect.EOF):
        while True:
            stream.feed(child.read_nonblocking(4096))
    child.close()
    return "\n".join(row.rstrip() for row in screen.display).rstrip() + "\n"
