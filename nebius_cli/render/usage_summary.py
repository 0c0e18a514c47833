"""What an answer took: a table on a terminal, a pair a line anywhere else.

Drawn by hand: loading rich takes longer than there should be between the last word and the shell's prompt.
"""

from collections.abc import Sequence
from typing import NamedTuple

from nebius_cli.response.completion import Completion
from nebius_cli.terminal.sanitize import one_line

_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_GAP = "  "
SHORTEST_RATE = 0.01  # seconds of writing; what came faster came in one piece, and has no speed of its own


class Timing(NamedTuple):
    """When the request went out, the first token came, and all was over: seconds on one clock."""

    sent: float
    first_token: float | None
    end: float


class Metric(NamedTuple):
    """One thing to tell: `name` and `value` for programs, `title` and `shown` for people."""

    name: str
    value: str
    title: str
    shown: str
    number: bool = True


def facts(completion: Completion, timing: Timing, *, streamed: bool) -> list[Metric]:
    """Return everything that is known about what an answer took."""
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
    """Return tokens a second: after the first one where there are more, else from the request on."""
    writing = timing.end - (timing.end if timing.first_token is None else timing.first_token)
    if writing >= SHORTEST_RATE and tokens > 1:
        return (tokens - 1) / writing
    return tokens / max(timing.end - timing.sent, 0.001)


def as_pairs(found: Sequence[Metric]) -> str:
    """Return the facts for a program: a name, a tab, a value, a line each."""
    return "".join(f"{fact.name}\t{fact.value}\n" for fact in found)


def as_table(found: Sequence[Metric], width: int, *, color: bool) -> str:
    """Return the facts for a person on a terminal so wide: side by side where they fit, else one a line."""
    if not found:
        return ""
    dim, reset = (_DIM, _RESET) if color else ("", "")
    for above in (("model", "tier"), ("model", "tier", "finish")):
        columns = [fact for fact in found if fact.title not in above]
        title = " · ".join(
            fact.shown if fact.title == "model" else f"{fact.title} {fact.shown}"
            for name in above
            for fact in found
            if fact.title == name
        )
        sizes = [max(len(fact.title), len(fact.shown)) for fact in columns]
        across = max(sum(sizes) + len(_GAP) * (len(sizes) - 1), len(title) + 6)
        if across < width:
            rule = (f"── {title} " if title else "").ljust(across, "─")
            heads = _row(columns, [fact.title for fact in columns], sizes)
            values = _row(columns, [fact.shown for fact in columns], sizes)
            return f"{dim}{rule}\n{heads}{reset}\n{values}\n"
    return _one_a_line(found, width, dim, reset)


def _row(columns: Sequence[Metric], texts: Sequence[str], sizes: Sequence[int]) -> str:
    cells = [
        text.rjust(size) if fact.number else text.ljust(size)
        for fact, text, size in zip(columns, texts, sizes, strict=True)
    ]
    return _GAP.join(cells).rstrip()


def _one_a_line(found: Sequence[Metric], width: int, dim: str, reset: str) -> str:
    titles = max(len(fact.title) for fact in found)
    numbers = max((len(fact.shown) for fact in found if fact.number), default=0)
    room = max(8, width - titles - len(_GAP) - 1)
    lines = []
    for fact in found:
        text = fact.shown.rjust(numbers) if fact.number else fact.shown
        parts = [text[start : start + room] for start in range(0, len(text), room)]
        lines.append(f"{dim}{fact.title.ljust(titles)}{reset}{_GAP}{parts[0]}")
        lines += [" " * titles + _GAP + part for part in parts[1:]]
    rule = "─" * min(width - 1, titles + len(_GAP) + max(numbers, 8))
    return "\n".join([f"{dim}{rule}{reset}", *lines, ""])
