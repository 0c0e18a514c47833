"""Fixtures of the tests of the ledger."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a ledger, in a folder that is not there yet."""
    return tmp_path / "data" / "ledger.db"
