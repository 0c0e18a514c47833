"""How a bulk run is asked for: what was typed, read and checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.budget import Budget, Charge
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input import template
from nebius_cli.bulk.input.row_reader import Row, RowReader, Shard, parse_shard
from nebius_cli.bulk.limits import LIMITS
from nebius_cli.bulk.rate_control import RateController
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors import UsageError
from nebius_cli.core.money import FREE, Price, PriceList
from nebius_cli.core.secret import Secret
from nebius_cli.request import prompt, request
from nebius_cli.request.fields import FieldError, Value

LOCAL_CONCURRENCY = 4  # requests at once, which is also what the engine makes room for

_USD = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """What was typed after `nbx bulk`. `fields`, `connection` and `limits` hold the flags of their tables."""

    input: str = "-"
    format: str | None = None
    template: str | None = None
    template_file: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    allow_empty: bool = False
    on_bad_row: str = "fail"
    shard: str = "1/1"
    output: str = "-"
    restart: bool = False
    no_prompt: bool = False
    ordered: bool = False
    summary: str | None = None
    estimate: bool = False
    json: bool = False
    dry_run: bool = False
    max_cost: str | None = None
    price: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    connection: Mapping[str, str | bool] = field(default_factory=dict)
    param: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    validate: bool = True
    local: bool = False
    model_file: str | None = None
    api_key_file: str | None = None
    api_key: Secret | None = None
    over_budget: bool = False

    @property
    def runs_here(self) -> bool:
        """Whether the model runs on this machine."""
        return self.local or self.model_file is not None


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What the options mean. Limits and caps are those of this shard; `prices` are those that were given."""

    options: BulkOptions
    given: Mapping[str, Value]
    params: Mapping[str, Any]
    shard: Shard
    reading: prompt.DecodeOptions
    template: template.Template | None
    concurrency: int | None
    rpm: float | None
    tpm: float | None
    group: int
    max_tokens: int | None
    max_cost: Decimal | None
    prices: PriceList | None

    @property
    def capped(self) -> bool:
        """Whether there is a cap on cost or tokens."""
        return self.max_cost is not None or self.max_tokens is not None

    @property
    def limited(self) -> bool:
        """Whether there is a limit that shards share."""
        return self.capped or self.rpm is not None or self.tpm is not None

    @property
    def choices(self) -> int:
        """How many choices the flags ask for."""
        n = self.params.get("n", self.given.get("n", 1))
        return n if isinstance(n, int) else 1

    def counts(self, row: Row) -> bool:
        """Return whether the usage of a row's answer is all of it: the local engine counts one choice."""
        return not self.options.runs_here or self.group == row.n == 1

    def check(self, row: Row, prices: PriceList) -> None:
        """Raise UsageError for a row that a cap cannot reckon with."""
        if self.capped and row.most_completion is None:
            what = f"row {row.id!r} does not say how long its answer may be"
            raise UsageError(what, "a cap reckons with the longest answer", "--max-tokens N")
        if self.max_tokens is not None and not self.counts(row):
            what = "--max-total-tokens with --local and several choices in a request"
            raise UsageError(
                what, "the engine counts the tokens of one choice only", "leave out --group and n"
            )
        if self.max_cost is not None:
            check_price(row.model, prices)

    def dispatcher(
        self,
        prices: PriceList,
        spent: Charge,
        retries: int,
        *,
        now: float,
        chance: Callable[[], float],
        taking: Callable[[], bool],
        model: str = "",
    ) -> Dispatcher:
        """Return what says what is sent next; `spent` is what earlier runs took, `model` the run's own."""
        fixed = self.concurrency or (LOCAL_CONCURRENCY if self.options.runs_here else None)
        pace = RateController(now, fixed=fixed, rpm=self.rpm, tpm=self.tpm, share=self.shard.of)
        budget = Budget(
            prices=prices,
            max_cost=self.max_cost,
            max_tokens=self.max_tokens,
            spent_tokens=spent.tokens,
            spent_cost=spent.cost,
        )
        return Dispatcher(
            pace, budget, retries=retries, chance=chance, group=self.group, taking=taking, model=model
        )

    def reader(self, settings: RunSettings, local_model: str | None) -> RowReader:
        """Return what makes rows, with the configured fields; `local_model` runs here, if it is not None.

        Raises UsageError where these fields cannot go together.
        """
        options = self.options
        fields = settings.fields_without(request.parse_unset(options.unset))
        own: dict[str, Value] = {}
        if local_model is not None:
            fields.pop("ai_project_id", None)
            own["model"] = local_model
        return RowReader(
            {**fields, **self.given, **own},
            self.params,
            self.template,
            allow_empty=options.allow_empty,
            validate=options.validate,
            shard=self.shard,
        )


def read(options: BulkOptions, read_file: Callable[[str], str]) -> BulkPlan:
    """Return what options mean; `read_file` gives the text of a file. Raises UsageError."""
    for name, value, values in (
        ("--invalid", options.invalid, ("strict", "replace")),
        ("--on-bad-row", options.on_bad_row, ("fail", "skip")),
    ):
        if value not in values:
            raise UsageError(f"{name} {value}", f"it takes {' or '.join(values)}")
    if options.restart and options.output == "-":
        raise UsageError("--restart without -o", "stdout keeps nothing to begin anew with")
    request.parse_unset(options.unset)
    shard, limits = parse_shard(options.shard), parse_limits(options.limits)
    most_tokens = limits.get("max_total_tokens")
    max_cost = None if options.max_cost is None else parse_usd(options.max_cost, "--max-cost") / shard.of
    price = parse_price(options.price) if options.price is not None else None
    price = FREE if options.runs_here else price
    invalid = options.invalid == "replace"
    reading = prompt.decode_options(options.encoding, replace_invalid=invalid, strip_final_newline=False)
    params = request.parse_params(options.param, validate=options.validate)
    return BulkPlan(
        options,
        request.parse_fields(options.fields, read_file, validate=options.validate),
        params,
        shard,
        reading,
        _template(options, read_file),
        limits.get("concurrency"),
        shared_out(limits.get("rpm"), shard.of),
        shared_out(limits.get("tpm"), shard.of),
        limits.get("group", 1),
        None if most_tokens is None else most_tokens // shard.of,
        max_cost,
        None if price is None else PriceList(default=price),
    )


def _template(options: BulkOptions, read_file: Callable[[str], str]) -> template.Template | None:
    if options.template is not None and options.template_file is not None:
        raise UsageError(
            "--template and --template-file together", "a run has one template", "keep one of them"
        )
    if options.template_file is not None:
        return template.parse(read_file(options.template_file))
    return None if options.template is None else template.parse(template.unescape(options.template))


def parse_limits(given: Mapping[str, str]) -> dict[str, int]:
    """Return the limits among the flags. Raises UsageError."""
    values: dict[str, int] = {}
    for limit in LIMITS:
        if limit.name in given:
            text = given[limit.name]
            try:
                values[limit.name] = int(str(limit.parse([text])))
            except FieldError as error:
                raise UsageError(f"{limit.flag} {text}", f"{limit.name} {error}") from None
    return values


def parse_usd(text: str, flag: str) -> Decimal:
    """Return an amount of USD above zero, every digit of it. Raises UsageError."""
    if not _USD.fullmatch(text) or not Decimal(text):
        raise UsageError(f"{flag} {text}", "it takes an amount of USD", f"for example {flag} 2.50")
    return Decimal(text)


def parse_price(text: str) -> Price:
    """Return the price that `IN/OUT`, in USD per million tokens, means. Raises UsageError."""
    prices = text.split("/")
    if len(prices) != 2 or not all(_USD.fullmatch(price) for price in prices):
        why = "it takes IN/OUT, USD per million prompt and completion tokens"
        raise UsageError(f"--price {text}", why, "for example --price 0.13/0.40")
    return Price(Decimal(prices[0]).scaleb(-6), Decimal(prices[1]).scaleb(-6))


def other_requests(count: int, output: str) -> str:
    """Return a note that an output has answers which no row asks for."""
    answers = "an answer" if count == 1 else f"{count:,} answers"
    why = "a changed prompt or flag, or a row that is gone"
    return f"{output} has {answers} to other requests ({why}); changed rows are sent again"


def check_price(model: str, prices: PriceList) -> None:
    """Raise UsageError if the price of a model is unknown."""
    if model not in prices:
        hint = "--price IN/OUT: USD per million prompt and completion tokens"
        raise UsageError(f"the price of {model} is not known", "--max-cost needs it", hint)


def shared_out(limit: int | None, shards: int) -> float | None:
    """Return one shard's part of a limit a minute on all of them together."""
    return None if limit is None else limit / shards
