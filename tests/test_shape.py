"""The rules of the code: which imports and side effects a module may have, and how long it may be."""

import ast
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support.package_structure import (
    FOLDERS,
    INDEPENDENT_FOLDERS,
    OUTSIDE,
    PURE,
    PURE_FOLDERS,
    SHARED_ACTIONS,
    STREAM_NAMES,
    STREAM_USERS,
    THIRD_PARTY,
    below,
    folder_of,
)
from tests.support.sources import MODULES, PACKAGE, ROOT, imports, own_imports, side_effects, tree_of

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_FOLDER_FILES = 20
MAX_MEDIAN_LINES = 100

TESTS = sorted((ROOT / "tests").rglob("*.py"))


def at(module: str, line: int) -> str:
    """Return the path of a module and a line as `path:line`."""
    return f"{MODULES[module].relative_to(ROOT)}:{line}"


def arrows() -> Iterator[tuple[str, int, str]]:
    """Yield importer, line and imported module for each import within the package."""
    for module in MODULES:
        yield from ((module, line, target) for line, target in own_imports(module))


def reported(offenders: list[str]) -> str:
    return "\n".join(["", *offenders])


def test_every_module_belongs_to_a_layer() -> None:
    homeless = [module for module in MODULES if not folder_of(module)]
    assert not homeless, reported(homeless)


def test_modules_import_only_from_their_own_layer_and_lower_ones() -> None:
    wrong = []
    for module, line, target in arrows():
        own, other = folder_of(module), folder_of(target)
        if FOLDERS.index(own) > FOLDERS.index(other):
            wrong.append(f"{at(module, line)}: {own} is below {other} and may not import {target}")
    assert not wrong, reported(wrong)


def test_independent_folders_do_not_import_each_other() -> None:
    wrong = []
    for module, line, target in arrows():
        for group in INDEPENDENT_FOLDERS:
            own, other = (next((f for f in group if below(name, (f,))), None) for name in (module, target))
            if own and other and own != other:
                wrong.append(f"{at(module, line)}: {own} may not know {other}, so not import {target}")
    assert not wrong, reported(wrong)


def test_there_are_no_import_cycles() -> None:
    graph = {module: {target for _, target in own_imports(module)} - {module} for module in MODULES}
    # Remove modules that import none of the others or that none of the others imports: cycles remain.
    while ends := [
        module
        for module, targets in graph.items()
        if not targets & graph.keys() or not any(module in others for others in graph.values())
    ]:
        for module in ends:
            del graph[module]
    cycles = [f"{module} imports {', '.join(sorted(graph[module] & graph.keys()))}" for module in graph]
    assert not cycles, reported(cycles)


def test_no_action_imports_another_action_and_no_command_another_command() -> None:
    shared = (
        *(f"actions.{name}" for name in SHARED_ACTIONS),
        *(f"commands.{name}" for name in ("typer_parameters", "shared_flags", "declare_command")),
    )
    wrong = [
        f"{at(module, line)}: imports {target}"
        for module, line, target in arrows()
        if folder_of(module) == folder_of(target)
        and folder_of(module) in ("actions", "commands")
        and target not in shared
        and module != "commands.root"
    ]
    assert not wrong, reported(wrong)


def test_pure_modules_have_no_side_effects() -> None:
    wrong = [f"{at(module, line)}: {door}" for module in PURE for line, door in side_effects(MODULES[module])]
    assert not wrong, reported([*wrong, "Hand it in from outside, or name the module in OUTSIDE."])


def test_pure_folders_contain_and_import_only_pure_modules() -> None:
    assert not [entry for entry in OUTSIDE if below(entry, PURE_FOLDERS)]
    wrong = [
        f"{at(module, line)}: {target}"
        for module, line, target in arrows()
        if below(module, PURE_FOLDERS) and target not in PURE
    ]
    assert not wrong, reported(wrong)


def test_every_entry_of_outside_has_side_effects() -> None:
    packages = {module for users in THIRD_PARTY.values() for module in users}
    idle = [
        entry
        for entry in OUTSIDE
        if entry not in packages
        and (fitting := [module for module in MODULES if below(module, (entry,))])
        and not any(
            list(side_effects(MODULES[module]))
            or any(below(target, ("system",)) for _, target in own_imports(module))
            for module in fitting
        )
    ]
    assert not idle, reported(idle)
    gone = [entry for entry in OUTSIDE if not any(below(module, (entry,)) for module in MODULES)]
    assert gone in ([], ["cluster"]), reported(gone)


def test_only_listed_modules_use_the_standard_streams() -> None:
    wrong = [
        f"{at(module, line)}: {door}"
        for module, path in MODULES.items()
        if not below(module, STREAM_USERS)
        for line, door in side_effects(path)
        if door in STREAM_NAMES
    ]
    assert not wrong, reported(wrong)


def test_third_party_packages_are_imported_only_where_they_are_allowed() -> None:
    wrong = []
    for module, path in MODULES.items():
        for line, name in imports(path):
            package = name.partition(".")[0]
            known = package in sys.stdlib_module_names and package not in THIRD_PARTY
            if package != "nebius_cli" and not known and not below(module, THIRD_PARTY.get(package, ())):
                wrong.append(f"{at(module, line)}: may not import {package}")
    assert not wrong, reported(wrong)


def test_no_module_is_allowed_a_package_that_it_does_not_import() -> None:
    idle = [
        f"{entry} does not import {package}"
        for package, entries in THIRD_PARTY.items()
        for entry in entries
        if (fitting := [path for module, path in MODULES.items() if below(module, (entry,))])
        and not any(name.partition(".")[0] == package for path in fitting for _, name in imports(path))
    ]
    assert not idle, reported(idle)


def test_no_file_imports_click() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in (*MODULES.values(), *TESTS)
        for line, name in imports(path)
        if name.partition(".")[0] == "click"
    ]
    assert not wrong, reported(wrong)


def test_no_module_uses_a_global_statement() -> None:
    wrong = [
        at(module, node.lineno)
        for module, path in MODULES.items()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Global)
    ]
    assert not wrong, reported(wrong)


def test_no_file_has_a_vague_name_and_init_files_are_empty() -> None:
    assert not [
        path for path in (*MODULES.values(), *TESTS) if path.stem in ("utils", "helpers", "common", "misc")
    ]
    for path in PACKAGE.rglob("__init__.py"):
        assert path.read_text("utf-8") == "" or path.parent == PACKAGE, f"{path} is not empty"


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_files_and_folders_stay_small() -> None:
    long = [f"{path.relative_to(ROOT)} has {lines(path)} lines" for path in (*MODULES.values(), *TESTS)]
    long = [text for text in long if int(text.split()[-2]) > MAX_FILE_LINES]
    assert not long, reported(long)
    full = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES.values())
    assert not {folder: count for folder, count in full.items() if count > MAX_FOLDER_FILES}


def test_the_median_file_is_short() -> None:
    assert statistics.median(map(lines, MODULES.values())) < MAX_MEDIAN_LINES


def test_functions_stay_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {length} lines"
        for path in (*MODULES.values(), *TESTS)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not long, reported(long)


def test_every_action_has_a_command_and_a_test_file() -> None:
    actions = {path.stem for path in (PACKAGE / "actions").glob("*.py")} - {"__init__", *SHARED_ACTIONS}
    commands = {path.stem for path in (PACKAGE / "commands").glob("*.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "actions").glob("test_*.py")}
    assert actions <= commands
    assert actions <= tests
