"""Finds the files of the input, and the file system of a path or URI: local or an object store."""

import fnmatch
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nebius_cli.bulk.input.format_names import format_of
from nebius_cli.cluster.job_for_actors import InputFile
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.short_text import first_line

GLOB = "*?["


def locate(path: str) -> tuple[Any, str]:
    """Return the file system of a path or URI, and the path in it. Raises UsageError."""
    import pyarrow as pa
    from pyarrow import fs

    if "://" not in path:
        return fs.LocalFileSystem(), os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111
    try:
        system, rest = fs.FileSystem.from_uri(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"cannot use {path}", first_line(error)) from None
    return system, rest


def input_files(paths: Sequence[str], format_flag: str | None) -> tuple[Any, list[InputFile], int]:
    """Return the file system of several inputs, their files in order, and the number of other files.

    Raises UsageError, also for inputs on different file systems.
    """
    found = [_files_of(path, format_flag) for path in paths]
    system = found[0][0]
    for path, (other, _, _) in zip(paths, found, strict=True):
        if not other.equals(system):
            what = f"{path} and {paths[0]} are on different file systems"
            raise UsageError(what, "a run can read from only one", "run nbx once for each")
    files = [file for _, some, _ in found for file in some]
    if len(files) > 1:  # each of several files has a name, for the ids of its rows
        files = [replace(file, name=file.name or file.path.rpartition("/")[2]) for file in files]
        if len({file.name for file in files}) < len(files):  # same name in several folders
            files = [replace(file, name=file.path) for file in files]
    if twice := [path for path, count in Counter(file.path for file in files).items() if count > 1]:
        raise UsageError(
            f"{twice[0]} is named twice",
            "each row is sent once",
            "for several answers to each row, use --n N",
        )
    return system, files, sum(others for _, _, others in found)


def _files_of(path: str, format_flag: str | None) -> tuple[Any, list[InputFile], int]:
    """Return the file system of the input, its files in order, and the number of other files.

    The input is a file, a folder or a pattern. In folders, files with an unknown format are left out and
    counted; those whose names begin with a dot or an underscore are ignored. Raises UsageError.
    """
    from pyarrow import fs

    system, found = locate(path)
    wild = any(mark in found for mark in GLOB)
    base = found.partition(next(mark for mark in found if mark in GLOB))[0] if wild else found
    base = base.rpartition("/")[0] if wild else base.rstrip("/")
    try:
        info = system.get_file_info(base)
        if info.type == fs.FileType.File:
            return system, [InputFile(base, "", format_of(base, format_flag)[0], info.size)], 0
        infos = system.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    except OSError as error:
        raise UsageError(f"cannot read {path}", first_line(error)) from None
    files, others = [], 0
    for one in sorted(infos, key=lambda info: info.path):
        name = one.path.removeprefix(base).lstrip("/")
        if one.type != fs.FileType.File or (wild and not fnmatch.fnmatch(one.path, found)):
            continue
        if any(part.startswith((".", "_")) for part in name.split("/")):
            continue
        try:
            files.append(InputFile(one.path, name, format_of(one.path, format_flag)[0], one.size))
        except UsageError:
            others += 1
    if not files:
        raise UsageError(f"no input in {path}", "no file there has a known format", "set --format NAME")
    return system, files, others
