"""Runs scripts in a real bash with a stand-in for nbx that only records its arguments."""

import re
import subprocess
from pathlib import Path

# Replaces nbx and records its arguments; in a single write, as the commands of a pipe run at the same time.
STAND_IN = """#!/bin/sh
printf '%s\\0' "$@" "$(printf '\\036')" >> "$GIVEN"
"""


def given(script: str, folder: Path) -> list[list[str]]:
    """Return the arguments of each nbx that bash starts for a script, which runs in `folder`.

    No other program is on the PATH of the script.
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
