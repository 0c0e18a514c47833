"""Defines how a bulk run scores rows: how it reads them, and what it keeps of the answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.scoring import compare_models, multiple_choice, score_record
from nebius_cli.scoring.detect_echo_support import EchoSupport
from nebius_cli.scoring.likelihood_and_perplexity import Passage, Score, from_choice
from nebius_cli.scoring.parse_score_rows import ScoreRow, check_question_columns, jq_program, parse_score_row
from nebius_cli.scoring.sliding_window import SlidingWindow


class ScoreRows:
    """The rows of one run. `context` is the default context; `tokens` adds token_logprobs to records.

    With `compared`, two models score each row, and `with_divergence` compares their alternatives. A row has
    one part for each model and passage, ordered by model; with `swapped`, the second model comes first.
    `weights` identify the content of the model files on this machine.
    """

    text_columns = frozenset(("context", "text", "gold"))
    json_columns = frozenset(("choices",))
    content_columns = ("text", "choices")
    other_tables_hint = 'docs/scoring.md, "Questions in columns", shows how to convert other tables'

    def __init__(
        self,
        context: str,
        max_tokens: int,
        *,
        tokens: bool = False,
        compared: bool = False,
        with_divergence: bool = False,
        swapped: bool = False,
        window: SlidingWindow | None = None,
        weights: Sequence[str] = (),
    ) -> None:
        self._context = context
        self._max_tokens = max_tokens
        self._tokens = tokens
        self._compared = compared
        self._with_divergence = with_divergence
        self._swapped = swapped
        self._window = window
        self._weights = tuple(weights)
        self._echo = [EchoSupport() for _ in range(1 + compared)]  # for each model, in the order of the parts
        self.models: Sequence[str] = ()  # their names, the one to score with first

    @property
    def identity(self) -> bytes:
        """What the records depend on besides requests and rows; empty if there is nothing else."""
        shown = {"tokens": self._tokens, "kl": self._with_divergence, "swapped": self._swapped}
        window = [f"window {self._window.size} {self._window.stride}"] if self._window else []
        parts = [*(name for name, is_set in shown.items() if is_set), *window, *self._weights]
        return jsontext.encode(parts) if parts else b""

    def check_columns(self, columns: Collection[str]) -> None:
        """Raise ValueError if questions would be scored without the column that asks them."""
        if not self._context:
            check_question_columns(columns)

    def jq_program(self, members: Collection[str]) -> str:
        """Return a jq program that turns an object with these members into a row, empty if none is known."""
        return jq_program(members)

    def read(self, members: Mapping[str, Any]) -> ScoreRow:
        """Parse a row. Raises ValueError that says what is wrong with it, UsageError for a wrong flag."""
        row = parse_score_row(members, self._context)
        if row.is_question and self._with_divergence:
            raise UsageError("--logprobs cannot be used with choices", "--logprobs compares texts only")
        return row

    def second_form(self, variant: int) -> EchoSupport:
        """Return what is known about whether the server echoes prompts for a model."""
        return self._echo[variant]

    def passage(self, row: ScoreRow, part: int) -> Passage:
        """Return the passage of a part."""
        return row.passages[part % len(row.passages)]

    def value(self, row: ScoreRow, part: int, choice: Mapping[str, Any]) -> Any:
        """Return what is kept of an answer. Raises NbxError if it has no score."""
        tokens = self._tokens or self._compared
        score = from_choice(self.passage(row, part), choice, self._max_tokens, tokens=tokens)
        return self.kept(row, part, score)

    def kept(self, row: ScoreRow, part: int, score: Score) -> Any:
        """Return what is kept of the score of a part until its row is complete."""
        if row.is_question:
            return multiple_choice.choice_record(self.passage(row, part).text, score, tokens=self._tokens)
        if self._compared:
            return score
        return score_record.score_record(score, tokens=self._tokens)

    def record(self, row: ScoreRow, values: Sequence[Any]) -> dict[str, Any]:
        """Return the members of the record of a row."""
        count = len(row.passages)
        if self._swapped:
            values = [*values[count:], *values[:count]]
        names = dict(zip(("model", "against_model"), self.models, strict=False))
        if row.is_question:
            return multiple_choice.question_record(values, row.gold, count=count) | names
        if not self._compared:
            return {**values[0], **names}
        one, other = values
        record = compare_models.comparison_record(
            one, other, with_divergence=self._with_divergence, tokens=self._tokens
        )
        return record | names
