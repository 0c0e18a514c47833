"""The options of `nbx score` and `nbx rank`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nebius_cli.core.errors import UsageError
from nebius_cli.core.secret import Secret
from nebius_cli.request import request_flags

_INPUT_FLAGS = ("format", "on_bad_row", "shard", "max_cost", "price")
_OUTPUT_FLAGS = ("output", "restart", "ordered", "summary", "estimate", "dry_run")
ROW_FLAGS = (*_INPUT_FLAGS, *_OUTPUT_FLAGS)  # attributes of the flags that only the rows of a file have


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The flags of `nbx score` or `nbx rank`; `fields`, `limits` and `connection` hold those of their tables.

    ROW_FLAGS, and `limits`, are about the rows of a file.
    """

    text: str | None = None
    candidates: tuple[str, ...] = ()
    file: str | None = None
    jsonl: str | None = None
    context: str | None = None
    context_file: str | None = None
    strip_final_newline: bool = False
    tokens: bool = False
    json: bool = False
    max_tokens: str = "1"
    param: tuple[str, ...] = ()
    against: str | None = None
    logprobs: str | None = None
    format: str | None = None
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
    def runs_here(self) -> bool:
        """Whether the model runs on this machine."""
        return self.local or self.model_file is not None

    def check(self) -> None:
        """Raise UsageError for flags that do not belong together."""
        given = [self.text, self.file, self.jsonl]
        if sum(one is not None for one in given) > 1:
            why = "use only one of an argument, --file and --jsonl"
            raise UsageError("more than one text", why, "keep one")
        if self.against is not None and self.runs_here:
            raise UsageError("--against with --local", "both models must be on the same server")
        if self.against is not None and self.tokens and not (self.json or self.jsonl):
            what, why = "--tokens without --json", "the table for two models does not show tokens"
            raise UsageError(what, why, "--json")
        if self.logprobs is not None and self.against is None:
            raise UsageError("--logprobs without --against", "it sets how many tokens are compared")
        if self.runs_here and self.param:
            raise UsageError("--param with --local", "the embedded engine sends no request")
        if self.max_tokens not in ("0", "1"):
            why = "scoring discards the generated token, so it takes 0 or 1"
            raise UsageError(f"--max-tokens {self.max_tokens}", why)
        self._check_row_flags()

    def _check_row_flags(self) -> None:
        if self.jsonl is not None:
            return
        names = [name for name in ROW_FLAGS if getattr(self, name)] + list(self.limits)
        if names:
            flag = "--" + names[0].replace("_", "-")
            raise UsageError(f"{flag} without --jsonl", "it is about the rows of a file", "--jsonl FILE")

    @property
    def alternatives(self) -> int:
        """The number of likely tokens to ask for. Raises UsageError."""
        if self.logprobs is None:
            return 1
        parsed = request_flags.parse_fields({"logprobs": self.logprobs}, str, validate=True)["logprobs"]
        return max(1, int(str(parsed)))
