"""Counts rows whose scores depend on where the context ends, for one warning per run."""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core.short_text import counted


class DoubtfulRows:
    """Counts over records of texts and questions."""

    def __init__(self) -> None:
        self._spanning = self._unpredicted = 0
        self._token = ""  # the first token that spans the boundary

    def add(self, record: Mapping[str, Any]) -> None:
        """Add the record of a row; a record without a score is ignored."""
        scores = record.get("choices") or (record,)
        if tokens := [score["spanning_token"] for score in scores if score.get("spanning_token")]:
            self._spanning += 1
            self._token = self._token or tokens[0]
        # Without a context, choices are compared without their first tokens, which have no prediction.
        self._unpredicted += any(
            score["tokens_scored"] < score.get("tokens", 0) for score in record.get("choices") or ()
        )

    def warnings(self) -> list[str]:
        """Return a warning for each kind of row that was found."""
        found = []
        if self._spanning:
            what = f"{counted(self._spanning, 'row')} with a token that begins in the context"
            found.append(
                f"{what} and ends in the text, such as {self._token!r}: it counts as part of the text"
            )
        if self._unpredicted:
            what = f"{counted(self._unpredicted, 'question')} without a context"
            found.append(f"{what}: the first token of each choice has no prediction and does not count")
        return found
