"""Command lines taken apart by a real bash: what nbx would be given, without running it."""

import re
import subprocess
from pathlib import Path

# Stands for nbx: notes the words that the shell hands over, in one write, as those of a pipe run together.
STAND_IN = """#!/bin/sh
printf '%s\\0' "$@" "$(printf '\\036')" >> "$GIVEN"
"""


def given(script: str, folder: Path) -> list[list[str]]:
    """Return the words of every nbx that bash starts for a script, in a folder of their own.

    Whatever else the script calls is not there.
    """
    program = folder / "bin" / "nbx"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    (folder / "given").touch()
    for name in re.findall(r"< (\S+)", script):
        (folder / name).touch()
    assert "> /" not in script, "it writes where it likes"
    environ = {"PATH": str(program.parent), "GIVEN": str(folder / "given")}
    words = ["/bin/bash", "-c", script + "\nwait"]
    subprocess.run(words, cwd=folder, env=environ, capture_output=True, timeout=60, check=False)
    runs = (folder / "given").read_text().split("\x1e\0")
    return [run.split("\0")[:-1] for run in runs[:-1]]
