"""A thousand simulated bulk runs: no cap is exceeded and each row ends once, whatever the server does."""

import heapq
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Batch, Wait
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.bulk.send_queue import DEFERRED_RETRY_FACTOR
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, NetworkError, from_status
from nebius_cli.core.prices_and_costs import Price, PriceList
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row

PRICES = PriceList(default=Price(Decimal("0.00000013"), Decimal("0.0000004"), Decimal("0.00000005")))


@dataclass
class World:
    """A run, its unreliable server, and the usage that the server really bills."""

    dispatcher: Dispatcher
    rows: list[Row]
    trouble: float  # share of the requests that fail
    poison: set[int]  # rows that the server refuses
    jitter: random.Random
    now: float = 0.0
    billed_tokens: int = 0
    billed_cost: Decimal = field(default_factory=Decimal)
    results: list[Result] = field(default_factory=list)
    pending: list[tuple[float, int, Batch]] = field(default_factory=list)
    most_fast_rows: int = 0
    launched: int = 0

    def run(self) -> None:
        """Simulate the run to its end."""
        rows = iter(self.rows)
        while True:
            step = self.dispatcher.next(self.now)
            if isinstance(step, Batch):
                self.launched += 1
                assert self.dispatcher.in_flight <= self.dispatcher.rate.concurrency
                self.check_cap()
                heapq.heappush(self.pending, (self.now + self.jitter.expovariate(1), self.launched, step))
            elif isinstance(step, Wait) and step.rows:
                if (row := next(rows, None)) is None:
                    self.dispatcher.no_more_rows()
                else:
                    self.dispatcher.offer(row)
            elif self.pending and (step is None or self.pending[0][0] <= step.until):
                self.now, _, batch = heapq.heappop(self.pending)
                self.results += self.end(batch)
                self.check_cap()
            elif step is None:
                return
            else:
                assert self.now < step.until < float("inf"), "the run waits for nothing"
                self.now = step.until

    def check_cap(self) -> None:
        """Check that the billed usage, plus the worst case of all requests in flight, is within the caps."""
        budget = self.dispatcher.budget
        if budget.max_tokens is not None:
            assert self.billed_tokens <= budget.tokens <= budget.tokens + budget.reserved_tokens
            assert budget.tokens + budget.reserved_tokens <= budget.max_tokens
        if budget.max_cost is not None:
            assert self.billed_cost <= budget.cost <= budget.cost + budget.reserved_cost <= budget.max_cost

    def bill(self, batch: Batch) -> Usage:
        """Bill a random usage up to the worst case."""
        worst = batch.worst
        assert worst.completion is not None
        top = self.jitter.random() < 0.3
        prompt = worst.prompt or 0 if top else self.jitter.randint(0, worst.prompt or 0)
        completion = worst.completion if top else self.jitter.randint(0, worst.completion)
        cached = self.jitter.choice([0, self.jitter.randint(0, prompt)])
        self.billed_tokens += prompt + completion
        self.billed_cost += PRICES.of_model("m").cost(prompt, completion, cached) or 0
        return Usage(prompt, completion, prompt + completion, cached)

    def end(self, batch: Batch) -> list[Result]:
        """End a request with a random answer or failure."""
        if any(row.index in self.poison for row in batch.rows):
            return self.dispatcher.failed(batch, from_status(self.jitter.choice([400, 422]), ""), self.now)
        if self.jitter.random() < self.trouble:
            return self.dispatcher.failed(batch, self.failure(batch), self.now)
        usage = self.bill(batch)
        reported = self.jitter.choice([usage, usage, usage, None, Usage(None, 1, None)])
        remaining = str(self.jitter.randint(0, 3))
        headers = {"x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": "1s"}
        responses: list[Any] = [{"of": row.index} for row in batch.rows]
        return self.dispatcher.answered(batch, responses, reported, headers, self.now)

    def failure(self, batch: Batch) -> NbxError:
        """Return a failure; a request whose connection broke may have been billed."""
        kind = self.jitter.randint(0, 9)
        if kind < 3:
            if self.jitter.random() < 0.5:
                self.bill(batch)
            return NetworkError("the connection broke", retryable=kind < 2)
        if kind == 3:
            error = NetworkError("refused", retryable=True)
            error.sent = False
            return error
        if kind == 4:
            self.bill(batch)
            return IncompleteError("the answer is incomplete")
        if kind == 5:
            return from_status(self.jitter.choice([401, 404]) if self.jitter.random() < 0.05 else 503, "")
        retry_after = self.jitter.choice([None, 0.5, 500.0])
        return from_status(self.jitter.choice([429, 429, 500, 408]), "", retry_after=retry_after)


worlds = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "rows": st.integers(0, 25),
        "group": st.integers(1, 5),
        "retries": st.integers(0, 3),
        "fixed": st.one_of(st.none(), st.integers(1, 9)),
        "trouble": st.sampled_from([0.0, 0.1, 0.4, 0.9, 1.0]),
        "cap": st.floats(0, 1.2),
        "kind": st.sampled_from(["tokens", "cost", "both", "none"]),
    }
)


def make(drawn: dict[str, Any]) -> World:
    jitter = random.Random(drawn["seed"])
    sizes = [
        (jitter.randint(1, 100), jitter.randint(0, 50), jitter.randint(1, 3)) for _ in range(drawn["rows"])
    ]
    rows = [
        make_row(
            index,
            max_prompt_tokens=prompt,
            max_completion_tokens=completion,
            n=n,
            common=b'{"model":"m","n":%d}' % n,
        )
        for index, (prompt, completion, n) in enumerate(sizes)
    ]
    worst = Budget(prices=PRICES).worst(rows) if rows else Budget().worst([make_row(0)])
    cost = (worst.cost or Decimal()) * Decimal(drawn["cap"])
    budget = Budget(
        prices=PRICES,
        max_tokens=int(worst.tokens * drawn["cap"]) if drawn["kind"] in ("tokens", "both") else None,
        max_cost=cost if drawn["kind"] in ("cost", "both") else None,
    )
    rate = RateController(0.0, fixed=drawn["fixed"])
    dispatcher = Dispatcher(
        rate, budget, retries=drawn["retries"], jitter=jitter.random, group=drawn["group"]
    )
    poison = {row.index for row in rows if jitter.random() < drawn["trouble"] / 4}
    return World(dispatcher, rows, drawn["trouble"], poison, jitter)


@settings(max_examples=1000)
@given(worlds)
def test_the_cap_is_never_exceeded_and_every_row_ends_once(drawn: dict[str, Any]) -> None:
    world = make(drawn)
    world.run()
    dispatcher, budget = world.dispatcher, world.dispatcher.budget
    ended = [result.row.index for result in world.results]
    assert len(ended) == len(set(ended))
    assert dispatcher.in_flight == 0
    assert not budget.reserved_tokens + budget.reserved_cost
    if not dispatcher.stopped:
        assert sorted(ended) == list(range(len(world.rows)))
        used = [result.usage for result in world.results if result.usage]
        assert sum(each["prompt_tokens"] + each["completion_tokens"] for each in used) == budget.tokens
        assert sum((Decimal(each["cost"]) for each in used), Decimal()) == budget.cost
    else:
        assert dispatcher.capped or dispatcher.fatal is not None
    # The most attempts of a row: deferred as often as allowed, then split down to a group of one.
    most = DEFERRED_RETRY_FACTOR * drawn["retries"] + 1 + 3 * (drawn["retries"] + 2) + 40
    for result in world.results:
        assert 1 <= result.attempts <= most
        assert (result.response is None) == (result.error is not None)
        assert result.response is None or result.response == {"of": result.row.index}
        assert result.error is not None or result.row.index not in world.poison
