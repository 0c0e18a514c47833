"""A folder for files that are read and written, and a signal that raises."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from nebius_cli.core.errors_and_exit_codes import Terminated


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def sigterm() -> Iterator[None]:
    """Make SIGTERM raise `Terminated`, as `main` does."""

    def stop(number: int, frame: object) -> NoReturn:
        raise Terminated

    old = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, old)
