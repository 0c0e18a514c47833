"""docs/architecture.md matches the code: its modules, files, identifiers, folders and import rules."""

import re

from tests.support.package_structure import FOLDERS, INDEPENDENT_FOLDERS, PURE_FOLDERS
from tests.support.sources import MODULES, PACKAGE, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PROSE, _, TABLES = PAGE.partition("## Every module")
EXAMPLES = {"commands/x.py", "actions/x.py", "tests/actions/test_x.py"}


def test_the_page_lists_every_module_once_with_its_purpose() -> None:
    named: list[str] = []
    for folder, table in re.findall(r"^\| `(\S+)/` \| .*\n\| --- .*\n((?:\|.*\n)+)", TABLES, re.MULTILINE):
        rows = re.findall(r"^\| `(\S+)` \| (.+\.) \|$", table, re.MULTILINE)
        assert len(rows) == table.count("\n"), folder
        named += [f"{folder}/{name}" for name, _ in rows]
    assert sorted(named) == sorted(path.relative_to(ROOT).as_posix() for path in MODULES.values())


def test_every_file_that_the_page_mentions_exists() -> None:
    paths = set(re.findall(r"`((?:\w+/)*\w+\.py)`", PROSE)) - EXAMPLES
    assert len(paths) > 30
    missing = {path for path in paths if not (PACKAGE / path).is_file() and not (ROOT / path).is_file()}
    assert not missing - {"__init__.py"}


def test_every_identifier_that_the_page_mentions_exists_in_the_code() -> None:
    paths = (*MODULES.values(), ROOT / "tests/support/package_structure.py", ROOT / "tests/support/server.py")
    sources = "\n".join(path.read_text("utf-8") for path in paths)
    names = set(re.findall(r"`([A-Z]\w+|[a-z]+_\w+)(?:\(…\))?`", PROSE)) - set(FOLDERS)
    missing = {name for name in names if not re.search(rf"\b(class|def) {name}\b|\b{name}\b.* = ", sources)}
    assert not missing


def test_the_page_lists_the_folders_from_the_top_layer_down() -> None:
    table = PROSE.partition("## The folders")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    reported = [name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)]
    assert reported == [folder for folder in FOLDERS if folder in reported]
    assert set(reported) == {
        folder for folder in FOLDERS if (PACKAGE / folder.replace(".", "/")).is_dir()
    } | {"__main__", "main"}


def test_the_page_lists_the_import_rules_that_the_tests_enforce() -> None:
    rules = PROSE.partition("## Who may import whom")[2].partition("\n## ")[0]
    for group in INDEPENDENT_FOLDERS:
        assert ", ".join(f"`{folder}`" for folder in group) in " ".join(rules.split())
    *first, last = (f"`{folder}`" for folder in PURE_FOLDERS)
    assert f"{', '.join(first)} and {last} are pure" in " ".join(rules.split())
