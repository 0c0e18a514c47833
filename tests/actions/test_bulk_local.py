"""`nbx bulk --local`: a file of prompts on the embedded model, from end to end."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.rows import complete_records, records, write_rows
from tests.support.run import Runner
from tests.support.terminal import Terminal
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

ROWS = int(os.environ.get("NBX_TEST_ROWS", "60"))  # 2,000 for the full acceptance test
OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "--local", "-o", "out.jsonl", "--max-tokens", "2", "--temperature", "0")


@pytest.fixture
def local(bare: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """nbx on a machine that has the weights, with neither a key nor a model configured."""
    monkeypatch.chdir(tmp_path)
    return Runner({**bare.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})


def test_every_row_is_answered_by_the_embedded_model_and_a_second_run_has_nothing_to_do(
    local: Runner,
) -> None:
    write_rows(Path("in.jsonl"), [f"{number}, {number + 1}," for number in range(ROWS)])
    result = local(*RUN, "--ordered")
    assert result.code == 0, result.err
    found = records(OUT)
    assert [record["id"] for record in found] == list(range(ROWS))
    assert {record["usage"]["cost"] for record in found} == {"0"}
    for record in found:
        (choice,) = record["response"]["choices"]
        assert (bool(choice["text"]), choice["finish_reason"]) == (True, "length")
    assert found[1]["response"]["choices"][0]["text"].strip() == "3"
    again = local(*RUN, "--ordered", "--summary", "run.json")
    assert again.code == 0
    reported = json.loads(Path("run.json").read_bytes())
    assert (reported["left_out"], reported["requests"]) == (ROWS, 0)
    assert (reported["cost_usd"], reported["spent_usd"]) == ("0", "0")


def test_groups_choices_and_caps_work_on_the_embedded_model(local: Runner) -> None:
    write_rows(Path("in.jsonl"), ["1, 2,", "A, B,", "a b c"])
    result = local(*RUN, "-n", "2", "--group", "3", "--max-cost", "0.01")
    assert (result.code, "cost_usd\t0\n" in result.err) == (0, True)
    assert {record["usage"] for record in records(OUT)} == {None}  # the engine counts one choice of six
    assert {len(record["response"]["choices"]) for record in records(OUT)} == {2}
    assert local("bulk", "in.jsonl", "--local", "--estimate", "--json", "--max-tokens", "5").json == {
        "rows": 3,
        "prompt_tokens_about": 6,
        "prompt_tokens_at_most": 39,
        "completion_tokens_at_most": 15,
        "cost_usd_about": "0",
        "cost_usd_at_most": "0",
        "seconds_at_least": None,
    }


def test_the_progress_display_counts_the_tokens_of_incomplete_answers(local: Runner) -> None:
    write_rows(Path("in.jsonl"), ["Once upon a time"])
    words = [*RUN, "--max-tokens", "4000", "--param", "ignore_eos=true"]
    with Terminal(words, local.process_env({"TERM": "xterm-256color"})) as screen:
        screen.wait_for("0 of 1 rows", "1 in flight (", "tokens so far)", "elapsed")
        screen.type("\x03")
        screen.wait_for("press Ctrl-C again to stop now")
        screen.type("\x03")
        assert screen.end() == 130


def test_a_run_stops_at_once_if_the_engine_dies_and_can_be_resumed(local: Runner) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    process = local.start(*RUN, "-q")
    while len(complete_records(OUT)) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    killed_at = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - killed_at < 20
    assert process.returncode == 7, err
    assert b"the local engine stopped unexpectedly" in err
    assert b"to resume: nbx bulk in.jsonl" in err
    assert local(*RUN).code == 0
    assert len({record["id"] for record in records(OUT) if record["error"] is None}) == ROWS
