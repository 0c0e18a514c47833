"""Token usage and timing: which metrics there are, and how they are laid out."""

from typing import Any

import pytest

from nebius_cli.render.usage_display import draw
from nebius_cli.render.usage_metrics import Metric, Timing, as_pairs, metrics
from nebius_cli.response.answer_events import Finished, Frame, TextDelta, Usage
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.terminal.rich_console import stderr_console
from tests.support.screen import FakeTerminal, streams_on

TIMING = Timing(1.0, 1.41, 6.29)
FULL = Usage(1812, 256, 2068, 1024, 0)


def completion(
    usage: Usage | None = FULL,
    reasons: tuple[str, ...] = ("length",),
    model: Any = "meta-llama/Llama-3.3-70B-Instruct",
    tier: Any = "default",
) -> Completion:
    """Return a complete answer."""
    answer = Completion(len(reasons))
    answer.add(Frame({"model": model, "service_tier": tier}))
    for index, reason in enumerate(reasons):
        answer.add(TextDelta(index, "text"))
        answer.add(Finished(index, reason))
    if usage:
        answer.add(usage)
    return answer


def table(answer: Completion, width: int = 80, *, streamed: bool = True) -> list[str]:
    """Return the rows of the table without colour."""
    text = drawn(metrics(answer, TIMING, streamed=streamed), width, color=False)
    return [row.rstrip() for row in text.splitlines()]


def drawn(found: list[Metric], width: int = 80, *, color: bool) -> str:
    """Return what is written to a terminal of this width."""
    glass = FakeTerminal()
    draw(found, stderr_console(streams_on(err=glass, environ={"COLUMNS": str(width)}), color=color))
    return glass.text


def test_numbers_are_right_aligned_under_their_names_and_the_model_is_above() -> None:
    assert table(completion()) == [
        "── meta-llama/Llama-3.3-70B-Instruct · tier default ───────────────────────",
        "prompt  completion  total  cached  reasoning  first token  tokens/s  finish",
        " 1,812         256  2,068   1,024          0       0.41 s      52.3  length",
    ]


def test_an_unknown_metric_has_no_column() -> None:
    assert table(completion(Usage(5, 8, None), model=None, tier=None)) == [
        "─────────────────────────────────────────────────",
        "prompt  completion  first token  tokens/s  finish",
        "     5           8       0.41 s       1.4  length",
    ]


def test_without_metrics_there_is_no_table() -> None:
    assert drawn(metrics(Completion(1), Timing(0, None, 1), streamed=True), color=True) == ""


def test_an_answer_without_usage_shows_its_time_and_finish_reason() -> None:
    assert table(completion(None, model="m", tier=None)) == [
        "── m ──────────────",
        "first token  finish",
        "     0.41 s  length",
    ]


def test_finish_reasons_that_do_not_fit_as_a_column_move_to_the_heading() -> None:
    assert table(completion(reasons=("stop", "length"), model="m")) == [
        "── m · tier default · finish stop, length ─────────────────────────",
        "prompt  completion  total  cached  reasoning  first token  tokens/s",
        " 1,812         256  2,068   1,024          0       0.41 s      52.3",
    ]


def test_a_narrow_terminal_gets_one_metric_per_line() -> None:
    assert table(completion(), 40) == [
        "─────────────────────",
        "prompt        1,812",
        "completion      256",
        "total         2,068",
        "cached        1,024",
        "reasoning         0",
        "first token  0.41 s",
        "tokens/s       52.3",
        "finish       length",
        "tier         default",
        "model        meta-llama/Llama-3.3-70B-I",
        "             nstruct",
    ]


@pytest.mark.parametrize("width", [1, 12, 20, 40, 79, 80, 100, 300])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    rows = table(completion(model="m" * 90), width)
    assert max(map(len, rows)) <= max(width - 1, 1)


def test_everything_except_the_values_is_dim() -> None:
    text = drawn(metrics(completion(), Timing(0, 1, 2), streamed=True), color=True)
    assert text.startswith("\x1b[2m── meta")
    assert text.splitlines()[1].startswith("\x1b[2mprompt")
    assert "\x1b" not in text.splitlines()[2]


def test_a_pipe_receives_names_and_plain_numbers() -> None:
    pairs = as_pairs(metrics(completion(), TIMING, streamed=True))
    assert pairs.splitlines() == [
        "prompt_tokens\t1812",
        "completion_tokens\t256",
        "total_tokens\t2068",
        "cached_tokens\t1024",
        "reasoning_tokens\t0",
        "first_token_seconds\t0.410",
        "tokens_per_second\t52.25",
        "finish_reason\tlength",
        "service_tier\tdefault",
        "model\tmeta-llama/Llama-3.3-70B-Instruct",
    ]


def test_an_answer_in_one_piece_has_a_total_time_instead_of_a_first_token_time() -> None:
    found = {f.name: f.shown for f in metrics(completion(), Timing(1.0, 5.12, 5.12), streamed=False)}
    assert found["seconds"] == "4.12 s"
    assert found["tokens_per_second"] == "62.1"
    assert "first_token_seconds" not in found


def test_the_speed_counts_the_tokens_after_the_first() -> None:
    found = {f.name: f.value for f in metrics(completion(), Timing(0, 10, 15), streamed=True)}
    assert found["tokens_per_second"] == f"{255 / 5:.2f}"


@pytest.mark.parametrize("count", [1, 256])
def test_the_speed_of_tokens_in_one_piece_counts_the_whole_request_time(count: int) -> None:
    found = metrics(completion(Usage(5, count, 5 + count)), Timing(0, 2.0, 2.0001), streamed=True)
    assert {f.name: f.shown for f in found}["tokens_per_second"] == f"{count / 2.0001:.1f}"


def test_without_tokens_there_is_no_speed() -> None:
    found = metrics(completion(Usage(5, 0, 5)), Timing(0, 1, 2), streamed=True)
    assert "tokens_per_second" not in [f.name for f in found]


def test_text_from_the_server_cannot_break_the_table_or_control_the_terminal() -> None:
    rows = table(completion(model="a\nb\x1b[31m\t", tier={"odd": 1}), 120)
    assert rows[0].startswith("── a b␛[31m · tier {'odd': 1} ──")
    assert len(rows) == 3
