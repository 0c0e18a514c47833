"""Tells two model files of the same name apart. Pure."""

from collections.abc import Sequence
from pathlib import PurePath


def model_file_names(names: Sequence[str], files: Sequence[str | None]) -> list[str]:
    """Return the names of models; if they are equal, with as much of the paths of the files as differs.

    `files` has the path of each model, None for one without a file of its own.
    """
    if len(set(names)) == len(names):
        return list(names)
    paths = [PurePath(file or name) for name, file in zip(names, files, strict=True)]
    longest = max(len(path.parts) for path in paths)
    for count in range(1, longest + 1):
        found = ["/".join(path.parts[-count:]) for path in paths]
        if len(set(found)) == len(found):
            return found
    return list(names)
