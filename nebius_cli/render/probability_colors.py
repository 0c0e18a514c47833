"""Defines the colour scale of probabilities, and the marks to use without colour."""

from collections.abc import Iterable
from dataclasses import dataclass

from nebius_cli.core.short_text import counted
from nebius_cli.response.token_logprobs import TokenLogprob, perplexity, probability, surprise

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
DIM = "\x1b[2m"
MIN_UNMARKED = 0.5  # tokens at least this probable have no mark


@dataclass(frozen=True, slots=True)
class ColorStep:
    """The colours, of the terminal's 256, from probability `least` up, and their name in the legend."""

    least: float
    background: int
    foreground: int
    name: str


# Dark blue to yellow, each step lighter than the one before: the order stays visible in grey print and to
# colour-blind readers. Text has a contrast of at least 5 to 1. docs/logprobs.md has the figures.
STEPS = (
    ColorStep(0.90, 17, 231, "≥90"),
    ColorStep(0.70, 24, 231, "≥70"),
    ColorStep(0.50, 67, 16, "≥50"),
    ColorStep(0.30, 108, 16, "≥30"),
    ColorStep(0.10, 114, 16, "≥10"),
    ColorStep(0.01, 221, 16, "≥1"),
    ColorStep(0.0, 226, 16, "<1"),
)


def step_of(logprob: float | None) -> ColorStep | None:
    """Return the step of a log probability, None if it is not known."""
    likely = probability(logprob)
    return None if likely is None else next(step for step in STEPS if likely >= step.least)


def painted(text: str, step: ColorStep) -> str:
    """Return `text` in the colours of a step."""
    return f"\x1b[38;5;{step.foreground};48;5;{step.background}m{text}{RESET}"


def mark(logprob: float | None) -> str:
    """Return the mark after a token if there is no colour: `{12}` for 12 %, nothing from 50 % up."""
    likely = probability(logprob)
    if likely is None:
        return "{?}"
    if likely >= MIN_UNMARKED:
        return ""
    return f"{{{likely * 100:.0f}}}" if likely >= 0.005 else "{<1}"


def legend(*, color: bool, columns: int) -> str:
    """Return the line that explains the colours, or the marks."""
    if not color:
        return "{12} = 12 %, unmarked = 50 % or more"
    boxes = " ".join(painted(f" {step.name} ", step) for step in STEPS)
    return f"probability in %: {boxes}" if columns >= 72 else f"% {boxes}" if columns >= 46 else boxes


def summary(tokens: Iterable[TokenLogprob]) -> str:
    """Return one line about a choice, empty if no log probability is known."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    branching, total = perplexity(known), surprise(sum(known))
    if branching is None or total is None:
        return ""
    return f"{counted(len(known), 'token')} at {total / len(known):.2f} bits, perplexity {branching:.3g}"
