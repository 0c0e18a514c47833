"""The costs of a scoring run: estimated, capped, and reported at the end."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_server import EchoServer
from tests.support.factory import FAST, LIGHTNING
from tests.support.rows import records, write_rows
from tests.support.run import Runner
from tests.support.weights import real_weights

OUT = Path("out.jsonl")
FILE = ("score", "--jsonl", "in.jsonl")
RUN = (*FILE, "-o", "out.jsonl")
ROWS: list[Any] = [
    {"context": "Row:", "text": " and its text"},
    {"context": "Question?", "choices": [" not at all", " yes", " no"], "gold": 0},
]


@pytest.mark.parametrize("max_tokens", ["0", "1"])
def test_the_estimate_and_the_summary_count_the_token_that_a_server_generates(
    score: Runner, max_tokens: str
) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    flags = ("--max-tokens", max_tokens, "--price", "1/1000000")
    estimate = score(*RUN, *flags, "--estimate", "--json").json
    assert estimate["completion_tokens_at_most"] == 4
    assert score(*RUN, *flags, "--summary", "run.json").code == 0
    summary = json.loads(Path("run.json").read_bytes())
    assert summary["completion_tokens"] == 4  # as the server reports, for --max-tokens 0 too
    assert int(Decimal(estimate["cost_usd_at_most"])) == int(Decimal(summary["cost_usd"])) == 4


def estimated(score: Runner, *flags: str) -> Decimal:
    """Return the estimated maximum cost of the rows."""
    return Decimal(score(*FILE, *flags, "--estimate", "--json").json["cost_usd_at_most"])


def test_two_models_are_estimated_at_the_price_of_each(score: Runner) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    one, other = ("-m", FAST["id"]), ("-m", LIGHTNING["id"])
    both = estimated(score, *one, "--against", LIGHTNING["id"])
    assert both == estimated(score, *one) + estimated(score, *other)


def test_a_cap_needs_the_price_of_both_models(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    result = score(*FILE, "-m", FAST["id"], "--against", "other", "--max-cost", "1")
    assert (result.code, "the price of other is unknown" in result.err) == (2, True), result.err
    assert not echo_server.bodies


def test_a_run_with_nothing_to_send_costs_nothing_whatever_the_prices_are(score: Runner) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    assert "cost_usd\t\n" in score(*RUN).err  # the price of this model is unknown
    again = score(*RUN, "--summary", "run.json")
    assert (again.code, "cost_usd\t0\nspent_usd\t\n" in again.err) == (0, True), again.err
    found = json.loads(Path("run.json").read_bytes())
    assert (found["requests"], found["cost_usd"], found["spent_usd"]) == (0, "0", None)


@pytest.mark.engine
def test_all_costs_of_a_model_on_this_machine_are_0(bare: Runner, folder: Path) -> None:
    del folder
    local = Runner({**bare.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})
    write_rows(Path("in.jsonl"), ROWS)
    estimate = local(*RUN, "--local", "--estimate", "--json").json
    free = {"completion_tokens_at_most": 0, "cost_usd_about": "0", "cost_usd_at_most": "0"}
    assert {name: estimate[name] for name in free} == free
    for sent in (2, 0):
        result = local(*RUN, "--local", "--summary", "run.json")
        assert (result.code, "cost_usd\t0\nspent_usd\t0\n" in result.err) == (0, True), result.err
        found = json.loads(Path("run.json").read_bytes())
        costs = (found["requests"], found["completion_tokens"], found["cost_usd"], found["spent_usd"])
        assert costs == (sent, 0, "0", "0")
    assert {record["usage"]["cost"] for record in records(OUT)} == {"0"}
    changed = local(*RUN, "--local", "--tokens")
    assert changed.code == 2
    assert "every row of out.jsonl would be sent again\n" in changed.err


@pytest.mark.engine
def test_an_estimate_has_costs_only_for_the_model_on_the_server(score: Runner) -> None:
    with_weights = Runner({**score.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})
    write_rows(Path("in.jsonl"), ROWS)
    alone = estimated(with_weights, "-m", FAST["id"])
    assert estimated(with_weights, "-m", FAST["id"], "--against-local") == alone
    assert estimated(with_weights, "--local", "--against", FAST["id"]) == alone
