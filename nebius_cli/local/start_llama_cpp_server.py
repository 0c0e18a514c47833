"""Starts and stops the embedded engine: llama.cpp's server in a separate process, with the same API.

In the process of nbx, destroying the server would hold the interpreter lock for 30 seconds while a stream is
open, and an abort of the engine would end nbx.
"""

import contextlib
import json
import secrets
import socket
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Self

from nebius_cli.core.errors_and_exit_codes import (
    ConfigError,
    IncompleteError,
    NbxError,
    NetworkError,
    UsageError,
)
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.core.secret import Secret
from nebius_cli.system import child_process
from nebius_cli.system.end_stuck_child import ChildWatch

MAX_CONTEXT_TOKENS = 32_768  # the cache of a 128 k context takes minutes to clear, and a lot of memory
MIN_FIT_CHECK_BYTES = 1 << 30  # smaller models fit in memory, and the check takes 0.2 s
LOAD_TIMEOUT_S = 3600.0  # a slow disk may take long; a stopped process is noticed much sooner
ENDED = "the local engine stopped unexpectedly"
EXIT_WAIT_S = 0.5  # how long to wait for the process to end after its connection broke


class ModelFileError(ConfigError):
    """The GGUF file `path` cannot be loaded."""

    def __init__(self, path: Path, what: str, why: str) -> None:
        super().__init__(what, why, "choose another GGUF file")
        self.path = path


class EngineChild:
    """Runs a script of this folder in a watched child process; `options` are passed to Popen."""

    def __init__(self, script: str, **options: Any) -> None:
        self.process = child_process.start(
            [sys.executable, "-P", str(Path(__file__).with_name(script))],
            failure="cannot start the local engine",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **options,
        )
        self.stdin: IO[bytes] = self.process.stdin  # type: ignore[assignment]  # a pipe
        self.stdout: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        self.watch = ChildWatch(self.process)

    def stop(self) -> None:
        """Kill the process. May be called more than once."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.stdin, self.stdout):
            with contextlib.suppress(OSError):  # unsent bytes for a process that has ended
                pipe.close()


class Engine:
    """A server for one GGUF file on the loopback interface, for the duration of a `with` block.

    Entering starts the process and returns at once; `ready` and `base_url` wait until the model is loaded.
    `parallel` is the number of requests at a time (and the maximum of `n`), `caches` the number of them that
    can use a full context. With `for_scoring`, attention uses 32 bits instead of 16, as in
    llama_cpp_scoring_script.py. Raises UsageError for an unreadable file or a used port, else ConfigError.
    """

    def __init__(
        self, path: Path, *, port: int = 0, parallel: int = 4, caches: int = 1, for_scoring: bool = False
    ) -> None:
        self.model = path.stem
        self.context_tokens = context_tokens(path)
        self.key = Secret(secrets.token_urlsafe(32))
        self._path = path
        self._given_port = port
        self._launch_options = {
            "path": str(path.absolute()),
            "alias": self.model,
            "port": port,
            "parallel": parallel,
            "context": caches * self.context_tokens,
            "for_scoring": for_scoring,
            "fit": path.stat().st_size > MIN_FIT_CHECK_BYTES,
        }
        self._port = 0

    def __enter__(self) -> Self:
        self._child = EngineChild("llama_cpp_engine_process.py", stderr=subprocess.STDOUT, bufsize=0)
        launch_options = self._launch_options | {"key": self.key.reveal()}
        try:
            self._child.stdin.write(json.dumps(launch_options).encode() + b"\n")
        except OSError:
            pass  # the process ended at once; `ready` reports why
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cause = self.exit_error(EXIT_WAIT_S) if isinstance(error, NetworkError | IncompleteError) else None
        if cause is not None and isinstance(error, NbxError) and error.what != cause.what:
            # The connection broke or was refused because the engine has ended, so report that instead.
            error.what, error.why, error.hint = cause.what, cause.why, cause.hint
        self.stop()

    def exit_error(self, wait_s: float = 0.0) -> NetworkError | None:
        """Return an error that says why the process has ended, None while it runs; wait up to `wait_s`."""
        try:
            code = self._child.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None
        if self._child.watch.reason:
            return NetworkError(ENDED, self._child.watch.reason, "run the command again")
        why = f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
        if code == -9:
            why += ", probably because memory ran out"
        return NetworkError(ENDED, why, "free some memory, or choose a smaller model")

    @property
    def base_url(self) -> str:
        """The base URL of the API; waits until the model is loaded."""
        self.ready()
        return f"http://127.0.0.1:{self._port}/v1"

    def ready(self) -> None:
        """Wait until the model is loaded.

        Raises ConfigError or UsageError if loading fails, NetworkError if the process is stopped or hangs.
        """
        if self._port:
            return
        child, log_lines = self._child, list[str]()
        with child.watch.limit(LOAD_TIMEOUT_S):
            for line in child.stdout:
                if line.startswith(b'{"port"'):
                    self._port = json.loads(line)["port"]
                    return
                log_lines.append(line.decode("utf-8", "replace").strip())
            code = child.process.wait()
        if child.watch.reason:
            raise NetworkError(ENDED, child.watch.reason, "run the command again")
        raise self._failure([line for line in log_lines if line], code)

    def wait(self) -> int:
        """Wait until the process ends (normally it does not by itself); return its exit code."""
        return self._child.process.wait()

    def stop(self) -> None:
        """Kill the process. May be called more than once."""
        self._child.stop()

    def _failure(self, log_lines: list[str], code: int) -> ConfigError | UsageError:
        if self._given_port and _port_in_use(self._given_port):
            return UsageError(
                f"port {self._given_port} is already in use", "another program is listening on it"
            )
        marker = "error loading model: "
        why = next((line.partition(marker)[2] for line in log_lines if marker in line), "")
        if not why:
            why = "probably not enough memory" if code == -9 else (log_lines or [f"exit code {code}"])[-1]
        return ModelFileError(self._path, f"cannot load {self._path}", why)


def require_engine() -> None:
    """Raise ConfigError if the engine is not installed."""
    if find_spec("xllamacpp") is None:
        raise ConfigError(
            "the local engine is not installed", "it needs the package xllamacpp", install_hint("local")
        )


def context_tokens(path: Path) -> int:
    """Return the context length in tokens to run a GGUF file with, 0 for the engine's default.

    Raises UsageError for an unreadable file, ConfigError for one that is not GGUF.
    """
    return min(_trained_context(path), MAX_CONTEXT_TOKENS)


def _trained_context(path: Path) -> int:
    """Return the context length in tokens that the model was trained with, 0 if the file does not say.

    Raises UsageError for an unreadable file, ConfigError for one that is not GGUF.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot read the model {path}", "it is not a file")
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
    except OSError as error:
        raise UsageError(f"cannot read the model {path}", error.strerror or str(error)) from None
    if not head.startswith(b"GGUF"):
        raise ModelFileError(path, f"{path} is not a GGUF file", "it does not begin with GGUF")
    key = b".context_length" + struct.pack("<I", 4)  # type 4: a 32-bit number follows
    found = head.find(key)
    value = head[found + len(key) :][:4] if found >= 0 else b""
    return int.from_bytes(value, "little")


def _port_in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
