"""docs/architecture.md is true to the code: its modules, its files, its import rules."""

import re
from pathlib import Path

from tests.test_shape import OURS, OURS_LAZY, PACKAGE, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PROSE, _, MODULES = PAGE.partition("## Every module")


def test_every_module_is_named_once_with_what_it_is_for() -> None:
    named: list[str] = []
    for folder, table in re.findall(r"^\| `(\S+)/` \| .*\n\| --- .*\n((?:\|.*\n)+)", MODULES, re.MULTILINE):
        rows = re.findall(r"^\| `(\S+)` \| (.+\.) \|$", table, re.MULTILINE)
        assert len(rows) == table.count("\n"), folder
        named += [f"{folder}/{name}" for name, _ in rows]
    modules = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py")}
    assert sorted(named) == sorted(name for name in modules if not name.endswith("/__init__.py"))


def test_every_file_that_is_spoken_of_is_there() -> None:
    paths = (
        set(re.findall(r"`((?:\w+/)+\w+\.py)`", PROSE))
        - {f"{folder}/x.py" for folder in ("commands", "actions")}
        - {"tests/actions/test_x.py"}
    )
    assert len(paths) > 10
    for path in paths:
        assert (PACKAGE / path).is_file() or (ROOT / path).is_file(), path


def test_every_name_of_the_code_that_is_spoken_of_is_in_it() -> None:
    sources = "\n".join(
        path.read_text("utf-8") for path in (*PACKAGE.rglob("*.py"), Path(ROOT / "tests/test_shape.py"))
    )
    for name in set(re.findall(r"`([A-Z]\w+|[a-z]+_\w+)`", PROSE)):
        assert re.search(rf"\b(class|def) {name}\b|\b{name}\b.* = ", sources), name


def test_the_import_rules_are_those_that_are_kept() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PROSE.partition("| Folder |")[2], re.MULTILINE))
    for folder, told in rows.items():
        own, _, lazy = told.partition(";")
        kept = set(OURS[folder]) - {"nebius_cli"}  # the version, which is no module
        assert set(re.findall(r"`([\w.]+)`", own)) == kept, folder
        if folder in OURS_LAZY:
            assert set(re.findall(r"`([\w.]+)`", lazy)) == set(OURS_LAZY[folder])
    assert set(rows) == {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
