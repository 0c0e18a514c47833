"""`nbx completion`: the TAB script of a shell shown, put where the shell looks, and taken away again."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nebius_cli.actions.app import App
from nebius_cli.core.errors import ConfigError, ExitCode
from nebius_cli.shell_completion import places as here
from nebius_cli.shell_completion import rc_block, shells
from nebius_cli.system.files import read_if_exists

Scripts = Callable[[str], str]  # the name of a shell → its script


class Change(NamedTuple):
    """A file as it is and as it should be; None is no file. A script takes the place of a link."""

    path: Path
    old: bytes | None
    new: bytes | None
    is_script: bool = False


def run_show(app: App, scripts: Scripts, shell: str = "") -> ExitCode:
    """Print the script."""
    app.streams.write_out(scripts(_chosen(app, shell)).encode("utf-8"))
    return ExitCode.DONE


def run_install(app: App, scripts: Scripts, shell: str = "") -> ExitCode:
    """Put the script where the shell looks, and a block into its start-up file where that is needed."""
    shell = _chosen(app, shell)
    script = scripts(shell).encode("utf-8")
    changes: list[Change] = []
    for place in here.install_targets(shell, app.streams.environ):
        old = read_if_exists(place.script)
        if old is not None and not shells.is_nbx_script(old):
            raise ConfigError(f"{place.script} is there already", "nbx did not make it", "move it away first")
        changes.append(Change(place.script, old, script, is_script=True))
        by_itself = here.is_autoloaded(shell, place.script, app.streams.environ)
        changes += _start_up(place, "" if by_itself else place.block)
    if _apply(app, changes):
        app.note(f"every {shell} started from now on completes nbx")
    else:
        app.note(f"completion for {shell} was installed already")
    return ExitCode.DONE


def run_uninstall(app: App, _scripts: Scripts, shell: str = "") -> ExitCode:
    """Undo what install did, and nothing else."""
    shell = _chosen(app, shell)
    changes: list[Change] = []
    for place in here.install_targets(shell, app.streams.environ):
        changes += _start_up(place, "")
        script = read_if_exists(place.script)
        # Install leaves no link: one that is there leads to the file of a package manager, such as pipx.
        ours = script and shells.is_nbx_script(script) and not place.script.is_symlink()
        changes.append(Change(place.script, script, None if ours else script, is_script=True))
    if not _apply(app, changes):
        app.note(f"completion for {shell} was not installed")
    return ExitCode.DONE


def _chosen(app: App, name: str) -> str:
    """Return the shell that was named, else the user's own, which is said. Raises UsageError."""
    if name:
        return shells.find_shell(name)
    shell, why = shells.detect_shell(app.streams.environ)
    app.note(f"the shell is {shell}: {why}")
    return shell


def _start_up(place: here.InstallTarget, block: str) -> Iterator[Change]:
    """Yield what becomes of the start-up file, with the block or, where that is empty, without one."""
    if place.rc is not None:
        old = read_if_exists(place.rc)
        try:
            yield Change(
                place.rc, old, rc_block.insert(old, block) if block else old and rc_block.remove(old)
            )
        except rc_block.RcBlockError as error:
            raise ConfigError(f"cannot change {place.rc}", str(error), "mend it by hand") from None


def _apply(app: App, changes: Iterable[Change]) -> bool:
    """Make the changes, name each file, and return whether there were any. Raises OutputError."""
    changed = [change for change in changes if change.old != change.new]
    for path, old, new, is_script in changed:
        if new is None:
            here.remove(path, app.streams.environ)
        else:
            here.write(path, new, replace_link=is_script)
        app.note(f"{'removed' if new is None else 'wrote' if old is None else 'changed'} {path}")
    return bool(changed)
