"""What tests of several actions start from."""

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
    """The config file, in which the key may be; it is not there yet, nor is its folder."""
    key_files |= {bare.config_path, keyring.file()}
    return bare.config_path


@pytest.fixture
def path(bare: Runner) -> Path:
    """The path of the config file, which is not there yet."""
    return bare.config_path


@pytest.fixture
def local(bare: Runner) -> Runner:
    """nbx on a machine that has the weights, and neither key nor model configured."""
    return Runner({**bare.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})


@pytest.fixture
def working_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring that keeps keys."""
    for name, value in keyring.KEEPS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that nbx runs in, with nothing in it."""
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
    """nbx with a key and a model, talking to the server that echoes, in a folder of its own."""
    del folder
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": echo_server.url, "NEBIUS_MODEL": "test/model"}
    return Runner({**bare.environ, **environ})
