"""What tests of several scripts start from."""

import pytest

from tests.shell_completion.shells import SHELLS


@pytest.fixture(params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a shell, each in turn."""
    return str(request.param)
