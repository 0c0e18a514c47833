"""Fixtures for the ledger tests."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a ledger, in a folder that does not exist yet."""
    return tmp_path / "data" / "ledger.db"
