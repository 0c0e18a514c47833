"""docs/reliability.md is correct: its tests exist, its limits match the code, its counts are reached."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from nebius_cli.config.settings_table import BY_NAME
from tests.faults.test_limits import HOSTILE
from tests.faults.test_matrix import FAULTS, RUNS
from tests.fuzz.target import corpus
from tests.fuzz.targets import TARGETS
from tests.response.test_sse_conformance import RULES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "reliability.md").read_text("utf-8")
LINK = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")
MIB = 1 << 20

COUNTED = {
    "faults in the matrix": len(FAULTS),
    "runs of these faults, over all commands that handle them separately": len(RUNS),
    "hostile responses whose memory is measured": len(HOSTILE),
    "rules for event streams": len(RULES),
    "fuzz targets": len(TARGETS),
    "saved inputs for them": sum(len(corpus(name)) for name in TARGETS),
}


def rows(first: str) -> list[list[str]]:
    """Return the cells of the tables whose first column has this title."""
    found = []
    for table in re.findall(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE):
        found += [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    return found


PROMISES, LIMITS, FIGURES = rows("promise"), rows("limit"), dict(rows("figure"))


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("promise", "tests"), PROMISES, ids=[promise[:60] for promise, _ in PROMISES])
def test_a_promise_names_tests_that_exist(promise: str, tests: str) -> None:
    links = LINK.findall(tests)
    assert links, promise
    assert " ".join(f"[`{name}`](../{path})" for name, path in links) == tests
    for name, path in links:
        assert name in defined_in(path), f"{path} has no {name}"


@pytest.mark.parametrize(("what", "name", "value", "setting"), LIMITS, ids=[row[0] for row in LIMITS])
def test_a_limit_matches_the_constant_in_the_code(what: str, name: str, value: str, setting: str) -> None:
    module, _, constant = name.strip("`").rpartition(".")
    number, _, unit = value.partition(" ")
    reported = int(number.replace(",", "")) * (MIB if unit == "MiB" else 1)
    constants = {
        name: v for name, v in vars(importlib.import_module(f"nebius_cli.{module}")).items() if name.isupper()
    }
    assert constant in constants, (
        f"{module} has {[name for name, v in constants.items() if v == reported]} instead?"
    )
    assert constants[constant] == reported, what
    if setting:
        assert BY_NAME[setting.strip("`")].default == int(number)


@pytest.mark.parametrize("name", COUNTED)
def test_a_count_is_reached(name: str) -> None:
    assert COUNTED[name] >= int(FIGURES[name].replace(",", ""))


def test_the_page_has_promises_limits_and_figures() -> None:
    assert len(PROMISES) > 25
    assert len(LIMITS) > 8
    assert set(COUNTED) < set(FIGURES)
    assert len(LINK.findall(TEXT)) == sum(len(LINK.findall(tests)) for _, tests in PROMISES)
