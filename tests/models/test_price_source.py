"""What models cost: from the kept list, else from the server's, which is kept."""

from pathlib import Path

import pytest

from nebius_cli.core.errors import ServerError
from nebius_cli.models.cache import ModelsCache, Stored
from nebius_cli.models.price_source import PriceSource
from tests.support.factory import BASIC, FAST, LIGHTNING

URL = "https://example.org/v1"


class Asking:
    """A server that lists some models, and counts how often it is asked."""

    def __init__(self, *models: object) -> None:
        self.models = models
        self.times = 0

    def __call__(self) -> Stored:
        self.times += 1
        return Stored({"data": list(self.models)}, 1.0)


def test_the_server_is_asked_only_for_a_price_that_is_not_kept(tmp_path: Path) -> None:
    cache, ask = ModelsCache(tmp_path, URL, ""), Asking(FAST, BASIC)
    tariff = PriceSource(cache, ask)
    assert tariff.limits(FAST["id"]) == (None, None)
    tariff.need(FAST["id"])
    tariff.need(FAST["id"])
    assert ask.times == 1
    assert tariff.limits(FAST["id"]) == (1200, 800_000)
    again = PriceSource(ModelsCache(tmp_path, URL, ""), ask)
    again.need(FAST["id"])
    assert ask.times == 1
    again.need(LIGHTNING["id"])
    assert ask.times == 2
    assert LIGHTNING["id"] not in again.prices


def test_a_list_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    tariff = PriceSource(ModelsCache(tmp_path, URL, ""), Asking(FAST))
    tariff.need(FAST["id"])
    assert FAST["id"] in tariff.prices


def test_a_server_that_has_no_list_is_an_error(tmp_path: Path) -> None:
    def ask() -> Stored:
        raise ServerError("broke")

    with pytest.raises(ServerError):
        PriceSource(ModelsCache(tmp_path, URL, ""), ask).need("m")
