"""Fixtures for tests on a real Ray: a cluster of two nodes, and nbx in a separate process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.canary import CANARY, files_with_key
from tests.support.rows import RowServer
from tests.support.run import Result, Runner

TIMEOUT_S = 240
# Settings for Ray: no usage statistics, and no key of its own, which it would put in the test's new home.
RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
PAGES = ("actors", "tasks", "jobs", "workers", "objects", "nodes")  # in the dashboard's state API


@dataclass
class TwoNodes:
    """A running cluster of two nodes."""

    process: "subprocess.Popen[str]"
    address: str
    client: str
    dashboard: str
    session: Path

    def tell(self, word: str) -> None:
        """Kill or add a node: `word` is "kill" or "add"."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def pages(self) -> Iterator[bytes]:
        """Yield the contents of the dashboard's pages."""
        urls = [f"api/v0/{name}?detail=1&limit=1000" for name in PAGES]
        for url in (*urls, "api/jobs/", "logical/actors", "nodes?view=summary", "api/cluster_status"):
            with urllib.request.urlopen(f"http://{self.dashboard}/{url}", timeout=TIMEOUT_S) as page:
                yield page.read()


@pytest.fixture(scope="session")
def two_nodes() -> Iterator[TwoNodes]:
    """A cluster; at the end, checks that the key is in none of its files and pages."""
    script = Path(__file__).with_name("two_nodes.py")
    folder = Path(tempfile.mkdtemp(prefix="nbx-", dir="/tmp"))  # the paths of Ray's sockets must be short
    env = {**os.environ, **RAY, "RAY_TMPDIR": str(folder), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        text=True,
    )
    assert process.stdout is not None
    address, client, dashboard, session = process.stdout.readline().split()
    nodes = TwoNodes(process, address, client, dashboard, Path(session))
    yield nodes
    if dashboard != "-":
        pages = list(nodes.pages())
        assert not [page for page in pages if CANARY.encode() in page]
        assert any(b"Coordinator" in page for page in pages)
    found = files_with_key(nodes.session)
    process.communicate(timeout=TIMEOUT_S)
    shutil.rmtree(folder, ignore_errors=True)
    assert not found


class OnRay:
    """Runs `nbx bulk --ray` with a given address, in a separate process."""

    def __init__(self, runner: Runner, address: str) -> None:
        self.env = runner.process_env({**RAY, "NBX_CACHE_DIR": runner.environ["NBX_CACHE_DIR"]})
        self.address = address

    def start(self, *args: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "nebius_cli", "bulk", *args, "--ray", self.address]
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env
        )

    def end(self, process: "subprocess.Popen[bytes]") -> Result:
        out, err = process.communicate(timeout=TIMEOUT_S)
        assert CANARY.encode() not in out + err
        return Result(process.returncode, out, err.decode("utf-8"), [])

    def __call__(self, *args: str) -> Result:
        return self.end(self.start(*args))


@pytest.fixture
def on_ray(bulk: Runner, two_nodes: TwoNodes) -> OnRay:
    """`nbx bulk` on the cluster of two nodes."""
    return OnRay(bulk, two_nodes.address)


@pytest.fixture
def from_outside(bulk: Runner, two_nodes: TwoNodes) -> OnRay:
    """`nbx bulk` on the cluster of two nodes, through Ray Client."""
    return OnRay(bulk, two_nodes.client)


@pytest.fixture
def started_here(bulk: Runner) -> Iterator[OnRay]:
    """`nbx bulk` that starts Ray itself; at the end, checks that the key is in none of Ray's files."""
    folder = Path(tempfile.mkdtemp(prefix="nbx-", dir="/tmp"))
    runner = OnRay(bulk, "local")
    runner.env["RAY_TMPDIR"] = str(folder)
    yield runner
    found = files_with_key(folder)
    shutil.rmtree(folder, ignore_errors=True)
    assert not found


@pytest.fixture
def slowly(row_server: RowServer) -> Callable[[float], None]:
    """Return a function that makes each answer take the given number of seconds."""

    def set_to(seconds: float) -> None:
        row_server.answer = lambda _: time.sleep(seconds)

    return set_to
