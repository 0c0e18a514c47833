"""Parses and checks the options of a bulk run, and turns them into a plan."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.matrix_combination import NO_MATRIX, Combination
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows
from nebius_cli.bulk.input.parse_matrix import parse_matrix
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.input.shard import Shard, parse_shard
from nebius_cli.bulk.limit_concurrency_and_rate import MAX_CONCURRENCY, RateController
from nebius_cli.bulk.run_budget import Budget, Charge
from nebius_cli.bulk.speed_and_cost_flags import parse_limits
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import urls
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.prices_and_costs import FREE, Price, PriceList
from nebius_cli.core.secret import Secret
from nebius_cli.request import parse_field_flags, read_prompt
from nebius_cli.request.parse_and_check_values import Value

BudgetKind = TypeVar("BudgetKind", bound=Budget)

LOCAL_CONCURRENCY = 4  # requests in flight, and slots of the engine

_USD = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """The flags of `nbx bulk`. `fields`, `connection` and `limits` hold flags that are defined in tables."""

    inputs: tuple[str, ...] = ("-",)
    format: str | None = None
    template: str | None = None
    template_file: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    allow_empty: bool = False
    on_bad_row: str = "fail"
    shard: str = "1/1"
    matrix: tuple[str, ...] = ()
    output: str = "-"
    output_format: str | None = None
    ray: str | None = None
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
    def runs_locally(self) -> bool:
        """Whether the model runs on this machine."""
        return self.local or self.model_file is not None


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """The parsed options. Limits and caps are those of this shard; `prices` are those of --price.

    `connections` is the most that the run may open at once.
    """

    options: BulkOptions
    given: Mapping[str, Value]
    params: Mapping[str, Any]
    shard: Shard
    reading: read_prompt.DecodeOptions
    template: fill_template.Template | None
    concurrency: int | None
    rpm: float | None
    tpm: float | None
    group: int
    max_tokens: int | None
    max_cost: Decimal | None
    prices: PriceList | None
    combinations: tuple[Combination, ...] = NO_MATRIX
    connections: int = MAX_CONCURRENCY

    @property
    def capped(self) -> bool:
        """Whether cost or tokens are capped."""
        return self.max_cost is not None or self.max_tokens is not None

    @property
    def limited(self) -> bool:
        """Whether there is a limit that is divided among shards."""
        return self.capped or self.rpm is not None or self.tpm is not None

    @property
    def choices(self) -> int:
        """The largest number of choices that the flags ask for."""
        n = self.params.get("n", self.given.get("n", 1))
        numbers = [one.values.get("n", n) for one in self.combinations]
        return max(number if isinstance(number, int) else 1 for number in numbers)

    def usage_is_complete(self, row: Row) -> bool:
        """Return whether the usage of an answer covers all choices; the local engine counts only one."""
        return not self.options.runs_locally or self.group == row.n == 1

    def check(self, row: Row, prices: PriceList) -> None:
        """Raise UsageError for a row whose cost or length the caps cannot bound."""
        needs_limit = self.max_tokens is not None or prices.of_model(row.model) != FREE
        if self.capped and needs_limit and row.max_completion_tokens is None:
            what = f"row {row.id!r} has no max_tokens"
            raise UsageError(what, "a cap requires a token limit for every answer", "set --max-tokens N")
        if self.max_tokens is not None and not self.usage_is_complete(row):
            what = "--max-total-tokens cannot be used with --local and several choices in a request"
            raise UsageError(
                what, "the engine counts the tokens of one choice only", "leave out --group and -n"
            )
        if self.max_cost is not None:
            check_price(row.model, prices)

    def budget(
        self, kind: type[BudgetKind], prices: PriceList, spent_tokens: int, spent_cost: Decimal | None
    ) -> BudgetKind:
        """Return the budget of this run; earlier runs have spent these tokens and this cost."""
        return kind(
            prices=prices,
            max_cost=self.max_cost,
            max_tokens=self.max_tokens,
            spent_tokens=spent_tokens,
            spent_cost=spent_cost,
        )

    def dispatcher(
        self,
        prices: PriceList,
        spent: Charge,
        retries: int,
        *,
        now: float,
        jitter: Callable[[], float],
        may_take: Callable[[], bool],
        combinations: int = 1,
        model: str = "",
    ) -> Dispatcher:
        """Return the dispatcher of this run; `spent` is the cost of earlier runs on the same output."""
        fixed = self.concurrency or (LOCAL_CONCURRENCY if self.options.runs_locally else None)
        rate = RateController(
            now,
            fixed=fixed,
            rpm=self.rpm,
            tpm=self.tpm,
            max_concurrency=self.connections,
            shards=self.shard.of,
        )
        return Dispatcher(
            rate,
            self.budget(Budget, prices, spent.tokens, spent.cost),
            retries=retries,
            jitter=jitter,
            group=self.group,
            combinations=combinations,
            may_take=may_take,
            model=model,
        )

    def reader(
        self,
        settings: RunSettings,
        local_model: str | None,
        items: ItemRows | None = None,
        *,
        weights: str = "",
    ) -> RowReader:
        """Return the reader of rows, with the configured fields; `local_model`, if not None, is their model.

        `weights` identifies the content of its file, empty for the default model. The fields of `items`
        replace the configured ones. Raises UsageError for fields that exclude each other, ConfigError for an
        invalid base URL.
        """
        options = self.options
        unset = parse_field_flags.parse_unset(options.unset)
        fields = dict(items.fields) if items else settings.fields_without(unset)
        own: dict[str, Value] = {}
        if local_model is not None:
            if "model" in self.combinations[0].values:
                raise UsageError("--matrix model cannot be used with --local", "--local runs only one model")
            fields.pop("ai_project_id", None)
            own["model"] = local_model
        reader = RowReader(
            {**fields, **self.given, **own},
            self.params,
            items or self.template,
            allow_empty=options.allow_empty,
            validate=options.validate,
            shard=self.shard,
            url=f"local{weights}"
            if self.options.runs_locally
            else urls.shown_endpoint(settings.base_url, "/completions", ""),
            combinations=self.combinations,
        )
        reader.mixed_ids = options.output == "-"
        return reader


def read(options: BulkOptions, read_file: Callable[[str], str]) -> BulkPlan:
    """Parse and check options; `read_file` returns the text of a file. Raises UsageError."""
    for name, value, values in (
        ("--invalid", options.invalid, ("strict", "replace")),
        ("--on-bad-row", options.on_bad_row, ("fail", "skip")),
    ):
        if value not in values:
            raise UsageError(f"{name} {value}", f"must be {' or '.join(values)}")
    if options.restart and options.output == "-":
        raise UsageError("--restart requires -o", "stdout has no earlier answers to replace")
    if options.output_format is not None and options.ray is None:
        why = "without --ray, the output is JSONL"
        raise UsageError(
            "--output-format requires --ray", why, "nbx bulk export converts it to other formats"
        )
    parse_field_flags.parse_unset(options.unset)
    shard, limits = parse_shard(options.shard), parse_limits(options.limits)
    max_tokens = limits.get("max_total_tokens")
    max_cost = None if options.max_cost is None else parse_usd(options.max_cost, "--max-cost") / shard.of
    price = parse_price(options.price) if options.price is not None else None
    price = FREE if options.runs_locally else price
    invalid = options.invalid == "replace"
    reading = read_prompt.decode_options(options.encoding, replace_invalid=invalid, strip_final_newline=False)
    params = parse_field_flags.parse_params(options.param, validate=options.validate)
    given = parse_field_flags.parse_fields(options.fields, read_file, validate=options.validate)
    return BulkPlan(
        options,
        given,
        params,
        shard,
        reading,
        _template(options, read_file),
        limits.get("concurrency"),
        shared_out(limits.get("rpm"), shard.of),
        shared_out(limits.get("tpm"), shard.of),
        limits.get("group", 1),
        None if max_tokens is None else max_tokens // shard.of,
        max_cost,
        None if price is None else PriceList(default=price),
        parse_matrix(options.matrix, given, validate=options.validate),
    )


def _template(options: BulkOptions, read_file: Callable[[str], str]) -> fill_template.Template | None:
    if options.template is not None and options.template_file is not None:
        raise UsageError("--template and --template-file cannot be used together", "", "keep one of them")
    if options.template_file is not None:
        return fill_template.parse(read_file(options.template_file))
    return None if options.template is None else fill_template.parse(fill_template.unescape(options.template))


def parse_usd(text: str, flag: str) -> Decimal:
    """Return an exact amount of USD above zero. Raises UsageError."""
    if not _USD.fullmatch(text) or not Decimal(text):
        why = "must be more than 0" if _USD.fullmatch(text) else "must be an amount in USD"
        raise UsageError(f"{flag} {text}", why, f"for example {flag} 2.50")
    return Decimal(text)


def parse_price(text: str) -> Price:
    """Parse `IN/OUT`, USD per million tokens. Raises UsageError."""
    prices = text.split("/")
    if len(prices) != 2 or not all(_USD.fullmatch(price) for price in prices):
        why = "the format is IN/OUT, in USD per million prompt and completion tokens"
        raise UsageError(f"--price {text}", why, "for example --price 0.13/0.40")
    return Price(Decimal(prices[0]).scaleb(-6), Decimal(prices[1]).scaleb(-6))


def check_price(model: str, prices: PriceList) -> None:
    """Raise UsageError if the price of a model is unknown."""
    if model not in prices:
        hint = "set --price IN/OUT, in USD per million prompt and completion tokens"
        raise UsageError(f"the price of {model} is unknown", "--max-cost requires a price", hint)


def shared_out(limit: int | None, shards: int) -> float | None:
    """Return one shard's share of a limit."""
    return None if limit is None else limit / shards
