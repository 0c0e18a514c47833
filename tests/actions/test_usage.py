"""`nbx usage`: sums, plots and exports of the requests in the ledger."""

import csv
import io
import sqlite3
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.prices_and_costs import Price
from tests.support.ledger import entry, keep, ledger_of
from tests.support.run import Result, Runner

NOW = time.time()
DAY = 86_400
PERSON: dict[str, Any] = {"stdout_tty": True, "stderr_tty": True}


@pytest.fixture
def used(bare: Runner) -> Runner:
    """nbx with some requests in its ledger: today, yesterday, and long ago."""
    keep(
        bare,
        entry(NOW, "b/model", 1000, run="run-1", profile="work"),
        entry(NOW, exit=5, usage=None, cost=Decimal(0)),
        entry(NOW - DAY, "c/own", price=Price(), cost=None),
        entry(NOW - 90 * DAY, tokens=7, cost=Decimal("1.234567890123456789")),
    )
    return bare


def table(result: Result) -> list[list[str]]:
    return [line.split("\t") for line in result.out.splitlines()]


def day(when: float) -> str:
    return datetime.fromtimestamp(when).astimezone().date().isoformat()


def test_without_options_usage_shows_the_last_30_days_by_day(used: Runner) -> None:
    result = used("usage")
    assert (result.code, result.err) == (0, "")
    assert table(result) == [
        [day(NOW - DAY), "1", "0", "100", "10", "0", "0", "-", "1"],
        [day(NOW), "2", "1", "1000", "10", "0", "0", "0.0000624", "0"],
    ]


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("model", ["a/model", "b/model", "c/own"]),
        ("profile", ["(none)", "work"]),
        ("run", ["(no run)", "run-1"]),
    ],
)
def test_the_most_expensive_group_comes_first(used: Runner, by: str, groups: list[str]) -> None:
    assert [row[0] for row in table(used("usage", "--by", by, "--since", "all"))] == groups


def test_json_has_every_digit_and_the_total(used: Runner) -> None:
    value = used("usage", "show", "--json", "--since", "all").json
    assert value["by"] == "day"
    assert (value["since"], value["until"]) == (None, None)
    assert value["rows"][0]["cost"] == "1.234567890123456789"
    assert value["rows"][1]["cost"] is None
    assert value["total"]["cost"] == "1.234630290123456789"
    assert (value["total"]["requests"], value["total"]["failed"], value["total"]["unknown_cost"]) == (4, 1, 1)
    bounded = used("usage", "--json", "--since", "2026-01-01", "--until", "2026-01-01").json
    assert bounded["rows"] == []
    assert bounded["since"] < bounded["until"]


def test_a_terminal_shows_bars_a_total_and_the_unknown_costs(used: Runner) -> None:
    result = used("usage", **PERSON, env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"})
    lines = result.out.splitlines()
    assert lines[0].split() == ["day", "requests", "failed", "tokens", "cost", "unknown"]
    assert lines[3].endswith("█")
    assert lines[-1].split() == ["total", "3", "1", "1,120", "≥", "$0.0000624", "1"]
    assert result.err.startswith("nbx: ≥ $0.0000624, 1 unknown from 20")
    narrow = used("usage", **PERSON, env={"COLUMNS": "30", "NO_COLOR": "1", "TERM": "xterm"})
    assert max(map(len, narrow.out.splitlines())) <= 30
    assert "$" in narrow.out


def test_an_empty_ledger_is_not_an_error(bare: Runner) -> None:
    for args in (["usage"], ["usage", "plot"]):
        result = bare(*args)
        assert (result.code, result.out) == (0, "")
        assert result.err.startswith("nbx: no requests in the ledger from 20")
    assert "up to" in bare("usage", "--since", "all").err
    assert bare("usage", "export").out.startswith("id,time,model,")
    assert bare("usage", "export", "--json").json == {"requests": []}


@pytest.mark.parametrize(
    "args",
    [
        ["--by", "hour"],
        ["--since", "soon"],
        ["--until", "7"],
        ["plot", "--of", "money"],
        ["export", "--csv", "--json"],
        ["export", "--since", "1"],
    ],
    ids=str,
)
def test_invalid_options_are_usage_errors(used: Runner, args: list[str]) -> None:
    assert used("usage", *args).code == 2


def test_an_export_has_every_row_in_both_formats(used: Runner) -> None:
    keep(used, entry(NOW - 1, 'odd, "model"\n'))
    rows = list(csv.DictReader(io.StringIO(used("usage", "export", "--csv").out)))
    found = used("usage", "export", "--json").json["requests"]
    assert len(rows) == len(found) == 5
    assert rows[0]["cost"] == found[0]["cost"] == "1.234567890123456789"
    assert (rows[1]["cost"], found[1]["cost"]) == ("", None)
    assert rows[2]["model"] == found[2]["model"] == 'odd, "model"\n'
    assert datetime.fromisoformat(found[0]["time"]).astimezone(UTC).timestamp() == round(NOW - 90 * DAY, 3)
    assert len(used("usage", "export", "--json", "--since", "7d").json["requests"]) == 4


def test_control_characters_in_names_are_not_written_to_a_terminal(bare: Runner) -> None:
    keep(bare, entry(NOW, "\x1b[31mred", cost=Decimal(1)))
    forms = (["usage", "--by", "model"], ["usage", "export"], ["usage", "export", "--json"], ["history"])
    for args in forms:
        result = bare(*args, **PERSON, env={"NO_COLOR": "1", "TERM": "dumb"})
        assert "\x1b" not in result.out
        assert "red" in result.out


@pytest.mark.parametrize("of", ["cost", "tokens", "requests", ""])
def test_a_plot_fits_the_terminal_and_shows_its_first_and_last_day(used: Runner, of: str) -> None:
    args = ["--of", of] if of else []
    for width in (20, 40, 80):
        env = {"COLUMNS": str(width), "NO_COLOR": "1", "TERM": "xterm"}
        lines = used("usage", "plot", *args, **PERSON, env=env).out.splitlines()
        assert lines[0].startswith(f"{of or 'cost'} by day: ")
        assert max(map(len, lines[1:])) <= width
        assert any("⣿" in line for line in lines)
    assert lines[-1].split() == [day(NOW - DAY)[5:], "to", day(NOW)[5:]]
    keep(used, entry(NOW - 4 * DAY))
    lines = used("usage", "plot", *args, **PERSON, env=env).out.splitlines()
    assert lines[-1].split() == [day(NOW - 4 * DAY), day(NOW)]


def test_without_a_known_cost_tokens_are_plotted(bare: Runner) -> None:
    keep(bare, entry(NOW, price=Price(), cost=None))
    assert bare("usage", "plot").out.startswith("tokens by day: 110\n")


def test_an_exported_plot_is_svg_with_a_bar_for_each_day(used: Runner, tmp_path: Path) -> None:
    file = tmp_path / "usage.svg"
    keep(used, entry(NOW - 4 * DAY, cost=Decimal(1)))
    assert used("usage", "plot", "--export", str(file)).out == ""
    tree = ET.fromstring(file.read_text())
    titles = [element.text for element in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == f"{day(NOW - 4 * DAY)}: $1.00"
    assert len(titles) == 5
    refused = used("usage", "plot", "--export", str(tmp_path / "no" / "x.svg"))
    assert refused.code == 74


def test_the_svg_export_works_without_plotille(used: Runner, tmp_path: Path) -> None:
    (tmp_path / "plotille.py").write_text("raise ImportError")
    env = {"PYTHONPATH": str(tmp_path)}
    result = used.process("usage", "plot", env=env)
    assert (result.code, result.out) == (78, "")
    assert "pip install 'plotille>=6'" in result.err
    assert used.process("usage", "plot", "--export", str(tmp_path / "x.svg"), env=env).code == 0


def test_path_prints_the_path_of_the_ledger(used: Runner) -> None:
    path = Path(used("usage", "path").out.rstrip("\n"))
    assert path == ledger_of(used).path
    assert path.exists()


def test_doctor_checks_the_ledger(used: Runner) -> None:
    def line(runner: Runner) -> list[str]:
        rows = runner("doctor", "--base-url", "http://127.0.0.1:9").out.splitlines()
        return next(row.split("\t") for row in rows if row.startswith("ledger\t"))

    path = ledger_of(used).path
    assert line(used) == ["ledger", "ok", f"{path}, 4 requests", ""]
    path.chmod(0o644)
    assert line(used)[1:] == [
        "warn",
        f"{path}, 4 requests; other users of this machine can read or write it (mode 0044)",
        f"chmod go= {path}",
    ]
    assert line(Runner({**used.environ, "NBX_LEDGER": "no"}))[1:3] == ["skipped", "the ledger is off"]
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    assert line(used)[1] == "warn"
    assert "it was written by a newer nbx" in line(used)[2]
    elsewhere = Runner({**used.environ, "NBX_DATA_DIR": str(path.parent / "none")})
    assert line(elsewhere)[1:3] == ["ok", f"no file {path.parent / 'none' / 'ledger.db'} yet"]


def test_a_cost_of_0_has_no_bar(bare: Runner) -> None:
    keep(bare, entry(NOW, "m", cost=Decimal(0)))
    shown = bare("usage", stdout_tty=True, env={"TERM": "xterm", "COLUMNS": "100"}).out
    assert ("$0.00" in shown, "█" in shown) == (True, False)


def test_formulas_in_an_export_can_be_escaped_for_spreadsheets(nbx: Runner) -> None:
    keep(nbx, entry(1, model="=1+1", finish="stop,length"))
    exact = nbx("usage", "export").out
    assert ",=1+1," in exact
    assert nbx("usage", "export", "--csv", "--escape-formulas").out == exact.replace("=1+1", "'=1+1")
    assert nbx("usage", "export", "--json", "--escape-formulas").code == 2


def test_until_and_since_with_the_same_span_leave_no_gap(nbx: Runner) -> None:
    now = time.time()
    keep(nbx, *[entry(now - days * 86_400) for days in range(20)])

    def count(*period: str) -> int:
        return int(nbx("usage", "--json", *period).json["total"]["requests"])

    for span in ("1d", "7d", "2w", "24h", "100h"):
        assert count("--since", "all", "--until", span) + count("--since", span) == 20
