"""Finds, writes and removes each shell's completion files."""

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.shell_completion import supported_shells
from nebius_cli.system import child_process, paths
from nebius_cli.system.paths import data_dir, xdg_base
from nebius_cli.system.read_and_replace_files import output_errors, write_atomically

NEW_FILE_MODE = 0o644
SHELL_TIMEOUT_S = 5.0  # for slow start-up files; after a timeout, .bashrc loads the script
MAX_SHELL_OUTPUT_BYTES = 1 << 20

_MARKER = "bash-completion "
_BASH_PROBE = f"printf '\\n{_MARKER}%s' \"${{BASH_COMPLETION_VERSINFO-}}\""
_POWERSHELL_PROBE = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; $PROFILE.CurrentUserAllHosts"
_POWERSHELLS = ("pwsh", "powershell")


class InstallTarget(NamedTuple):
    """The path of a completion script, and the start-up file and block that load it, if it needs any."""

    script: Path
    rc: Path | None = None
    block: str = ""


def install_targets(shell: str, environ: Mapping[str, str]) -> list[InstallTarget]:
    """Return where to install the completion script of a shell; PowerShell may have several profiles.

    Raises ConfigError if PowerShell is not installed, because nbx asks it for the path of its profile.
    """
    home = paths.home(environ)
    match shell:
        case "bash":
            own = (xdg_base(environ, "XDG_DATA_HOME") or home / ".local/share") / "bash-completion"
            # Since 2.12 bash-completion accepts a list here, and the first entry has priority.
            named = environ.get("BASH_COMPLETION_USER_DIR", "").partition(":")[0]
            script = (Path(paths.expand(named, environ)) if named else own) / "completions/nbx"
            return [InstallTarget(script, home / ".bashrc", supported_shells.bash_block(str(script)))]
        case "zsh":
            rc = Path(paths.expand(environ.get("ZDOTDIR") or str(home), environ)) / ".zshrc"
            folder = data_dir(environ) / "zsh"
            return [InstallTarget(folder / "_nbx", rc, supported_shells.zsh_block(str(folder)))]
        case "fish":
            config = xdg_base(environ, "XDG_CONFIG_HOME") or home / ".config"
            return [InstallTarget(config / "fish/completions/nbx.fish")]
    name = "nbx.completion.ps1"
    return [
        InstallTarget(profile.with_name(name), profile, supported_shells.powershell_block(name))
        for profile in _powershell_profiles(environ)
    ]


def is_autoloaded(shell: str, script: Path, environ: Mapping[str, str]) -> bool:
    """Return whether the shell loads the script without a line in its start-up file.

    fish always does; bash does if bash-completion 2 is active, so nbx asks an interactive bash.
    """
    # Before 2.12, bash-completion splits and expands the folder name.
    if shell != "bash" or set(str(script)) & set(" \t\n*?["):
        return shell == "fish"
    program = shutil.which("bash", path=environ.get("PATH"))
    output = _run_shell([program, "-i", "-c", _BASH_PROBE], environ) if program else ""
    before, _, version = output.rpartition("\n")[2].partition(_MARKER)
    return not before and version.isdigit()


def _powershell_profiles(environ: Mapping[str, str]) -> list[Path]:
    found = []
    for name in _POWERSHELLS:
        program = shutil.which(name, path=environ.get("PATH"))
        command = ["-NoProfile", "-NonInteractive", "-Command", _POWERSHELL_PROBE]
        if program and (output := _run_shell([program, *command], environ).strip()):
            found.append(Path(output.splitlines()[-1]))
    if not found:
        hint = "nbx completion show powershell prints the script; dot-source it in $PROFILE"
        raise ConfigError("PowerShell was not found", "nbx asks it for the path of $PROFILE", hint)
    return list(dict.fromkeys(found))


def _run_shell(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the output of a shell command, empty if it fails or takes too long."""
    # Use a file, because background processes of a start-up file would keep a pipe open.
    with contextlib.suppress(OSError, ConfigError), tempfile.TemporaryFile() as output:
        with child_process.running(
            command,
            environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # or an interactive shell would take over the terminal
        ) as process:
            try:
                process.wait(SHELL_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                return ""
        output.seek(0)
        return output.read(MAX_SHELL_OUTPUT_BYTES).decode("utf-8", "replace")
    return ""


def write(path: Path, data: bytes, *, replace_link: bool = False) -> None:
    """Write a file in one step, with the mode of the file it replaces. Raises OutputError.

    `replace_link`: replace a symlink itself and leave its target alone.
    """
    with output_errors(path):
        if replace_link and path.is_symlink():
            path.unlink()
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else NEW_FILE_MODE
        write_atomically(path, data, mode=mode)


def remove(path: Path, environ: Mapping[str, str]) -> None:
    """Remove a file, and then empty folders below nbx's data directory. Raises OutputError."""
    with output_errors(path):
        Path(os.path.realpath(path)).unlink()
    own = data_dir(environ)
    for folder in path.parents:
        if folder.is_relative_to(own):
            with contextlib.suppress(OSError):  # not empty
                folder.rmdir()
