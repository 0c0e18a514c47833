"""Splits a path from an OpenSSL variable into the file and the folders of certificate authorities."""

import os
from pathlib import Path


def exists(path: str) -> bool:
    """Return whether a path exists; False if its name is too long, as in a long list of paths."""
    return os.access(path, os.F_OK)


def split_list(path: str) -> list[str]:
    """Return the files and folders that a path names: the path itself if it exists, or a list of paths."""
    return [path] if exists(path) else path.split(os.pathsep)


def join(*paths: str) -> str:
    """Return the paths that are not empty, joined by os.pathsep."""
    return os.pathsep.join(filter(None, paths))


def split(path: str) -> tuple[str, str]:
    """Return the file and the folders (joined by os.pathsep) that a path names; either may be empty.

    A path that does not exist is returned as the file, so that opening it raises the error.
    """
    found = split_list(path) if path else []
    folders = [place for place in found if exists(place) and Path(place).is_dir()]
    files = [place for place in found if place not in folders and (exists(place) or not folders)]
    return files[0] if files else "", os.pathsep.join(folders)
