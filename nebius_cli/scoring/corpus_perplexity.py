"""Adds up the scores of many texts: the perplexity and bits per byte of all of them as one corpus."""

import math
from array import array
from collections.abc import Mapping
from typing import Any

from nebius_cli.core.short_text import counted
from nebius_cli.response.token_logprobs import perplexity_at


class CorpusTotals:
    """Sums over the records of texts by one model. All tokens have the same weight, and so do all bytes."""

    def __init__(self) -> None:
        self._log_likelihoods = array("d")
        self._tokens = self._bytes = 0

    def __len__(self) -> int:
        return len(self._log_likelihoods)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add the record of a text; other records, such as those of questions, are ignored."""
        if isinstance(size := record.get("bytes_scored"), int):
            self._log_likelihoods.append(record["log_likelihood"])
            self._tokens += record["tokens_scored"]
            self._bytes += size

    def to_json(self) -> dict[str, Any]:
        """Return the sums and the measures derived from them; an infinite perplexity is null."""
        total = math.fsum(self._log_likelihoods)
        perplexity = perplexity_at(total / self._tokens)
        return {
            "log_likelihood": total,
            "tokens_scored": self._tokens,
            "bytes_scored": self._bytes,
            "perplexity": perplexity if math.isfinite(perplexity) else None,
            "bits_per_byte": abs(total / self._bytes) / math.log(2),
        }

    def line(self) -> str:
        """Return the measures as a line for people."""
        found = self.to_json()
        perplexity = "inf" if found["perplexity"] is None else f"{found['perplexity']:.4f}"
        measures = f"perplexity {perplexity}, bits per byte {found['bits_per_byte']:.4f}"
        sizes = f"{counted(len(self), 'text')}, {counted(self._tokens, 'token')}"
        return f"{measures}, log-likelihood {found['log_likelihood']:.4f}, {sizes}"
