"""The model list of one server, project and profile, kept in the cache directory with the time it came.

`models/ids.txt` beside the lists holds the ids of the one that was shown last, one a line: the completion
scripts read it, in the same place, without starting anything.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nebius_cli.core import jsontext, suggest
from nebius_cli.core.errors import ServerError
from nebius_cli.core.urls import redacted
from nebius_cli.models import model as models
from nebius_cli.system.files import write_atomically

FORMAT = 1
MODE = 0o600
IDS = "ids.txt"
LATEST = 1e12  # Unix time; no list came after it


@dataclass(frozen=True, slots=True)
class Stored:
    """A list as the server sent it, and when, in Unix time."""

    value: Any
    fetched_at: float


class ModelsCache:
    """Where the list of one base URL, project and profile is: two profiles may be two accounts."""

    def __init__(self, cache_dir: Path, base_url: str, project: str, profile: str = "") -> None:
        self._folder = cache_dir / "models"
        self._asked = {"base_url": redacted(base_url), "project": project, "profile": profile}
        name = hashlib.sha256(jsontext.encode(self._asked)).hexdigest()[:16]
        self._path = self._folder / f"{name}.json"

    def read(self) -> Stored | None:
        """Return the list, None where there is none that can be read."""
        try:
            kept = jsontext.decode(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict) or kept.get("format") != FORMAT or kept.get("asked") != self._asked:
            return None
        fetched_at = kept.get("fetched_at")
        if not isinstance(fetched_at, int | float) or not abs(fetched_at) < LATEST:
            return None
        return Stored(kept.get("value"), float(fetched_at))

    def models(self) -> list[models.Model]:
        """Return the models of the list, none where there is no list that can be read."""
        stored = self.read()
        try:
            return models.decode(stored.value) if stored else []
        except ServerError:  # what was kept is no list
            return []

    def write(self, stored: Stored) -> None:
        """Keep a list. Raises OSError."""
        kept = {"format": FORMAT, "asked": self._asked, "fetched_at": stored.fetched_at}
        write_atomically(self._path, jsontext.encode({**kept, "value": stored.value}), mode=MODE)

    def offer(self, ids: Sequence[str]) -> None:
        """Make TAB offer these ids, whatever list they are of. Raises OSError."""
        path, data = self._folder / IDS, "".join(f"{name}\n" for name in ids).encode()
        if not path.is_file() or path.read_bytes() != data:
            write_atomically(path, data, mode=MODE)

    def nearest(self, name: str) -> str:
        """Ask whether a wrong name stands for one of the kept models; empty where none is near."""
        listed = [model.id for model in self.models()]
        if not listed and name.startswith(suggest.PREFIX) and self.read() is None:
            return f"did you mean {name.removeprefix(suggest.PREFIX)}?"
        return suggest.did_you_mean(name, listed) if listed else ""
