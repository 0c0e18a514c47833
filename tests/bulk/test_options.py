"""The options of a bulk run."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import INITIAL_CONCURRENCY
from nebius_cli.bulk.options import (
    LOCAL_CONCURRENCY,
    BulkOptions,
    BulkPlan,
    check_price,
    parse_price,
    parse_usd,
    read,
    shared_out,
)
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.prices_and_costs import FREE, UNKNOWN_PRICE, Price, PriceList
from tests.support.settings import resolved


def asked(**options: Any) -> BulkPlan:
    """Return the plan for these options."""
    return read(BulkOptions(**options), lambda path: f"{{{path}}}")


def refused(**options: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        asked(**options)
    return caught.value


def first(made: BulkPlan, settings: RunSettings, local_model: str | None = None, row: bytes = b'"x"') -> Any:
    """Return the request body of a row."""
    made_row = next(iter(made.reader(settings, local_model).rows([(1, row)])))
    assert isinstance(made_row, Row)
    return json.loads(made_row.body)


CONFIGURED = resolved({"model": "m", "temperature": 0.5, "ai_project_id": "p", "stream": True})


def test_a_row_gets_the_configured_fields_and_flags_override_them() -> None:
    made = asked(fields={"temperature": "0"}, param=("top_k=4",))
    assert first(made, CONFIGURED) == {"model": "m", "prompt": "x", "temperature": 0, "top_k": 4}
    assert first(asked(unset=("temperature",)), CONFIGURED) == {"model": "m", "prompt": "x"}


def test_a_local_run_uses_the_local_model_and_costs_nothing() -> None:
    made = asked(local=True)
    assert first(made, CONFIGURED, "smol") == {"model": "smol", "prompt": "x", "temperature": 0.5}
    for here in (made, asked(model_file="x.gguf", price="1/1")):
        assert here.prices is not None
        assert here.prices.of_model("any") == FREE
    assert not asked().options.runs_locally


def test_a_template_is_given_as_text_or_in_a_file_but_not_both() -> None:
    typed, filed = asked(template="Q: {q}\\n"), asked(template_file="a\\nb")
    assert typed.template is not None
    assert typed.template.fill({"q": "1"}) == "Q: 1\n"
    assert filed.template is not None
    assert filed.template.names == ("a\\nb",)
    assert "--template and --template-file" in refused(template="{a}", template_file="b").what


def test_rate_limits_and_caps_are_divided_among_shards_but_not_the_concurrency() -> None:
    given = {"rpm": "600", "tpm": "8000", "concurrency": "64", "group": "4", "max_total_tokens": "1000"}
    made = asked(limits=given, max_cost="2", shard="1/4")
    assert (made.rpm, made.tpm, made.concurrency, made.group) == (150, 2000, 64, 4)
    assert (made.max_tokens, made.max_cost) == (250, Decimal("0.5"))
    assert made.capped
    assert made.limited


def test_without_limits_nothing_is_limited() -> None:
    made = asked()
    assert (made.rpm, made.tpm, made.concurrency, made.group, made.max_tokens) == (None, None, None, 1, None)
    assert not made.capped
    assert not made.limited
    assert asked(limits={"rpm": "5"}).limited
    assert asked(limits={"tpm": "5"}).limited
    assert asked(limits={"max_total_tokens": "5"}).capped


@pytest.mark.parametrize(
    ("options", "what", "why"),
    [
        ({"invalid": "ignore"}, "--invalid ignore", "strict or replace"),
        ({"on_bad_row": "stop"}, "--on-bad-row stop", "fail or skip"),
        ({"restart": True}, "--restart requires -o", "stdout"),
        ({"limits": {"concurrency": "0"}}, "--concurrency 0", "between 1 and 512"),
        ({"limits": {"rpm": "fast"}}, "--rpm fast", "whole number"),
        ({"unset": ("nosuch",)}, "--unset nosuch", "no such"),
        ({"encoding": "klingon"}, "--encoding klingon", "with this name"),
        ({"param": ("x",)}, "--param x", "KEY=JSON"),
        ({"fields": {"temperature": "9"}}, "--temperature 9", "between 0 and 2"),
        ({"shard": "0/2"}, "--shard 0/2", "I/N"),
        ({"max_cost": "0"}, "--max-cost 0", "must be more than 0"),
        ({"max_cost": "x"}, "--max-cost x", "must be an amount in USD"),
    ],
    ids=str,
)
def test_an_invalid_option_is_named(options: dict[str, Any], what: str, why: str) -> None:
    error = refused(**options)
    assert error.what == what
    assert why in error.why


@pytest.mark.parametrize(("limit", "part"), [(None, None), (600, 150), (602, 150.5), (3, 0.75)])
def test_a_limit_is_divided_equally_among_the_shards(limit: int | None, part: float | None) -> None:
    assert shared_out(limit, 4) == part
    limits = {} if limit is None else {"rpm": str(limit), "tpm": str(limit), "max_total_tokens": str(limit)}
    made = asked(limits=limits, shard="2/4")
    assert (made.rpm, made.tpm) == (part, part)
    assert made.max_tokens == (None if part is None else int(part))


def test_amounts_and_prices_keep_every_digit() -> None:
    assert parse_usd("0.10", "--max-cost") == Decimal("0.10")
    assert parse_price("0.13/0.4") == Price(Decimal("0.00000013"), Decimal("0.0000004"))
    assert parse_price("0/0") == Price(Decimal(0), Decimal(0))


@pytest.mark.parametrize("text", ["0", "-1", "$5", "1e3", "", "five", "1,5", "0.0"])
def test_an_invalid_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-cost"):
        parse_usd(text, "--max-cost")


@pytest.mark.parametrize("text", ["1", "1/2/3", "/", "a/b", "1/-2"])
def test_an_invalid_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--price"):
        parse_price(text)


def row(model: str, max_completion_tokens: int | None = 5) -> Row:
    """Return a row for this model with this max_tokens."""
    return Row(0, "a", "x", b"{}", "", "", 9, max_completion_tokens, 1, b"{}", model)


PRICES = PriceList(
    {
        "both": Price(Decimal(1), Decimal(2), Decimal("0.5")),
        "half": Price(Decimal(1)),
        "none": UNKNOWN_PRICE,
    }
)


def test_a_model_needs_both_an_input_and_an_output_price() -> None:
    assert PRICES.of_model("both") == Price(Decimal(1), Decimal(2), Decimal("0.5"))
    assert [PRICES.of_model(name) for name in ("none", "other")] == [UNKNOWN_PRICE] * 2
    assert [name in PRICES for name in ("both", "half", "other")] == [True, False, False]
    given = Price(Decimal(1), Decimal(2))
    assert PriceList(default=given).of_model("any") is given
    assert "any" in PriceList(default=given)
    check_price("both", PRICES)
    with pytest.raises(UsageError, match="the price of half is unknown"):
        check_price("half", PRICES)


def test_a_cap_needs_max_tokens_and_a_price_for_every_row() -> None:
    asked().check(row("none", None), PRICES)
    tokens, money = asked(limits={"max_total_tokens": "9"}), asked(max_cost="1")
    tokens.check(row("none"), PRICES)
    money.check(row("both"), PRICES)
    money.check(row("none"), PriceList(default=Price(Decimal(1), Decimal(1))))
    for made in (tokens, money):
        with pytest.raises(UsageError, match="row 'a' has no max_tokens"):
            made.check(row("both", None), PRICES)
    with pytest.raises(UsageError, match="the price of none is unknown"):
        money.check(row("none"), PRICES)


def test_a_cap_on_the_cost_of_a_free_model_needs_no_max_tokens() -> None:
    free = PriceList(default=FREE)
    asked(local=True, max_cost="1").check(row("m", None), free)
    with pytest.raises(UsageError, match="row 'a' has no max_tokens"):
        asked(local=True, max_cost="1", limits={"max_total_tokens": "9"}).check(row("m", None), free)


def test_the_usage_of_the_local_engine_is_complete_only_for_one_choice() -> None:
    assert asked().usage_is_complete(replace(row("m"), n=3))
    assert asked(local=True).usage_is_complete(row("m"))
    assert not asked(local=True).usage_is_complete(replace(row("m"), n=3))
    assert not asked(local=True, limits={"group": "2"}).usage_is_complete(row("m"))
    capped = asked(local=True, limits={"max_total_tokens": "9"})
    capped.check(row("m"), PriceList(default=FREE))
    with pytest.raises(UsageError, match="--max-total-tokens cannot be used with --local"):
        capped.check(replace(row("m"), n=2), PriceList(default=FREE))


def test_the_number_of_choices_is_read_from_the_flags() -> None:
    assert asked().choices == 1
    assert asked(fields={"n": "3"}).choices == 3
    assert asked(fields={"n": "3"}, param=('n="x"',), validate=False).choices == 1


def test_the_dispatcher_gets_the_limits_and_the_usage_of_earlier_runs() -> None:
    given = {"rpm": "600", "tpm": "60000", "group": "2", "max_total_tokens": "500"}

    def made(**options: Any) -> Any:
        spent = Charge(30, 12, Decimal("0.5"))
        prices = PriceList(default=Price(Decimal(1), Decimal(1)))
        return asked(**options).dispatcher(prices, spent, 3, now=0.0, jitter=float, may_take=bool)

    limited = made(limits=given, max_cost="2")
    assert (limited.rate.rpm, limited.rate.tpm) == (600, 60_000)
    assert (limited.budget.max_tokens, limited.budget.max_cost) == (500, Decimal(2))
    assert (limited.budget.tokens, limited.budget.cost) == (42, Decimal("0.5"))
    assert made(limits={"concurrency": "99"}).rate.concurrency == 99
    assert made(local=True).rate.concurrency == LOCAL_CONCURRENCY
    assert made().rate.concurrency == INITIAL_CONCURRENCY
