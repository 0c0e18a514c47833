"""Importing nbx has no side effects: no files, variables, connections, programs, signals or threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import importing
from tests.support.package_structure import ON_RAY

PACKAGE = Path(__file__).parent.parent / "nebius_cli"

# Side effects that an import could have: the code, and a word that the report must contain.
DEEDS = {
    "reads a file": ("open('/etc/hostname')", "open"),
    "writes a file": ("open('made', 'w')", "open"),
    "makes a folder": ("import os; os.mkdir('made')", "os.mkdir"),
    "lists a folder with glob": ("import glob; glob.glob('*')", "glob.glob"),
    "reads a variable": ("import os; os.environ.get('HOME')", "environment HOME"),
    "reads another way": ("import os; os.getenv('HOME')", "environment HOME"),
    "sets a variable": ("import os; os.environ['A'] = 'b'", "environment A set"),
    "looks a name up": ("import socket; socket.gethostbyname('localhost')", "socket.gethostbyname"),
    "makes a socket": ("import socket; socket.socket()", "socket.__new__"),
    "starts a program": ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
    "runs a shell": ("import os; os.system('true')", "os.system"),
    "loads a library": ("import ctypes; ctypes.CDLL(None)", "ctypes.dlopen"),
    "handles a signal": ("import signal; signal.signal(2, print)", "signal handler"),
    "starts a thread": ("import threading; threading.Thread(target=input).start()", "thread"),
}


def import_side_effects(package: str, folder: Path, *left_out: str) -> str:
    """Import a package in `folder`, except the modules `left_out`; return a report of the side effects."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, importing.__file__, package, *left_out],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_importing_any_module_has_no_side_effects() -> None:
    # tests/on_ray has the same test for all modules.
    on_ray = [f"nebius_cli.{module}" for module in ON_RAY]
    count = sum(1 for _ in PACKAGE.rglob("*.py")) - len(on_ray)
    assert import_side_effects("nebius_cli", PACKAGE.parent, *on_ray) == f"{count} modules\n"


@pytest.mark.parametrize(("code", "word"), DEEDS.values(), ids=DEEDS)
def test_an_import_with_a_side_effect_is_reported(code: str, word: str, tmp_path: Path) -> None:
    package = tmp_path / "busy"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module.py").write_text(f"try:\n    {code}\nexcept OSError:\n    pass\n")
    assert word in import_side_effects("busy", tmp_path)


def test_an_import_without_side_effects_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "idle").mkdir()
    (tmp_path / "idle" / "__init__.py").write_text("import json, re\nA = re.compile('a')\n")
    assert import_side_effects("idle", tmp_path) == "1 modules\n"
