"""Importing modules in advance, and programs that end during the import."""

import subprocess
import sys
import threading
from pathlib import Path

from nebius_cli.terminal.import_while_waiting import preload


def test_a_program_that_ends_during_the_import_exits_cleanly_and_soon(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text("import time; time.sleep(0.3); print('first')")
    (tmp_path / "second.py").write_text("print('second')")
    code = "from nebius_cli.terminal.import_while_waiting import preload; preload(['first', 'second'])"
    words = [sys.executable, "-c", f"import sys; sys.path.append({str(tmp_path)!r}); {code}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "first\n", "")


def test_modules_that_are_already_imported_need_no_thread() -> None:
    before = threading.active_count()
    preload(["sys", "threading"])
    assert threading.active_count() == before
