"""Splits the path in a variable of OpenSSL into the file and the folders of certificate authorities."""

import os
from pathlib import Path


def exists(path: str) -> bool:
    """Return whether there is something at a path; not where its name is too long, as of a long list."""
    return os.access(path, os.F_OK)


def places(path: str) -> list[str]:
    """Return the files and folders that a path names: the path itself, or those in a list of paths."""
    return [path] if exists(path) else path.split(os.pathsep)


def join(*paths: str) -> str:
    """Return a list of the paths that are not empty."""
    return os.pathsep.join(filter(None, paths))


def split(path: str) -> tuple[str, str]:
    """Return the file, empty for none, and the folders as a list in one text, empty for none.

    Where nothing is, that is the file: whoever opens it finds out.
    """
    found = places(path) if path else []
    folders = [place for place in found if exists(place) and Path(place).is_dir()]
    files = [place for place in found if place not in folders and (exists(place) or not folders)]
    return files[0] if files else "", os.pathsep.join(folders)
