"""Numbers as short text."""

import pytest

from nebius_cli.core.short_text import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 models"), (1, "1 model"), (1200, "1,200 models")])
def test_a_noun_is_plural_unless_there_is_one(count: int, text: str) -> None:
    assert counted(count, "model") == text
