"""Draws the bar chart of `nbx usage plot`, one bar per day, on a terminal (with plotille) or as SVG."""

from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.core.prices_and_costs import usd
from nebius_cli.core.short_text import compact

HEIGHT = 10  # rows
DOTS = 2  # columns of dots in one character
MAX_DAY_COLUMNS = 6  # a bar and the gap after it

_COLOR, _DIM, _RESET = "\x1b[36m", "\x1b[2m", "\x1b[0m"

# Size and margins of the SVG picture, in pixels.
_SIZE, _LEFT, _TOP, _BOTTOM = (860, 320), 80, 56, 40
_STYLE = "text { font: 13px sans-serif; fill: #333 } .title { font: bold 16px sans-serif }"
_STYLE += " rect { fill: #0a6f8a } line { stroke: #999 }"


def text(
    title: str, days: Sequence[str], values: Sequence[float], width: int, *, money: bool, color: bool
) -> str:
    """Return the plot for a terminal `width` columns wide. Raises ConfigError without plotille."""
    try:
        from plotille import Canvas
    except ImportError:
        why = "plots on a terminal need it; --export FILE.svg does not"
        raise ConfigError("plotille is not installed", why, install_hint("plot")) from None
    largest = max(values)
    labels = [_label(amount, money=money) for amount in (largest, largest / 2, 0.0)]
    left = max(map(len, labels))
    across = max(1, min(width - left - 3, MAX_DAY_COLUMNS * len(days)))
    canvas = Canvas(across, HEIGHT, xmin=0, xmax=across * DOTS, ymin=0, ymax=largest or 1)
    for start, end, value in _bars(values, across * DOTS):
        for column in range(start, end):
            if value > 0:
                canvas.line(column, 0, column, value)
    on, off, dim = (_COLOR, _RESET, _DIM) if color else ("", "", "")
    row_labels = {0: labels[0], HEIGHT // 2: labels[1], HEIGHT - 1: labels[2]}
    rows = [
        f"{dim}{row_labels.get(number, '').rjust(left)} │{off}{on}{row}{off}"
        for number, row in enumerate(canvas.plot().splitlines())
    ]
    axis = " " * left + " └" + "─" * across
    return "\n".join([title, *rows, f"{dim}{axis}", _below(days, left + 2, across) + off, ""])


def _bars(values: Sequence[float], width: int) -> list[tuple[int, int, float]]:
    """Return the first dot, the end and the value of each bar, with a gap of one dot if it fits."""
    bars = []
    for number, value in enumerate(values):
        start, end = (width * index // len(values) for index in (number, number + 1))
        if end - start > 2:
            end -= 1
        bars.append((start, max(end, start + 1), value))
    return bars


def _below(days: Sequence[str], indent: int, width: int) -> str:
    first, last = days[0], days[-1]
    if first == last:
        return " " * indent + first if len(first) <= width else first
    if len(first) + len(last) + 1 > width:
        return f"{first[5:]} to {last[5:]}"
    return " " * indent + first + " " * (width - len(first) - len(last)) + last


def _label(amount: float, *, money: bool) -> str:
    if money:
        return usd(Decimal(repr(amount)))
    return compact(round(amount)) if amount else "0"


def svg(title: str, days: Sequence[str], values: Sequence[float], *, money: bool) -> str:
    """Return the plot as an SVG picture; hovering over a bar shows its day and value."""
    width, height = _SIZE
    across, down = width - _LEFT - 20, height - _TOP - _BOTTOM
    largest = max(values) or 1
    parts = [f'<text class="title" x="{_LEFT}" y="30">{escape(title)}</text>']
    for share in (0.0, 0.5, 1.0):
        y = _TOP + down * (1 - share)
        label = escape(_label(largest * share, money=money))
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + across}" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:g}" text-anchor="end">{label}</text>')
    step = across / len(days)
    for number, (day, value) in enumerate(zip(days, values, strict=True)):
        tall = down * value / largest
        x, y = _LEFT + number * step + step * 0.1, _TOP + down - tall
        name = escape(f"{day}: {_label(value, money=money)}")
        box = f'x="{x:.2f}" y="{y:.2f}" width="{step * 0.8:.2f}" height="{tall:.2f}"'
        parts.append(f"<rect {box}><title>{name}</title></rect>")
    for x, anchor, day in ((_LEFT, "start", days[0]), (_LEFT + across, "end", days[-1])):
        if anchor == "start" or day != days[0]:
            parts.append(f'<text x="{x}" y="{height - 14}" text-anchor="{anchor}">{escape(day)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">'
    white = f'<rect style="fill: #fff" width="{width}" height="{height}"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", white, *parts, "</svg>", ""])
