"""Builds the record of each row of a JSONL run, and what all rows add up to."""

from collections.abc import Sequence
from typing import Any

from nebius_cli.core.errors import NbxError
from nebius_cli.scoring import choices, comparison, records
from nebius_cli.scoring.comparison import Divergence
from nebius_cli.scoring.likelihood import Score
from nebius_cli.scoring.rows import ScoreRow


class RowRecords:
    """The records of one run with one model, or two to compare."""

    def __init__(self, models: Sequence[str], *, with_divergence: bool, tokens: bool) -> None:
        self.failed = 0  # rows without a score
        self._models = models
        self._with_divergence = with_divergence
        self._tokens = tokens
        self._rows = 0
        self._questions: list[dict[str, Any]] = []  # those whose answer is known
        self._pairs: list[tuple[Score, Score]] = []
        self._divergences: list[Divergence | None] = []

    def record(self, row: ScoreRow, results: Sequence[Score | NbxError]) -> dict[str, Any]:
        """Return the JSON object of a row, given the results of its passages, of each model in turn."""
        self._rows += 1
        for result in results:
            if isinstance(result, NbxError):
                self.failed += 1
                return {"id": row.id, **records.failure_record(result)}
        scores = [result for result in results if isinstance(result, Score)]
        return {"id": row.id, **self._values(row, scores)}

    def _values(self, row: ScoreRow, scores: Sequence[Score]) -> dict[str, Any]:
        if row.is_question:
            values = choices.question_record(row, scores)
            self._questions += [values] if row.gold is not None else []
            return values
        if len(self._models) == 2:
            return self.compare(*scores)
        return records.score_record(scores[0], tokens=self._tokens)

    def compare(self, one: Score, other: Score) -> dict[str, Any]:
        """Return the JSON object of a text with the scores of two models."""
        found = comparison.divergence(one, other) if self._with_divergence else None
        self._pairs.append((one, other))
        self._divergences += [found] if self._with_divergence else []
        return comparison.comparison_record(
            one, other, found, with_divergence=self._with_divergence, tokens=self._tokens
        )

    def lines(self) -> list[str]:
        """Return what all rows add up to: accuracy, mean differences, and how many have no score."""
        lines = [choices.accuracy_line(self._questions)] if self._questions else []
        if self._pairs:
            lines += comparison.summary(self._pairs, (self._models[0], self._models[1]), self._divergences)
        if self.failed:
            lines.append(f"{self.failed} of {self._rows} rows have no score; their records say why")
        return lines
