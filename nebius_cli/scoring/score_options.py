"""Defines and checks the options of `nbx score` and `nbx rank`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.secret import Secret
from nebius_cli.request import parse_field_flags
from nebius_cli.scoring.sliding_window import SlidingWindow

_INPUT_FLAGS = ("format", "encoding", "invalid", "on_bad_row", "shard", "max_cost", "price")
_OUTPUT_FLAGS = ("output", "restart", "ordered", "summary", "estimate", "dry_run")
ROW_FLAGS = (*_INPUT_FLAGS, *_OUTPUT_FLAGS)  # attributes of the flags that apply only to the rows of a file


class ModelChoice(NamedTuple):
    """A model to score with: on this machine, from `file` or the default one, or on the server.

    `name` is its name on the server, None for the model in the request fields.
    """

    runs_locally: bool
    file: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The flags of `nbx score` or `nbx rank`; `fields`, `limits` and `connection` hold flags by name.

    ROW_FLAGS and `limits` apply to the rows of a file.
    """

    text: str | None = None
    candidates: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    jsonl: tuple[str, ...] = ()
    context: str | None = None
    context_file: str | None = None
    strip_final_newline: bool = False
    tokens: bool = False
    json: bool = False
    max_tokens: str = "1"
    param: tuple[str, ...] = ()
    against: str | None = None
    against_local: bool = False
    against_file: str | None = None
    logprobs: str | None = None
    stride: str | None = None
    window: str | None = None
    format: str | None = None
    encoding: str | None = None
    invalid: str | None = None
    on_bad_row: str | None = None
    shard: str | None = None
    output: str | None = None
    restart: bool = False
    ordered: bool = False
    summary: str | None = None
    estimate: bool = False
    dry_run: bool = False
    max_cost: str | None = None
    price: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    over_budget: bool = False
    local: bool = False
    model_file: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str | bool] = field(default_factory=dict)
    api_key_file: str | None = None
    api_key: Secret | None = None

    @property
    def runs_locally(self) -> bool:
        """Whether the model runs on this machine."""
        return self.local or self.model_file is not None

    @property
    def models(self) -> list[ModelChoice]:
        """The model to score with, and the one to compare it with if there is one."""
        chosen = [ModelChoice(self.runs_locally, self.model_file)]
        if self.against is not None:
            chosen.append(ModelChoice(runs_locally=False, name=self.against))
        elif self.against_local or self.against_file is not None:
            chosen.append(ModelChoice(runs_locally=True, file=self.against_file))
        return chosen

    @property
    def compares(self) -> bool:
        """Whether two models are compared."""
        return len(self.models) > 1

    @property
    def all_local(self) -> bool:
        """Whether all models run on this machine."""
        return all(model.runs_locally for model in self.models)

    def check(self) -> None:
        """Raise UsageError for flags that cannot be combined."""
        if (self.text is not None) + len(self.file) + bool(self.jsonl) > 1:
            why = "an argument, --file and --jsonl each give a text to score"
            hint = "keep one of them; --jsonl FILE scores each row of a file"
            raise UsageError("more than one text", why, hint)
        self._check_models()
        if self.all_local and self.param:
            raise UsageError(
                "--param cannot be used with --local", "the model on this machine takes no request parameters"
            )
        if self.max_tokens not in ("0", "1"):
            why = "scoring discards the generated token, so it must be 0 or 1"
            raise UsageError(f"--max-tokens {self.max_tokens}", why)
        if self.sliding_window is not None and not self.all_local:
            why = "nbx cannot tokenize texts for a model on a server"
            hint = "add --local or --model-file FILE; docs/scoring.md shows how to split a text into rows"
            raise UsageError("--stride requires a model on this machine", why, hint)
        self._check_row_flags()

    def _check_models(self) -> None:
        if (self.against is not None) + self.against_local + (self.against_file is not None) > 1:
            why = "--against, --against-local and --against-file each name one"
            raise UsageError("more than one model to compare with", why, "keep one of them")
        if self.compares and self.models[0] == self.models[1]:
            raise UsageError("nothing to compare", "both are the same model on this machine")
        if self.compares and self.tokens and not (self.json or self.jsonl):
            what, why = "--tokens requires --json or --jsonl", "the table for two models does not show tokens"
            raise UsageError(what, why, "add --json")
        if self.logprobs is not None and not self.compares:
            raise UsageError("--logprobs requires --against", "it sets how many tokens are compared")
        if self.logprobs is not None and any(model.runs_locally for model in self.models):
            why = "it compares the likely alternatives, which a model on this machine does not report"
            raise UsageError(
                "--logprobs cannot be used with a model on this machine", why, "leave out --logprobs"
            )

    def _check_row_flags(self) -> None:
        if self.jsonl:
            return
        names = [name for name in ROW_FLAGS if getattr(self, name)] + list(self.limits)
        if names:
            if names[0] == "output":
                why, hint = "it applies to the rows of a file", "add --jsonl FILE; for one text, use > FILE"
                raise UsageError("--output requires --jsonl", why, hint)
            flag = "--" + names[0].replace("_", "-")
            raise UsageError(
                f"{flag} requires --jsonl", "it applies to the rows of a file", "add --jsonl FILE"
            )

    @property
    def sliding_window(self) -> SlidingWindow | None:
        """How to score texts that are longer than a window, None to reject them. Raises UsageError."""
        if self.stride is None:
            if self.window is not None:
                raise UsageError("--window requires --stride", "", "--stride N sets how far the window moves")
            return None
        window = 0 if self.window is None else _tokens("--window", self.window)
        return SlidingWindow(window, _tokens("--stride", self.stride))

    @property
    def alternatives(self) -> int:
        """The number of likely tokens to ask for. Raises UsageError."""
        if self.logprobs is None:
            return 1
        parsed = parse_field_flags.parse_fields({"logprobs": self.logprobs}, str, validate=True)["logprobs"]
        return max(1, int(str(parsed)))


def _tokens(flag: str, given: str) -> int:
    """Parse a number of tokens. Raises UsageError."""
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    if number < 1:
        why = "must be a number of tokens, at least 1"
        raise UsageError(f"{flag} {given}", why, f"for example {flag} 512")
    return number
