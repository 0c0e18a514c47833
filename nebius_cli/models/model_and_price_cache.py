"""Caches the model list of each server, project and profile, with the prices and rate limits in it.

`models/ids.txt` in the cache directory holds the ids of the list that was shown last, one per line. The shell
completion scripts read that file, so that they need not start nbx.
"""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nebius_cli.core import jsontext, similar_names
from nebius_cli.core.errors_and_exit_codes import NbxError, ServerError
from nebius_cli.core.prices_and_costs import Price, PriceList
from nebius_cli.core.urls import strip_credentials
from nebius_cli.models import model as models
from nebius_cli.system.read_and_replace_files import read_regular, write_atomically

FORMAT = 1
FILE_MODE = 0o600
IDS_FILE = "ids.txt"
MAX_AGE_S = 6 * 3600  # an older list is fetched again
MAX_UNIX_TIME_S = 1e12  # a list with a later time is damaged


class ModelList(NamedTuple):
    """A model list as the server sent it, and when it was fetched, in Unix time."""

    value: Any
    fetched_at: float

    def is_fresh(self, now: float) -> bool:
        """Return whether the list need not be fetched again; `now` is Unix time."""
        return 0 <= now - self.fetched_at < MAX_AGE_S


class ModelsCache:
    """The cached list for a base URL, project and profile, because profiles may use different accounts."""

    def __init__(
        self, cache_dir: Path, base_url: str, project: str | None, profile: str | None = None
    ) -> None:
        self._folder = cache_dir / "models"
        self._asked = {
            "base_url": strip_credentials(base_url),
            "project": project or "",
            "profile": profile or "",
        }
        name = hashlib.sha256(jsontext.encode(self._asked)).hexdigest()[:16]
        self._path = self._folder / f"{name}.json"
        self._unwritten: ModelList | None = None

    def read(self) -> ModelList | None:
        """Return the list, also one that could not be written; None if it is missing or unreadable."""
        if self._unwritten is not None:
            return self._unwritten
        try:
            content = jsontext.decode(read_regular(self._path))
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict):
            return None
        if content.get("format") != FORMAT or content.get("asked") != self._asked:
            return None
        fetched_at = content.get("fetched_at")
        if not isinstance(fetched_at, int | float) or not abs(fetched_at) < MAX_UNIX_TIME_S:
            return None
        return ModelList(content.get("value"), float(fetched_at))

    def models(self) -> list[models.Model]:
        """Return the models in the list; empty if the list is missing or unreadable."""
        stored = self.read()
        try:
            return models.decode(stored.value) if stored else []
        except ServerError:  # the cached value is not a model list
            return []

    def write(self, stored: ModelList) -> None:
        """Write the list. Raises OSError, but `read` returns the list anyway."""
        self._unwritten = stored
        content = {"format": FORMAT, "asked": self._asked, "fetched_at": stored.fetched_at}
        write_atomically(self._path, jsontext.encode({**content, "value": stored.value}), mode=FILE_MODE)
        self._unwritten = None

    def write_ids(self, ids: Sequence[str]) -> None:
        """Write the ids that shell completion offers. Raises OSError."""
        path, data = self._folder / IDS_FILE, "".join(f"{name}\n" for name in ids).encode()
        if not path.is_file() or path.read_bytes() != data:
            write_atomically(path, data, mode=FILE_MODE)

    def did_you_mean(self, name: str) -> str:
        """Return a hint that names the cached models most similar to `name`; empty if none is similar."""
        listed = [model.id for model in self.models()]
        if not listed and name.startswith(similar_names.PREFIX) and self.read() is None:
            return f"did you mean {name.removeprefix(similar_names.PREFIX)}?"
        return similar_names.did_you_mean(name, listed) if listed else ""


class PriceSource:
    """Prices and rate limits from the cached list; `fetch` gets the server's list if a price is missing."""

    def __init__(self, cache: ModelsCache, fetch: Callable[[], ModelList]) -> None:
        self._cache = cache
        self._fetch = fetch
        self._models = cache.models()

    @property
    def prices(self) -> PriceList:
        """The prices known so far."""
        return PriceList({model.id: model.price for model in self._models})

    def require(self, model: str) -> None:
        """Fetch the list unless the price of `model` is known. Raises what `fetch` raises."""
        if model in self.prices:
            return
        stored = self._fetch()
        with contextlib.suppress(OSError):  # the next run fetches the list again
            self._cache.write(stored)
        self._models = models.decode(stored.value)

    def look_up(self, model: str, now: float) -> Price:
        """Return the price of `model`, after fetching the list if it is missing or old; `now` is Unix time.

        An error leaves the price unknown.
        """
        stored = self._cache.read()
        if stored is None or not stored.is_fresh(now):
            with contextlib.suppress(NbxError):
                self.require(model)
        return self.prices.of_model(model)

    def limits(self, model: str) -> tuple[int | None, int | None]:
        """Return the requests and tokens per minute of a model, None where unknown."""
        found = next((listed for listed in self._models if listed.id == model), None)
        return (found.requests_per_minute, found.tokens_per_minute) if found else (None, None)
