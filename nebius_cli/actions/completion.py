"""`nbx completion`: prints the completion script of a shell, installs it, and uninstalls it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nebius_cli.actions.app import App
from nebius_cli.core.errors_and_exit_codes import ConfigError, ExitCode
from nebius_cli.shell_completion import edit_startup_file, install_locations, supported_shells
from nebius_cli.system.read_and_replace_files import read_if_exists


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """The arguments of `nbx completion`; `make_script` returns the script for the name of a shell."""

    make_script: Callable[[str], str]
    shell: str | None = None


class Change(NamedTuple):
    """The current and the new content of a file, None for no file. Only a script replaces a symlink."""

    path: Path
    old: bytes | None
    new: bytes | None
    is_script: bool = False


def run_show(options: CompletionOptions, app: App) -> ExitCode:
    """Print the script."""
    app.streams.write_out(options.make_script(_shell(options, app)).encode("utf-8"))
    return ExitCode.DONE


def run_install(options: CompletionOptions, app: App) -> ExitCode:
    """Write the script where the shell looks, and a block into its start-up file if that is needed."""
    shell = _shell(options, app)
    script = options.make_script(shell).encode("utf-8")
    changes: list[Change] = []
    for target in install_locations.install_targets(shell, app.streams.environ):
        old = read_if_exists(target.script)
        if old is not None and not supported_shells.is_nbx_script(old):
            raise ConfigError(f"{target.script} already exists", "nbx did not write it", "move it away first")
        changes.append(Change(target.script, old, script, is_script=True))
        autoloaded = install_locations.is_autoloaded(shell, target.script, app.streams.environ)
        changes += _start_up_change(target, "" if autoloaded else target.block)
    if _apply(app, changes):
        app.note(f"start a new {shell} to use completion")
    else:
        app.note(f"completion for {shell} was already installed")
    return ExitCode.DONE


def run_uninstall(options: CompletionOptions, app: App) -> ExitCode:
    """Undo what install did, and nothing else."""
    shell = _shell(options, app)
    changes: list[Change] = []
    for target in install_locations.install_targets(shell, app.streams.environ):
        changes += _start_up_change(target, "")
        script = read_if_exists(target.script)
        # install creates no symlinks: a symlink points to a file of a package manager, such as pipx.
        ours = script and supported_shells.is_nbx_script(script) and not target.script.is_symlink()
        changes.append(Change(target.script, script, None if ours else script, is_script=True))
    if not _apply(app, changes):
        app.note(f"completion for {shell} was not installed")
    return ExitCode.DONE


def _shell(options: CompletionOptions, app: App) -> str:
    """Return the given shell, or else the user's shell, and print which one. Raises UsageError."""
    if options.shell:
        return supported_shells.find_shell(options.shell)
    shell, why = supported_shells.detect_shell(app.streams.environ)
    app.note(f"detected {shell}: {why}")
    return shell


def _start_up_change(target: install_locations.InstallTarget, block: str) -> Iterator[Change]:
    """Yield the change that adds the block to the start-up file, or removes it if `block` is empty."""
    if target.rc is not None:
        old = read_if_exists(target.rc)
        try:
            new = edit_startup_file.insert(old, block) if block else old and edit_startup_file.remove(old)
            yield Change(target.rc, old, new)
        except edit_startup_file.RcBlockError as error:
            raise ConfigError(f"cannot change {target.rc}", str(error), "fix it by hand") from None


def _apply(app: App, changes: Iterable[Change]) -> bool:
    """Make the changes, name each file, and return whether anything changed. Raises OutputError."""
    changed = [change for change in changes if change.old != change.new]
    for path, old, new, is_script in changed:
        if new is None:
            install_locations.remove(path, app.streams.environ)
        else:
            install_locations.write(path, new, replace_link=is_script)
        app.note(f"{'removed' if new is None else 'wrote' if old is None else 'changed'} {path}")
    return bool(changed)
