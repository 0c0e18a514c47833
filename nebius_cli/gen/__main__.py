"""`python -m nebius_cli.gen --write | --check`: writes or checks all files generated from the code."""

import argparse
import ast
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from nebius_cli.command_tree import commands_as_data as tree
from nebius_cli.command_tree import read_typer_commands
from nebius_cli.commands import root
from nebius_cli.gen import man, markdown_tables, replace_marked_block
from nebius_cli.shell_completion import generator_of_shell

SCRIPTS = {
    f"completions/{generator_of_shell.FILE_NAMES[shell]}": make
    for shell, make in generator_of_shell.GENERATORS.items()
}
ARCHITECTURE = "docs/architecture.md"
PROJECT_LINE = 'name = "nebius-cli"'
WRITE_COMMAND = "python -m nebius_cli.gen --write"


class GenError(Exception):
    """The files cannot be generated; the message says why."""


def command_tree() -> tree.Command:
    """Return the command tree of nbx."""
    return read_typer_commands.read_tree(typer.main.get_command(root.build()), "nbx")


def module_summaries() -> dict[str, str]:
    """Return the first docstring line of each module by its path; modules without one are left out."""
    package = Path(__file__).parents[1]
    paths = sorted(package.rglob("*.py"), key=lambda path: (str(path.parent), path.name))
    docstrings = {path: ast.get_docstring(ast.parse(path.read_text("utf-8"))) for path in paths}
    return {
        path.relative_to(package.parent).as_posix(): text.partition("\n")[0]
        for path, text in docstrings.items()
        if text
    }


def find_repository(start: Path) -> Path:
    """Return the folder of the project's pyproject.toml, at `start` or above. Raises GenError."""
    for folder in (start, *start.parents):
        project = folder / "pyproject.toml"
        if project.is_file() and PROJECT_LINE in project.read_text("utf-8"):
            return folder
    raise GenError(
        f"{start} is not inside the repository: no pyproject.toml with {PROJECT_LINE} here or above"
    )


def generate(repository: Path, command: tree.Command) -> dict[str, str]:
    """Return the content of each generated file by its path in the repository. Raises GenError."""
    files = {path: make(command) for path, make in SCRIPTS.items()} | man.pages(command)
    blocks = [(path, name, markdown_tables.BLOCKS[name](command)) for path, name in markdown_tables.TARGETS]
    blocks.append((ARCHITECTURE, "modules", markdown_tables.modules_tables(module_summaries())))
    for path, name, block in blocks:
        try:
            text = files.get(path) or (repository / path).read_text("utf-8")
            files[path] = replace_marked_block.replace_block(text, name, block)
        except FileNotFoundError:
            raise GenError(
                f"{path} is missing; it must contain the markers {replace_marked_block.markers(name)}"
            ) from None
        except replace_marked_block.MarkerError as error:
            raise GenError(f"{path} {error}") from None
    return files


def stale_paths(repository: Path, files: dict[str, str]) -> list[str]:
    """Return the paths of files that are missing or differ."""
    found = []
    for path, text in files.items():
        target = repository / path
        if not target.is_file() or target.read_text("utf-8") != text:
            found.append(path)
    return found


def orphaned_pages(repository: Path, files: dict[str, str]) -> list[str]:
    """Return the paths of man pages whose command no longer exists."""
    pages = (f"{man.FOLDER}/{page.name}" for page in (repository / man.FOLDER).glob("*.1"))
    return sorted(set(pages) - set(files))


def run(arguments: Sequence[str], folder: Path) -> int:
    """Write or check the files of the repository around `folder`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nebius_cli.gen", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the stale files")
    action.add_argument("--check", action="store_true", help="list the stale files; exit 1 if there are any")
    options = parser.parse_args(arguments)
    try:
        repository = find_repository(folder)
        files = generate(repository, command_tree())
    except GenError as error:
        sys.stderr.write(f"nebius_cli.gen: {error}\n")
        return 1
    gone = orphaned_pages(repository, files)
    for path in gone:
        if options.write:
            (repository / path).unlink()
        sys.stderr.write(f"{path}: {'removed' if options.write else 'no such command'}\n")
    for path in (changed := stale_paths(repository, files)):
        if options.write:
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(files[path], "utf-8", newline="\n")
        sys.stderr.write(f"{path}: {'written' if options.write else 'stale'}\n")
    if options.check and (changed or gone):
        sys.stderr.write(f"to update them, run {WRITE_COMMAND}\n")
    return 1 if options.check and (changed or gone) else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], Path.cwd()))
