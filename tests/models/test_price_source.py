"""Prices and limits of models, from the cached list or from the server's list, which is then cached."""

from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import ServerError
from nebius_cli.models.model_and_price_cache import ModelList, ModelsCache, PriceSource
from tests.support.factory import BASIC, FAST, LIGHTNING

URL = "https://example.org/v1"


class Asking:
    """A server that lists some models, and counts the requests."""

    def __init__(self, *models: object) -> None:
        self.models = models
        self.times = 0

    def __call__(self) -> ModelList:
        self.times += 1
        return ModelList({"data": list(self.models)}, 1.0)


def test_the_server_is_asked_only_for_a_price_that_is_not_cached(tmp_path: Path) -> None:
    cache, ask = ModelsCache(tmp_path, URL, ""), Asking(FAST, BASIC)
    source = PriceSource(cache, ask)
    assert source.limits(FAST["id"]) == (None, None)
    source.require(FAST["id"])
    source.require(FAST["id"])
    assert ask.times == 1
    assert source.limits(FAST["id"]) == (1200, 800_000)
    again = PriceSource(ModelsCache(tmp_path, URL, ""), ask)
    again.require(FAST["id"])
    assert ask.times == 1
    again.require(LIGHTNING["id"])
    assert ask.times == 2
    assert LIGHTNING["id"] not in again.prices


def test_a_list_that_cannot_be_cached_is_used_anyway(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    source = PriceSource(ModelsCache(tmp_path, URL, ""), Asking(FAST))
    source.require(FAST["id"])
    assert FAST["id"] in source.prices


def test_a_server_that_cannot_list_its_models_is_an_error(tmp_path: Path) -> None:
    def ask() -> ModelList:
        raise ServerError("broke")

    with pytest.raises(ServerError):
        PriceSource(ModelsCache(tmp_path, URL, ""), ask).require("m")
