"""Fixtures shared by the tests of several actions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import keyring
from tests.support.canary import CANARY
from tests.support.echo_server import EchoServer
from tests.support.run import Runner
from tests.support.weights import real_weights


@pytest.fixture
def config(bare: Runner, key_files: set[Path]) -> Path:
    """The path of the config file, which may hold the key; it does not exist yet, nor does its folder."""
    key_files |= {bare.config_path, keyring.file()}
    return bare.config_path


@pytest.fixture
def path(bare: Runner) -> Path:
    """The path of the config file, which does not exist yet."""
    return bare.config_path


@pytest.fixture
def local(bare: Runner) -> Runner:
    """nbx on a machine that has the weights, with neither a key nor a model configured."""
    return Runner({**bare.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})


@pytest.fixture
def working_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring that keeps keys."""
    for name, value in keyring.KEEPS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder that nbx runs in."""
    path = tmp_path / "run"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def echo_server() -> Iterator[EchoServer]:
    """A server that echoes every prompt."""
    fake = EchoServer()
    yield fake
    fake.close()


@pytest.fixture
def score(bare: Runner, echo_server: EchoServer, folder: Path) -> Runner:
    """nbx with a key, a model and the echo server, in its own folder."""
    del folder
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": echo_server.url, "NEBIUS_MODEL": "test/model"}
    return Runner({**bare.environ, **environ})
