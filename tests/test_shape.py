"""The house rules: who may import whom, how long things may get, and what the core may not touch."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

Rule = TypeVar("Rule")

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nebius_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FILE_LIMIT = 300
FUNCTION_LIMIT = 50

# Folder or file → what of nebius_cli it may import. The longest key that fits a module counts.
OURS = {
    "core": ("core",),
    "adapters": ("core", "adapters", "nebius_cli"),
    "ui": ("core", "adapters.streams", "ui"),
    "gen": ("core", "gen", "nebius_cli"),
    "gen.__main__": ("core", "gen", "commands.root"),
    "actions": ("core", "adapters", "ui", "actions.app"),
    "commands": ("core", "commands.options"),
    "commands.root": ("core", "commands"),
    "main": ("commands.root", "core.errors", "adapters.streams", "ui.problems", "ui.renderer", "nebius_cli"),
    "__main__": ("main", "nebius_cli"),
}
# Inside function bodies, where an import is one of the three lazy seams.
OURS_LAZY = {"commands": ("actions", "gen"), "main": ("actions.app", "commands.root")}

THIRD_PARTY = {
    "adapters.api": {"urllib3"},
    "adapters.blocks": {"backports", "compression"},
    "adapters.failures": {"urllib3"},
    "adapters.parquet": {"pyarrow"},
    "adapters.roundtrip": {"urllib3"},
    "adapters.pools": {"certifi", "urllib3"},
    "adapters.proxied": {"requests", "urllib3"},
    "adapters.paths": {"platformdirs"},
    "adapters.keychain": {"keyring"},
    "adapters.engine_process": {"xllamacpp"},
    "adapters.probe": {"requests"},
    "adapters.weights": {"requests"},
    "ui.bulk": {"rich"},
    "ui.heat": {"rich"},
    "ui.heat_export": {"rich"},
    "ui.live": {"rich"},
    "ui.picture": {"rich"},
    "ui.sink": {"rich"},
    "ui.tables": {"rich"},
    "ui.token_table": {"rich"},
    "ui.plot": {"plotille"},
    "ui.progress": {"rich"},
    "commands": {"typer"},
    "gen.__main__": {"typer"},
    "main": set(),
}

# Doors to files, network, clock, environment and chance, which only adapters and main may open.
IMPURE = {
    "os",
    "io",
    "pathlib",
    "socket",
    "subprocess",
    "tempfile",
    "time",
    "random",
    "secrets",
    "threading",
    "sys",
}
WORLD = {
    ("sys", "stdin"),
    ("sys", "stdout"),
    ("sys", "stderr"),
    ("sys", "argv"),
    ("os", "environ"),
    ("os", "getenv"),
}


def name_of(path: Path) -> str:
    """Return a module's name inside the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def rule(table: Mapping[str, Rule], module: str, default: Rule) -> Rule:
    """Return the entry for the longest key that is the module or a folder of it."""
    fitting = [key for key in table if module == key or module.startswith(key + ".")]
    return table[max(fitting, key=len)] if fitting else default


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported name, and whether the import is inside a function."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((name, id(node) in inside) for name in names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_folder_may(path: Path) -> None:
    module = name_of(path)
    allowed = rule(OURS, module, ())
    lazy = rule(OURS_LAZY, module, ())
    third = rule(THIRD_PARTY, module, set())
    for name, inside in imports(path):
        top = name.partition(".")[0]
        if top == "nebius_cli":
            ours = name.removeprefix("nebius_cli.")
            may = allowed + (lazy if inside else ())
            fits = any(ours == entry or ours.startswith(entry + ".") for entry in may)
            fits = fits or (ours == "__version__" and "nebius_cli" in may)
            assert fits, f"{module} may not import {name}"
        elif top not in sys.stdlib_module_names:
            assert top in third, f"{module} may not import {name}"
        elif module.startswith("core"):
            assert top not in IMPURE, f"core is pure: {module} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_adapters_and_main_touch_the_world(path: Path) -> None:
    module = name_of(path)
    if module.startswith("adapters") or module in ("main", "__main__", "gen.__main__"):
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            assert not {"time", "random", "subprocess", "socket"} & set(names), f"{module} imports {names}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in WORLD, f"{module} uses {node.value.id}.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input", "open"), f"{module} calls {node.func.id}"
        assert not isinstance(node, ast.Global), f"{module} has a global"


@pytest.mark.parametrize("path", MODULES + TESTS, ids=str)
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= FILE_LIMIT, f"{path} has {len(text.splitlines())} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LIMIT, f"{path}: {node.name} has {length} lines"


def test_packages_have_empty_init_files() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        text = path.read_text("utf-8")
        assert text == "" or path.parent == PACKAGE, path


def test_nobody_imports_click() -> None:
    for path in MODULES + TESTS:
        assert not any(name.partition(".")[0] == "click" for name, _ in imports(path)), path


def test_every_action_has_its_command_and_its_test() -> None:
    actions = {path.stem for path in (PACKAGE / "actions").glob("*.py")} - {"__init__", "app"}
    commands = {path.stem for path in (PACKAGE / "commands").glob("*.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "actions").glob("test_*.py")}
    assert actions <= commands
    assert actions <= tests
