"""Fixtures every test gets: a clean environment, its own directories, a scripted server."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import settings

from tests.support import canary
from tests.support.factory import BASIC
from tests.support.rows import RowServer
from tests.support.run import Runner
from tests.support.server import FakeServer
from tests.support.service import Respond, Service

# No time limit per example: a slow machine must not fail a test.
settings.register_profile("nbx", deadline=None)
settings.load_profile("nbx")

CANARY = canary.CANARY

FEW_FILES = 3  # for at most this many files, it is not worth starting worker processes

_LOCAL_HOSTS = ("127.", "::1", "localhost")
_ENV_PREFIXES: tuple[str, ...] = (
    "NEBIUS_",
    "NBX_",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NO_COLOR",
    "FORCE_COLOR",
)
_ENV_PREFIXES += (
    "CLICOLOR",
    "XDG_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
)
_ENV_PREFIXES += ("all_proxy", "no_proxy", "COLUMNS", "TYPER_", "CI")


def pytest_configure() -> None:
    """Handle SIGINT and SIGQUIT even if the shell started the tests in the background and ignores them."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use two workers per core, since many tests only wait; run a few named files without workers."""
    files = [arg for arg in config.args if arg.partition("::")[0].endswith(".py")]
    if len(files) == len(config.args) <= FEW_FILES:
        return 0
    config.option.dist = "worksteal"
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def engine_on_one_core(request: pytest.FixtureRequest) -> Iterator[None]:
    """Pin the engine to one core while other tests run in parallel: its threads wait in busy loops."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if (
        not worker
        or request.node.get_closest_marker("engine") is None
        or not hasattr(os, "sched_setaffinity")
    ):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[int(worker.removeprefix("gw")) % len(allowed)]})
    yield
    os.sched_setaffinity(0, allowed)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove variables that would affect nbx, and hide the real home directory and keyring."""
    for name in list(os.environ):
        if name.startswith(_ENV_PREFIXES) and not name.startswith("NBX_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture(scope="session")
def key_files() -> set[Path]:
    """The files that tests expect to contain the key; no other file may contain it."""
    return set()


@pytest.fixture(scope="session", autouse=True)
def watched_session(tmp_path_factory: pytest.TempPathFactory, key_files: set[Path]) -> Iterator[None]:
    """Fail if a program gets the key as an argument or if an unexpected file contains it at the end."""
    with pytest.MonkeyPatch.context() as patch:
        canary.watch_starts(patch)
        yield
    assert canary.files_with_key(tmp_path_factory.getbasetemp()) <= key_files


@pytest.fixture(autouse=True)
def watched_test(tmp_path: Path, key_files: set[Path]) -> Iterator[None]:
    """Fail if the key is in a file in which the test does not expect it."""
    yield
    found = canary.files_with_key(tmp_path)
    assert found <= key_files, f"the key is in {found - key_files}"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow name lookups and connections only for this machine."""
    real_lookup, real_connect = socket.getaddrinfo, socket.socket.connect

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", "localhost") and not str(name).startswith(_LOCAL_HOSTS):
            raise socket.gaierror(socket.EAI_NONAME, f"a test looks up {name}")
        return real_lookup(host, *args, **kwargs)

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(_LOCAL_HOSTS):
            raise OSError(f"a test calls {address}")
        real_connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A scripted server; the test fails if some replies of its script were never requested."""
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Respond], Service]]:
    """Return a function that starts a service."""
    services: list[Service] = []

    def start(respond: Respond) -> Service:
        services.append(Service(respond))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture
def bare(tmp_path: Path) -> Runner:
    """nbx as on a new machine: nothing configured, no key."""
    folders = {f"NBX_{kind.upper()}_DIR": str(tmp_path / kind) for kind in ("config", "cache", "data")}
    return Runner({"TERM": "xterm", **folders})


@pytest.fixture
def nbx(bare: Runner, server: FakeServer) -> Runner:
    """nbx with a key and a model, talking to the scripted server."""
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": server.url, "NEBIUS_MODEL": "test/model"}
    return Runner({**bare.environ, **environ})


@pytest.fixture
def well(nbx: Runner) -> Runner:
    """nbx with a model from the model list of Token Factory."""
    return Runner({**nbx.environ, "NEBIUS_MODEL": BASIC["id"]})


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that is not trusted by default."""
    return trustme.CA()


@pytest.fixture
def row_server() -> Iterator[RowServer]:
    """A server that answers every prompt and handles many requests at once."""
    fake = RowServer()
    yield fake
    fake.close()


@pytest.fixture
def bulk(bare: Runner, row_server: RowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """nbx with a key and a model, talking to the server that answers every prompt, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": row_server.url, "NEBIUS_MODEL": "test/model"}
    return Runner({**bare.environ, **environ})
