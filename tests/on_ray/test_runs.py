"""`nbx bulk --ray` on a real Ray cluster has the answers, exit codes and limits of `nbx bulk`."""

import json
import signal
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nebius_cli.cluster.job_for_actors import BLOCK_ROWS
from tests.on_ray.conftest import OnRay, TwoNodes
from tests.support.rows import RowServer, refuse
from tests.support.run import Runner

pytestmark = pytest.mark.ray
CHANGES = ("attempts", "latency_s")  # columns that differ between runs
UNTIL_S = 120
ACTORS = 4  # two on each of the two nodes


def write(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def prompts(count: int) -> list[dict[str, Any]]:
    return [{"id": f"r{number}", "prompt": f"say {number}"} for number in range(count)]


def table(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file or folder, sorted, without columns that differ between runs."""
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    kept = [{name: value for name, value in row.items() if name not in CHANGES} for row in rows]
    return sorted(kept, key=lambda row: (row["id"], row["choice"] or 0))


def asked(server: RowServer) -> int:
    return sum(server.asked.values())


def number(text: str, words: str) -> int:
    """Return the number after these words in a message, 0 if the message is missing."""
    return int(text.partition(words)[2].split()[0].strip(";").replace(",", "")) if words in text else 0


def wait_for(server: RowServer, count: int) -> None:
    end = time.monotonic() + UNTIL_S
    while asked(server) < count:
        assert time.monotonic() < end, "the run does not send"
        time.sleep(0.05)


def test_a_run_on_ray_gives_the_same_answers_as_a_local_run(
    bulk: Runner, started_here: OnRay, row_server: RowServer, tmp_path: Path
) -> None:
    row_server.answer = lambda prompt: refuse(400, "no") if prompt == "bad" else None
    rows: list[Any] = [*prompts(20), {"id": "two", "prompt": "x", "n": 2}, {"id": "no", "prompt": "bad"}]
    write(tmp_path / "in.jsonl", [*rows, "plain", {"prompt": [1, 2, 3]}])
    flags = ("in.jsonl", "--max-tokens", "8", "--price", "1/2")
    here = bulk("bulk", *flags, "-o", "here.jsonl")
    sent = len(row_server.bodies)
    there = started_here(*flags, "-o", "there")
    assert (here.code, there.code) == (9, 9), there.err
    assert bulk("bulk", "export", "here.jsonl", "--format", "parquet", "-o", "here.parquet").code == 9
    assert table(tmp_path / "there") == table(tmp_path / "here.parquet")
    assert len(row_server.bodies) == 2 * sent
    message = "nbx: 1 row failed\n  the server answered 400: no (1)\n"
    assert message in here.err
    assert message in there.err
    row_server.answer = lambda _: None
    again = started_here(*flags, "-o", "there")
    assert (again.code, len(row_server.bodies)) == (0, 2 * sent + 1), again.err
    assert "already answered\t23" in again.err
    rows = table(tmp_path / "there")
    assert [row["error"] for row in rows] == [None] * len(rows)
    assert len({row["id"] for row in rows}) == 24


def test_a_folder_of_input_files_becomes_a_folder_of_output_files(
    on_ray: OnRay, row_server: RowServer, tmp_path: Path
) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write(tmp_path / "in" / "a.jsonl", [{"word": "one"}, {"id": "own", "word": "two"}, {"other": 7}])
    pq.write_table(pa.table({"word": ["three", "four"]}), tmp_path / "in" / "deep" / "b.parquet")
    (tmp_path / "in" / "notes.md").write_text("notes")
    flags = ("--template", "{word}!", "--output-format", "jsonl")
    failed = on_ray("in", "-o", "out", *flags)
    assert (failed.code, "a.jsonl, line 3: the template's {word} is missing" in failed.err) == (65, True)
    done = on_ray("in", "-o", "out", *flags, "--on-bad-row", "skip")
    assert (done.code, "left out 1 file of unknown format" in done.err) == (9, True), done.err
    lines = [line for path in (tmp_path / "out").glob("*.jsonl") for line in path.read_text().splitlines()]
    records = {record["id"]: record for record in map(json.loads, lines)}
    assert len(records) == len(lines) == 5
    assert records[2]["error"]["line"] == 3
    texts = {name: one["response"]["choices"][0]["text"] for name, one in records.items() if name != 2}
    names = ["a.jsonl:0", "deep/b.parquet:0", "deep/b.parquet:1", "own"]
    assert [texts[name] for name in names] == [" ONE!", " THREE!", " FOUR!", " TWO!"]


def test_an_id_used_in_two_files_ends_the_run(on_ray: OnRay, row_server: RowServer, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(
            tmp_path / folder / "a.jsonl",
            [{"prompt": f"{folder} without an id"}, {"id": "x", "prompt": "same"}],
        )
    done = on_ray("one", "two", "-o", "out", "--on-bad-row", "skip")
    assert (done.code, "id 'x' is used twice" in done.err) == (65, True), done.err
    write(tmp_path / "two" / "a.jsonl", [{"prompt": "two without an id"}])
    assert on_ray("one", "two", "-o", "out").code == 0
    paths = [str(tmp_path / folder / "a.jsonl:0") for folder in ("one", "two")]
    assert [row["id"] for row in table(tmp_path / "out")] == [*paths, "x"]


def test_a_run_from_outside_the_cluster_gives_the_same_answers_and_exit_codes(
    from_outside: OnRay, row_server: RowServer, slowly: Any, tmp_path: Path
) -> None:
    slowly(0.1)
    write(tmp_path / "in.jsonl", prompts(600))
    process = from_outside.start("in.jsonl", "-o", "out")
    wait_for(row_server, 50)
    process.send_signal(signal.SIGTERM)
    done = from_outside.end(process)
    assert (done.code, "to resume: nbx bulk in.jsonl" in done.err) == (143, True), done.err
    assert len(table(tmp_path / "out")) == asked(row_server) < 600
    done = from_outside("in.jsonl", "-o", "out")
    assert (done.code, len(table(tmp_path / "out")), asked(row_server)) == (0, 600, 600), done.err


def test_a_rejected_key_ends_the_run(on_ray: OnRay, row_server: RowServer, tmp_path: Path) -> None:
    row_server.answer = lambda _: refuse(401, "wrong key")
    write(tmp_path / "in.jsonl", prompts(500))
    done = on_ray("in.jsonl", "-o", "out")
    assert (done.code, "the server answered 401" in done.err) == (4, True)
    assert asked(row_server) < 100
    assert not list((tmp_path / "out").glob("*.parquet"))
    row_server.answer = lambda _: None
    assert on_ray("in.jsonl", "-o", "out").code == 0
    assert len(table(tmp_path / "out")) == 500


def test_max_cost_is_never_exceeded_and_a_higher_one_resumes_the_run(
    on_ray: OnRay, row_server: RowServer, tmp_path: Path
) -> None:
    write(tmp_path / "in.jsonl", prompts(300))
    flags = ("in.jsonl", "-o", "out", "--max-tokens", "8", "--price", "1/1", "--max-cost")
    done = on_ray(*flags, "0.001")
    assert (done.code, "stopped before exceeding --max-cost" in done.err) == (10, True), done.err
    assert "; the next request may cost $" in done.err
    spent = sum(row["cost"] for row in table(tmp_path / "out"))
    assert Decimal("0.0009") < spent <= Decimal("0.001")
    assert asked(row_server) == len(table(tmp_path / "out")) < 300
    assert on_ray(*flags, "0.0011").code == 10
    assert sum(row["cost"] for row in table(tmp_path / "out")) <= Decimal("0.0011")
    assert on_ray(*flags, "1").code == 0
    assert (len(table(tmp_path / "out")), asked(row_server)) == (300, 300)


def test_two_runs_at_once_stay_within_a_budget(
    bulk: Runner, on_ray: OnRay, row_server: RowServer, slowly: Any, tmp_path: Path
) -> None:
    slowly(0.2)
    write(tmp_path / "in.jsonl", prompts(300))
    bulk("config", "set", "budget.daily", "0.001")
    flags = ("in.jsonl", "--max-tokens", "8", "--price", "1/1")
    runs = [on_ray.start(*flags, "-o", name) for name in ("a", "b")]
    ends = [on_ray.end(process) for process in runs]
    assert [done.code for done in ends] == [10, 10], ends[0].err
    assert "stopped before exceeding a budget" in ends[0].err
    spent = sum(row["cost"] for name in ("a", "b") for row in table(tmp_path / name))
    assert Decimal("0.0007") < spent <= Decimal("0.001")


def test_the_rpm_limit_holds_across_two_nodes(on_ray: OnRay, row_server: RowServer, tmp_path: Path) -> None:
    times: list[float] = []
    row_server.answer = lambda _: times.append(time.monotonic())
    write(tmp_path / "in.jsonl", prompts(150))
    done = on_ray("in.jsonl", "-o", "out", "--rpm", "600")
    assert done.code == 0, done.err
    most = max(sum(start <= at < start + 10 for at in times) for start in times)
    assert (len(times), most <= 105) == (150, True), most  # 100 are allowed in ten seconds


def test_ctrl_c_keeps_all_paid_answers(
    on_ray: OnRay, row_server: RowServer, slowly: Any, tmp_path: Path
) -> None:
    slowly(0.2)
    write(tmp_path / "in.jsonl", prompts(600))
    process = on_ray.start("in.jsonl", "-o", "out")
    wait_for(row_server, 100)
    process.send_signal(signal.SIGINT)
    done = on_ray.end(process)
    assert done.code == 130, done.err
    assert "to resume: nbx bulk in.jsonl" in done.err
    assert len(table(tmp_path / "out")) == asked(row_server) < 600
    done = on_ray("in.jsonl", "-o", "out")
    assert done.code == 0, done.err
    assert (len(table(tmp_path / "out")), asked(row_server)) == (600, 600)


def test_no_row_is_lost_or_duplicated_after_a_killed_run_and_a_lost_node(
    on_ray: OnRay, two_nodes: TwoNodes, row_server: RowServer, slowly: Any, tmp_path: Path
) -> None:
    slowly(0.1)
    write(tmp_path / "in.jsonl", prompts(2000))
    process = on_ray.start("in.jsonl", "-o", "out")
    wait_for(row_server, 700)
    process.kill()
    process.communicate()
    process = on_ray.start("in.jsonl", "-o", "out")
    wait_for(row_server, asked(row_server) + 500)
    two_nodes.tell("kill")
    done = on_ray.end(process)
    two_nodes.tell("add")
    assert done.code == 0, done.err
    assert [row["id"] for row in table(tmp_path / "out")] == sorted(row["id"] for row in prompts(2000))
    killed, every = (number(done.err, words) for words in ("nbx: up to ", "rows sent again: at most "))
    again = asked(row_server) - 2000
    assert 0 < again <= every, (again, done.err)
    assert killed <= ACTORS * BLOCK_ROWS, done.err
    assert every - killed <= ACTORS * BLOCK_ROWS, done.err
