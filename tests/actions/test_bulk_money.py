"""The costs of `nbx bulk`: estimates, actual costs, and caps that are never exceeded."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.factory import FAST, LIGHTNING
from tests.support.rows import RowServer, completion, records, refuse, texts, write_rows
from tests.support.run import Runner
from tests.support.server import Reply, hang_up

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")
PRICED = ("-m", FAST["id"])  # 0.03 and 0.09 USD per million


def figures(out: str) -> dict[str, str]:
    """Parse the figures that were written to a pipe."""
    return dict(line.split("\t", 1) for line in out.splitlines())


def usages() -> list[dict[str, Any]]:
    """Return the usage of the output records that have one."""
    return [record["usage"] for record in records(OUT) if record["usage"]]


def spent() -> int:
    """Return the number of tokens that all records took."""
    return sum(int(usage["prompt_tokens"] + usage["completion_tokens"]) for usage in usages())


def paid() -> Decimal:
    """Return the total cost of all records."""
    return sum((Decimal(usage["cost"]) for usage in usages()), Decimal())


def test_an_estimate_sends_no_row_and_uses_price_and_rate_limits(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [{"prompt": "x" * 400}] * 1199 + [{"prompt": [1, 2, 3]}])
    result = bulk("bulk", "in.jsonl", "--estimate", "--max-tokens", "100", *PRICED)
    assert result.code == 0
    assert row_server.bodies == []
    assert figures(result.out) == {
        "rows": "1200",
        "prompt_tokens_about": "119903",
        "prompt_tokens_at_most": "489203",
        "completion_tokens_at_most": "120000",
        "cost_usd_about": "0.01439709",
        "cost_usd_at_most": "0.02547609",
        "seconds_at_least": "60.0",  # 1200 requests a minute
    }
    row_server.requests.clear()
    again = bulk("bulk", "in.jsonl", "--estimate", "--max-tokens", "100", *PRICED, "--json", "--group", "4")
    assert again.json["seconds_at_least"] == pytest.approx(17.99, abs=0.01)  # 800,000 tokens a minute
    assert row_server.requests == []  # the list is cached


def test_an_estimate_leaves_out_answered_rows_and_changes_nothing(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 10)
    assert bulk(*RUN).code == 0
    before = OUT.read_bytes()
    write_rows(Path("in.jsonl"), 15)
    assert figures(bulk(*RUN, "--estimate").out)["rows"] == "5"
    assert figures(bulk(*RUN, "--estimate", "--restart").out)["rows"] == "15"
    assert OUT.read_bytes() == before
    assert (
        figures(bulk(*RUN, "--estimate", "--shard", "1/5", "--rpm", "10").out)["seconds_at_least"] == "30.0"
    )


def test_an_estimate_reports_what_is_unknown(bare: Runner, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.jsonl", ["x"])
    result = bare("bulk", str(path), "--estimate", "-m", "m", "--max-tokens", "1")
    assert result.code == 0
    assert "prices are unknown: no API key" in result.err
    assert figures(result.out)["cost_usd_about"] == ""
    drawn = bare("bulk", str(path), "--estimate", "-m", "m", "--price", "1/1", stdout_tty=True)
    assert [line.split()[-1] for line in drawn.out.splitlines() if line.startswith("cost")] == ["unknown"] * 2
    assert "the cost is unknown because some rows have no max_tokens; --max-tokens N" in drawn.err
    assert "max_tokens" not in result.err
    here = bare("bulk", str(path), "--estimate", "--local", stdout_tty=True)
    assert ("none: the model runs on this machine" in here.out, here.err) == (True, "")
    path.write_text('"x"\n[\n')
    assert bare("bulk", str(path), "--estimate", "-m", "m").code == 65
    skipped = bare("bulk", str(path), "--estimate", "-m", "m", "--on-bad-row", "skip")
    assert skipped.code == 0
    assert "bad rows left out: 1" in skipped.err


def test_a_record_has_the_cost_of_its_row(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 2)
    assert bulk("models").code == 0  # caches the list
    result = bulk(*RUN, *PRICED)
    assert {record["usage"]["cost"] for record in records(OUT)} == {"0.00000027"}
    assert "cost_usd\t0.00000054\n" in result.err
    assert "cost_usd\t\n" in bulk("bulk", "in.jsonl", "-o", "other.jsonl").err


def test_a_cost_cap_is_never_exceeded_and_a_higher_one_resumes_the_run(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 40)
    words = (*RUN, "--max-tokens", "2", "--price", "1000/1000", "--concurrency", "4")
    stopped = bulk(*words, "--max-cost", "0.1")
    assert stopped.code == 10
    assert "nbx: stopped before exceeding --max-cost\n  used: $0.0" in stopped.err
    assert "; the next request may cost $0.0" in stopped.err
    assert "raise --max-cost to continue" in stopped.err
    assert "nbx bulk in.jsonl" not in stopped.err, "the same command would stop at the same cap"
    assert stopped.err.count("stopped") == 1
    first = paid()
    # A row takes 5 tokens and may take 19 at most.
    assert Decimal("0.1") - Decimal("0.019") * 2 < first <= Decimal("0.1")
    assert bulk(*words, "--max-cost", "0.1").code == 10
    assert paid() == first
    assert bulk(*words, "--max-cost", "5").code == 0
    assert paid() == Decimal("0.2")
    assert set(row_server.asked.values()) == {1}


def test_a_cap_on_tokens_counts_earlier_runs(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 40)
    words = (*RUN, "--max-tokens", "2", "--max-total-tokens", "110")
    assert bulk(*words).code == 10
    taken = spent()
    assert 110 - 19 < taken <= 110
    assert bulk(*words).code == 10
    assert spent() == taken
    assert bulk(*words[:-1], "1000").code == 0
    assert len(texts(OUT)) == 40
    assert set(row_server.asked.values()) == {1}


def test_an_attempt_that_may_have_been_billed_counts_at_its_maximum(
    bulk: Runner, row_server: RowServer
) -> None:
    whole = completion(["prompt 0"])
    cut: list[Reply] = [[whole[:-9], hang_up] for _ in range(3)]
    row_server.answer = lambda _: cut.pop() if cut else None
    write_rows(Path("in.jsonl"), 1)
    assert bulk(*RUN, "--max-tokens", "2", "--max-total-tokens", "1000").code == 0
    (record,) = records(OUT)
    assert (record["attempts"], spent()) == (4, 3 * (len("prompt 0") + 8 + 2) + 5)


def test_an_answer_with_an_error_status_costs_nothing(bulk: Runner, row_server: RowServer) -> None:
    refused = [refuse(500, "broke")]
    row_server.answer = lambda _: refused.pop() if refused else None
    write_rows(Path("in.jsonl"), 1)
    assert bulk(*RUN, "--price", "1/1").code == 0
    assert (records(OUT)[0]["attempts"], spent()) == (2, 5)


@pytest.mark.parametrize("cap", [("--max-cost", "1", "--price", "1/1"), ("--max-total-tokens", "100")])
@pytest.mark.parametrize("skip", [(), ("--on-bad-row", "skip")])
def test_a_cap_needs_max_tokens_in_every_row(
    cap: tuple[str, ...], skip: tuple[str, ...], bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), [{"prompt": "x", "max_tokens": 3}, {"id": "open", "prompt": "y"}])
    result = bulk(*RUN, *cap, *skip)
    assert result.code == 2
    assert "row 'open' has no max_tokens" in result.err
    assert "--max-tokens N" in result.err
    assert "y" not in row_server.asked


def test_the_price_that_a_cost_cap_needs_is_fetched(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 2)
    words = (*RUN, "--max-tokens", "2", "--max-cost", "1")
    unknown = bulk(*words, "-m", "my/own")
    assert unknown.code == 2
    assert "the price of my/own is unknown" in unknown.err
    assert "--price IN/OUT" in unknown.err
    assert row_server.bodies == []
    assert bulk(*words, *PRICED).code == 0
    assert {record["usage"]["cost"] for record in records(OUT)} == {"0.00000027"}


def test_a_row_with_its_own_model_has_the_price_of_that_model(bulk: Runner, row_server: RowServer) -> None:
    rows: list[Any] = ["a", {"prompt": "b", "model": LIGHTNING["id"]}]
    write_rows(Path("in.jsonl"), rows)
    words = (*RUN, "--max-tokens", "2", "--max-cost", "1", *PRICED)
    assert bulk(*words).code == 0
    costs = {record["prompt"]: record["usage"]["cost"] for record in records(OUT)}
    assert costs == {"a": "0.00000027", "b": "0.00000066"}
    write_rows(Path("in.jsonl"), [*rows, {"prompt": "c", "model": "my/own"}])
    unknown = bulk(*words)
    assert unknown.code == 2
    assert "the price of my/own is unknown" in unknown.err
    assert "c" not in row_server.asked


def test_a_shard_gets_its_share_of_a_cap(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 40)
    assert bulk(*RUN, "--max-tokens", "2", "--max-total-tokens", "220", "--shard", "1/2").code == 10
    assert 110 - 19 < spent() <= 110


def test_the_summary_file_says_why_the_run_stopped(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 40)
    words = (*RUN, "--max-tokens", "2", "--max-total-tokens", "50", "--summary", "run.json")
    assert bulk(*words).code == 10
    reported = json.loads(Path("run.json").read_bytes())
    assert reported["stopped"] == "stopped before exceeding --max-total-tokens"
    assert reported["answered"] == len(texts(OUT)) < reported["rows"] == 40
