"""Adds up the records of many rows: accuracy, perplexity, and mean differences between two models."""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.scoring import compare_models, multiple_choice
from nebius_cli.scoring.compare_models import DIFFERENCES
from nebius_cli.scoring.context_boundary_warnings import DoubtfulRows
from nebius_cli.scoring.corpus_perplexity import CorpusTotals
from nebius_cli.scoring.means import means_with_errors, paired_values
from nebius_cli.scoring.score_record import floored_warning, tokens_floored


class Totals:
    """Sums over records. `models` has the name of one model, or of two that are compared.

    Memory: 8 bytes for each value of a record that has a mean.
    """

    def __init__(self, models: Sequence[str]) -> None:
        self._models = models
        self._compares = len(models) > 1
        self._doubts = DoubtfulRows()
        self._floored: dict[int, int] = {}  # tokens with -9999, by the index of the model
        self._corpora = [CorpusTotals() for _ in models]  # the texts, for each model
        self._names = (*multiple_choice.ACCURACIES, *(DIFFERENCES if self._compares else ()))
        self._values: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self._kl: defaultdict[str, float] = defaultdict(float)
        self._without_kl = 0
        # For questions with two models: the values of the first one and of the second one.
        self._pairs: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._questions = 0  # questions with a score, also those without gold
        self._same_picks: list[bool] = []  # for each question, whether both models pick the same choice

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. Ignores records without a score, and differences in a run with one model."""
        self._doubts.add(record)
        self._questions += "winners" in record
        other = record.get("against") if self._compares else None
        for index, own in enumerate((record, other or {})):
            if (count := tokens_floored(own)) is not None:
                self._floored[index] = self._floored.get(index, 0) + count
        if other and "winners" in other:
            self._add_pair(record, other)
            return
        for name in self._names:
            if isinstance(value := record.get(name), int | float):
                self._values[name].append(value)
        for corpus, own in zip(self._corpora, (record, other or {}), strict=False):
            corpus.add(own)
        if not self._compares:
            return
        if record.get("kl"):
            tokens = record["kl"]["tokens"]
            self._kl["tokens"] += tokens
            for name in compare_models.KL_MEANS:
                self._kl[name] += record["kl"][name] * tokens
        else:
            self._without_kl += "kl" in record

    def _add_pair(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        self._same_picks.append(one["winners"]["total"] == other["winners"]["total"])
        for name in multiple_choice.ACCURACIES:
            if name in one:
                self._pairs[name].append((one[name], other[name]))

    def lines(self) -> list[str]:
        """Return lines for people; none if no record has a value."""
        lines = []
        if self._pairs:
            one, other = self._models
            lines += multiple_choice.paired_lines(self._pairs, (one, other))
        if self._values["acc"]:
            lines.append(multiple_choice.accuracy_line(self._values))
        if self._questions and not (self._pairs or self._values["acc"]):
            lines.append("no question has a gold answer, so no accuracy is computed")
        if self._same_picks:
            same, count = sum(self._same_picks), len(self._same_picks)
            lines.append(f"both models pick the same choice for {same} of {count:,} questions")
        for name, corpus in zip(self._models, self._corpora, strict=True):
            lines += [f"{name}: {corpus.line()}" if self._compares else corpus.line()] if len(corpus) else []
        if self._values["difference"]:
            one, other = self._models
            differences = [self._values[name] for name in DIFFERENCES]
            lines += compare_models.difference_lines(differences, (one, other))
            lines += self.divergence_lines()
        return lines

    def warnings(self) -> list[str]:
        """Return warnings about rows whose scores may not be what the user wants."""
        found = self._doubts.warnings()
        for index, count in self._floored.items():
            if count:
                warning = floored_warning(count, "the totals are not exact")
                found.append(f"{self._models[index]}: {warning}" if self._compares else warning)
        return found

    def divergence_lines(self) -> list[str]:
        """Return lines about the divergence of two models; none if no record has it."""
        one, other = self._models
        count = len(self._values["difference"])
        return compare_models.divergence_lines(self._kl, self._without_kl, count, (one, other))

    def to_json(self) -> dict[str, Any]:
        """Return the totals for programs: means, each with its standard error as `NAME_stderr`.

        Accuracies have the names of lm-evaluation-harness; `against` has those of the second model,
        `differences` the first minus the second. Members without a value in any record are left out.
        """
        members: dict[str, Any] = dict(zip(("model", "against_model"), self._models, strict=False))
        if self._pairs:
            values = paired_values(self._pairs)
            members |= {"questions": len(values.firsts["acc"]), **means_with_errors(values.firsts)}
            members["against"] = means_with_errors(values.seconds)
            members["differences"] = means_with_errors(values.differences)
        elif accuracies := self._values["acc"]:
            members["questions"] = len(accuracies)
            members |= means_with_errors({name: self._values[name] for name in multiple_choice.ACCURACIES})
        if self._same_picks:
            members |= {"compared_questions": len(self._same_picks), "same_choice": sum(self._same_picks)}
        if self._corpora and (count := len(self._corpora[0])):
            members |= {"texts": count, **self._corpora[0].to_json()}
        if self._values["difference"]:
            members["against"] = members.get("against", {}) | self._corpora[1].to_json()
            members |= means_with_errors({name: self._values[name] for name in DIFFERENCES})
        if 0 in self._floored:
            members["tokens_floored"] = self._floored[0]
        if 1 in self._floored:
            members.setdefault("against", {})["tokens_floored"] = self._floored[1]
        if tokens := self._kl["tokens"]:
            sums = {name: self._kl[name] / tokens for name in compare_models.KL_MEANS}
            members["kl"] = {"tokens": int(tokens), **sums}
        return members
