"""Computes metrics of an answer's token usage and timing, for people and for programs."""

from collections.abc import Sequence
from typing import NamedTuple

from nebius_cli.response.events_to_answer import Completion
from nebius_cli.terminal.sanitize import one_line

MIN_STREAMING_S = 0.01  # a faster answer arrived all at once, so its streaming speed is not measurable


class Timing(NamedTuple):
    """When the request was sent, the first token arrived and the answer ended: seconds on one clock."""

    sent: float
    first_token: float | None
    end: float


class Metric(NamedTuple):
    """One measured value: `name` and `value` for programs, `title` and `shown` for people."""

    name: str
    value: str
    title: str
    shown: str
    number: bool = True


def metrics(completion: Completion, timing: Timing, *, streamed: bool) -> list[Metric]:
    """Return every metric of an answer that is known."""
    usage = completion.usage
    found = []
    if usage is not None:
        counts = [("prompt", usage.prompt), ("completion", usage.completion), ("total", usage.total)]
        counts += [("cached", usage.cached), ("reasoning", usage.reasoning)]
        found += [Metric(f"{n}_tokens", str(v), n, f"{v:,}") for n, v in counts if v is not None]
    if timing.first_token is not None:
        name, title = ("first_token_seconds", "first token") if streamed else ("seconds", "time")
        until = (timing.first_token if streamed else timing.end) - timing.sent
        found.append(Metric(name, f"{until:.3f}", title, f"{until:.2f} s"))
        if usage is not None and usage.completion:
            rate = _rate(usage.completion, timing)
            found.append(Metric("tokens_per_second", f"{rate:.2f}", "tokens/s", f"{rate:,.1f}"))
    words = [("finish_reason", "finish", ", ".join(completion.reasons()))]
    words += [("service_tier", "tier", completion.member("service_tier"))]
    words += [("model", "model", completion.member("model"))]
    found += [
        Metric(n, one_line(str(v)), title, one_line(str(v)), number=False) for n, title, v in words if v
    ]
    return found


def _rate(tokens: int, timing: Timing) -> float:
    """Return tokens per second: of the tokens after the first, or else of the entire request."""
    streaming = timing.end - (timing.end if timing.first_token is None else timing.first_token)
    if streaming >= MIN_STREAMING_S and tokens > 1:
        return (tokens - 1) / streaming
    return tokens / max(timing.end - timing.sent, 0.001)


def as_pairs(found: Sequence[Metric]) -> str:
    """Return the metrics for a program: one per line, a name, a tab and a value."""
    return "".join(f"{metric.name}\t{metric.value}\n" for metric in found)
