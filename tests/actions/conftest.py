"""What tests of several actions start from."""

from pathlib import Path

import pytest

from tests.support import keyring
from tests.support.run import Runner


@pytest.fixture
def config(bare: Runner, key_files: set[Path]) -> Path:
    """The config file, in which the key may be; it is not there yet, nor is its folder."""
    path = Path(bare.environ["NBX_CONFIG_DIR"]) / "config.toml"
    key_files |= {path, keyring.file()}
    return path


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
