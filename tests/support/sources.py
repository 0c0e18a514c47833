"""Analyses the package's source: its imports, and where it does I/O or reads the clock (`side_effects`)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "nebius_cli"

# Importing one of these is a door: files, sockets, processes, the clock, random numbers, threads, signals.
_DOOR_MODULE = re.compile(
    "asyncio|concurrent|ctypes|fcntl|gc|getpass|glob|mmap|msvcrt|multiprocessing|platform|queue|random|secrets"
    "|select|selectors|shutil|signal|socket|sqlite3|ssl|subprocess|tempfile|termios|threading|time|tty|uuid"
    "|webbrowser|winreg"
)
_PURE_OF_OS = frozenset({"PathLike", "fspath", "linesep", "name", "path", "sep", "strerror"})
_PURE_OF_OS_PATH = frozenset(
    {"basename", "commonpath", "dirname", "isabs", "join", "normpath", "split", "splitext"}
)
_PURE_OF_SYS = frozenset({"byteorder", "intern", "maxsize", "maxunicode", "platform", "version_info"})
_CLOCKS = frozenset({"now", "today", "utcnow"})
# Methods of Path that access the disk. `replace` is left out, as it is also a method of str.
_PATH_METHOD = re.compile(
    "chmod|cwd|exists|expanduser|glob|home|is_(dir|file|fifo|symlink)|iterdir|lstat|mkdir|open|readlink|rename"
    "|read_(bytes|text)|rglob|rmdir|samefile|stat|symlink_to|touch|unlink|write_(bytes|text)"
)
_DOOR_CALLS = frozenset({"input", "open", "print"})


def name_of(path: Path) -> str:
    """Return a module's name inside the package: `bulk.input.rows`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"}


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of each import, including those inside functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def own_imports(module: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each module of the package that a module imports."""
    for line, name in imports(MODULES[module]):
        target = name.removeprefix("nebius_cli.")
        if target == name:
            continue
        found = target if target in MODULES else target.rpartition(".")[0]
        if found:  # otherwise it is the version, which is defined in the package itself
            yield line, found


def side_effects(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name of each use of I/O, the clock and the like."""
    for line, name in imports(path):
        if _DOOR_MODULE.fullmatch(name.partition(".")[0]):
            yield line, name
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DOOR_CALLS:
            yield node.lineno, node.func.id
        elif isinstance(node, ast.Attribute) and _is_door(node):
            yield node.lineno, ast.unparse(node)


def _is_door(node: ast.Attribute) -> bool:
    owner = ast.unparse(node.value)
    match owner:
        case "os":
            return node.attr not in _PURE_OF_OS
        case "os.path":
            return node.attr not in _PURE_OF_OS_PATH
        case "sys":
            return node.attr not in _PURE_OF_SYS
        case "datetime" | "date" | "datetime.datetime" | "datetime.date":
            return node.attr in _CLOCKS
        case _:  # Path methods; App and our own classes have methods with the same names
            ours = owner == "app" or (owner[0].isupper() and not owner.startswith("Path"))
            return _PATH_METHOD.fullmatch(node.attr) is not None and not ours
