"""What models cost and how fast they may be asked: from the list that is kept, else from the server's."""

import contextlib
from collections.abc import Callable

from nebius_cli.core.money import PriceList
from nebius_cli.models import model as models
from nebius_cli.models.cache import ModelsCache, Stored
from nebius_cli.models.model import price_list


class PriceSource:
    """The model list; `ask` gives the server's."""

    def __init__(self, cache: ModelsCache, ask: Callable[[], Stored]) -> None:
        self._cache = cache
        self._ask = ask
        self._models = cache.models()

    @property
    def prices(self) -> PriceList:
        """The prices that are known."""
        return price_list(self._models)

    def need(self, model: str) -> None:
        """Ask the server unless the price of `model` is known. Raises NbxError where it cannot be asked."""
        if model in self.prices:
            return
        stored = self._ask()
        with contextlib.suppress(OSError):  # then the next run asks again
            self._cache.write(stored)
        self._models = models.decode(stored.value)

    def limits(self, model: str) -> tuple[int | None, int | None]:
        """Return requests and tokens per minute of a model, None where they are not known."""
        found = next((listed for listed in self._models if listed.id == model), None)
        return (found.requests, found.tokens) if found else (None, None)
