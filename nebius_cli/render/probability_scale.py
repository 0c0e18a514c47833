"""The colour scale of probabilities, the marks where there is no colour, and numbers for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from nebius_cli.response.logprobs import TokenLogprob, perplexity, probability, surprise

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
DIM = "\x1b[2m"
UNMARKED = 0.5  # what is at least so probable has no mark


@dataclass(frozen=True, slots=True)
class Step:
    """From this probability up: numbers of the terminal's 256 colours, and the name in the legend."""

    least: float
    background: int
    foreground: int
    name: str


# Dark blue to yellow, each step lighter than the one before, so that any kind of colour vision, and a grey
# print, keeps the order. Text has a contrast of 5 to 1 or more. docs/logprobs.md has the figures.
STEPS = (
    Step(0.90, 17, 231, "≥90"),
    Step(0.70, 24, 231, "≥70"),
    Step(0.50, 67, 16, "≥50"),
    Step(0.30, 108, 16, "≥30"),
    Step(0.10, 114, 16, "≥10"),
    Step(0.01, 221, 16, "≥1"),
    Step(0.0, 226, 16, "<1"),
)


def step_of(logprob: float | None) -> Step | None:
    """Return the step of a log probability, None where it is not known."""
    likely = probability(logprob)
    return None if likely is None else next(step for step in STEPS if likely >= step.least)


def painted(text: str, step: Step) -> str:
    """Return `text` in the colours of a step."""
    return f"\x1b[38;5;{step.foreground};48;5;{step.background}m{text}{RESET}"


def mark(logprob: float | None) -> str:
    """Return what stands behind a token where there is no colour: `{12}` for 12 %, nothing from 50 % up."""
    likely = probability(logprob)
    if likely is None:
        return "{?}"
    if likely >= UNMARKED:
        return ""
    return f"{{{likely * 100:.0f}}}" if likely >= 0.005 else "{<1}"


def legend(*, color: bool, columns: int) -> str:
    """Return the line that explains the colours, or the marks."""
    if not color:
        return "{12} = 12 %, unmarked = 50 % or more"
    boxes = " ".join(painted(f" {step.name} ", step) for step in STEPS)
    return f"probability in %: {boxes}" if columns >= 72 else f"% {boxes}" if columns >= 46 else boxes


def summary(tokens: Iterable[TokenLogprob]) -> str:
    """Return one line about a whole choice, empty where nothing is known of it."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    confused, total = perplexity(known), surprise(sum(known))
    if confused is None or total is None:
        return ""
    count = f"{len(known)} token{'s' if len(known) > 1 else ''}"
    return f"{count} at {total / len(known):.2f} bits, perplexity {confused:.3g}"


def percent(likely: float) -> str:
    """Return a probability as a person reads it: three digits at most, and never 0 or 100 for nearly that."""
    if 0 < likely < 0.001:
        return "<0.1%"
    if 0 < likely < 0.1:
        return f"{likely * 100:.1f}%"
    return ">99%" if 0.995 <= likely < 1 else f"{likely * 100:.0f}%"


def shown(text: str, raw: bytes | None) -> str:
    r"""Return a token so that its spaces and newlines can be seen: quoted, `\n` for a newline.

    Bytes that are only part of a character are shown as `\xe2\x80`.
    """
    return f'"{escaped(text, raw).replace(chr(34), chr(92) + chr(34))}"'


def escaped(text: str, raw: bytes | None) -> str:
    r"""Return a token on one line, from which it can be had back: `\\`, `\t`, `\n`, `\r` for those.

    A byte that is no character by itself stands as `\xe2`.
    """
    for plain, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escape)
        raw = raw and raw.replace(plain.encode(), escape.encode())
    return text if raw is None else raw.decode("utf-8", "backslashreplace")
