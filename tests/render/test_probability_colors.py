"""The colour scale has contrast and order for every kind of colour vision; figures are easy to read."""

import math
from itertools import pairwise

import pytest
from rich.color import Color

from nebius_cli.render.format_token import escaped, percent, shown
from nebius_cli.render.probability_colors import STEPS, ColorStep, legend, mark, step_of, summary
from nebius_cli.response.token_logprobs import TokenLogprob

Rgb = tuple[float, float, float]

# Linear RGB as it is seen by people without one kind of cone: Machado, Oliveira, Fernandes 2009, severity 1.
VISION = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(number: int, vision: str) -> Rgb:
    """Return the linear RGB as which one of the 256 terminal colours is seen."""
    triplet = Color.parse(f"color({number})").get_truecolor()
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in triplet.normalized]
    r, g, b = (
        min(1.0, max(0.0, sum(weight * c for weight, c in zip(row, linear, strict=True))))
        for row in VISION[vision]
    )
    return r, g, b


def luminance(color: Rgb) -> float:
    """WCAG 2.2, relative luminance."""
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), color, strict=True))


def lab(color: Rgb) -> Rgb:
    """CIE 1976 L*a*b*, D65."""
    r, g, b = color
    x, z = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t * (29 / 6) ** 2 / 3 + 4 / 29
        for t in (x, luminance(color), z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_text_has_contrast_on_every_step(step: ColorStep, vision: str) -> None:
    light, dark = sorted(
        (luminance(seen(number, vision)) for number in (step.background, step.foreground)), reverse=True
    )
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("vision", VISION)
def test_each_step_is_lighter_than_the_one_before_and_differs_from_it(vision: str) -> None:
    for one, other in pairwise(lab(seen(step.background, vision)) for step in STEPS):
        assert other[0] > one[0] + 3
        assert math.dist(one, other) > 14


def test_each_probability_has_a_step() -> None:
    wanted = {
        1.0: "≥90",
        0.9: "≥90",
        0.89: "≥70",
        0.5: "≥50",
        0.499: "≥30",
        0.1: "≥10",
        0.01: "≥1",
        0.009: "<1",
    }
    for likely, name in wanted.items():
        step = step_of(math.log(likely) + 1e-12)
        assert step is not None
        assert step.name == name
    assert step_of(-math.inf) == STEPS[-1]
    assert step_of(None) is None


def test_only_probabilities_below_one_half_have_a_mark() -> None:
    marks = [mark(math.log(likely)) for likely in (1, 0.5, 0.499, 0.12, 0.006, 0.004)]
    assert marks == ["", "", "{50}", "{12}", "{1}", "{<1}"]
    assert (mark(-math.inf), mark(None)) == ("{<1}", "{?}")


@pytest.mark.parametrize("columns", [40, 46, 71, 72, 200])
def test_the_legend_fits_and_names_every_step(columns: int) -> None:
    line = legend(color=True, columns=columns)
    for step in STEPS:
        line = line.replace(
            f"\x1b[38;5;{step.foreground};48;5;{step.background}m {step.name} \x1b[0m", f" {step.name} "
        )
    assert "\x1b" not in line
    assert len(line) <= columns
    assert all(step.name in line for step in STEPS)
    assert len(legend(color=False, columns=columns)) <= columns


def test_the_summary_ignores_unknown_log_probabilities() -> None:
    tokens = [TokenLogprob("a"), TokenLogprob("b", math.log(0.25)), TokenLogprob("c", math.log(0.0625))]
    assert summary(tokens) == "2 tokens at 3.00 bits, perplexity 8"
    assert summary(tokens[:2]) == "1 token at 2.00 bits, perplexity 4"
    assert summary([TokenLogprob("a", -math.inf)]) == "1 token at inf bits, perplexity inf"
    assert summary(tokens[:1]) == ""


@pytest.mark.parametrize(
    ("likely", "text"),
    [
        (1, "100%"),
        (0.999, ">99%"),
        (0.994, "99%"),
        (0.1234, "12%"),
        (0.0123, "1.2%"),
        (0.00099, "<0.1%"),
        (0, "0%"),
    ],
)
def test_percent_never_rounds_to_0_or_100(likely: float, text: str) -> None:
    assert percent(likely) == text


@pytest.mark.parametrize(
    ("text", "raw", "line"),
    [
        ("a\tb\n\\n\r", None, "a\\tb\\n\\\\n\\r"),
        ("\ufffd", b"\xe2\x80", "\\xe2\\x80"),
        ("\ufffd\n", b" \xf0\x9f\n\\", " \\xf0\\x9f\\n\\\\"),
        ("é", "é".encode(), "é"),
        ("", b"", ""),
    ],
)
def test_an_escaped_token_can_be_decoded(text: str, raw: bytes | None, line: str) -> None:
    assert escaped(text, raw) == line
    read = line.encode().decode("unicode_escape").encode("latin-1")
    assert read == (text.encode() if raw is None else raw) or "é" in line


def test_a_shown_token_is_quoted() -> None:
    assert shown(' "a"\n', None) == '" \\"a\\"\\n"'
