"""Distinguishes GGUF files with the same name: by content, to resume a run, and by path, for display."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path, PurePath

BLOCK_BYTES = 128 << 10
BLOCK_COUNT = 64  # read at even distances, because fine-tuning may change only some of the tensors


def content_id(file: str | None) -> str:
    """Return text that identifies the content of a model file: its size and a hash of 8 MiB of it.

    It is empty for None (the default model), and for an unreadable file, which the engine reports.
    """
    if file is None:
        return ""
    try:
        if not Path(file).is_file():  # reading a pipe would empty it
            return ""
        with Path(file).open("rb") as weights:
            size = weights.seek(0, 2)
            hashed = blake2b(b"%d" % size, digest_size=16)
            last = max(0, size - BLOCK_BYTES)
            for offset in sorted({last * number // (BLOCK_COUNT - 1) for number in range(BLOCK_COUNT)}):
                weights.seek(offset)
                hashed.update(weights.read(BLOCK_BYTES))
    except OSError:
        return ""
    return hashed.hexdigest()


def distinct_names(names: Sequence[str], files: Sequence[str | None]) -> list[str]:
    """Return the names of models or, if some are equal, the shortest ends of their paths that differ.

    `files` has the path of each model, None for a model without its own file.
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
