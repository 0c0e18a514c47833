"""The fixture that runs a test once for each shell."""

import pytest

from tests.shell_completion.shells import SHELLS


@pytest.fixture(params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each shell in turn."""
    return str(request.param)
