"""Start servers and programs and measure them: seconds, CPU, memory, what the server saw."""

import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BETWEEN_SAMPLES = 0.1  # seconds


@dataclass
class Run:
    """One process, from its start to its end."""

    seconds: float = 0.0
    cpu: float = 0.0  # seconds, user and system
    peak: float = 0.0  # MiB
    samples: list[tuple[int, float]] = field(default_factory=list)  # size of the output in bytes, MiB


@dataclass(frozen=True)
class Server:
    """A running bulk_server.py."""

    port: int
    pid: int
    authorities: str = ""  # a file that says who is trusted; empty for plain HTTP

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{'https' if self.authorities else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which every client trusts the server."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return dict.fromkeys(names, self.authorities) if self.authorities else {}

    def stats(self) -> dict[str, Any]:
        """Return what the server has counted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        if self.authorities:
            trust = ssl.create_default_context(cafile=self.authorities)
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust)
        try:
            connection.request("GET", "/stats")
            stats: dict[str, Any] = json.loads(connection.getresponse().read())
            return stats
        finally:
            connection.close()


def row(index: int, length: int = 0) -> str:
    """Return one line of an input file; the line has `length` bytes or somewhat more."""
    prompt = f"Prompt number {index}: once upon a time there was"
    return json.dumps({"id": f"row-{index}", "prompt": prompt.ljust(length - 35, ".")}) + "\n"


def write_rows(path: Path, count: int, length: int = 0) -> Path:
    """Write an input file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(row(index, length) for index in range(count))
    return path


def certificates(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1, with its key, and the authorities to trust: certifi's and its own."""
    import certifi
    import trustme

    own, trusted = folder / "server.pem", folder / "authorities.pem"
    if not trusted.exists():
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
        trusted.write_bytes(authority.cert_pem.bytes() + Path(certifi.where()).read_bytes())
    return own, trusted


@contextlib.contextmanager
def serving(*options: str, tls: Path | None = None) -> Iterator[Server]:
    """Run a server of its own for the time of a `with`; with TLS if `tls` is a folder for certificates."""
    command, authorities = [sys.executable, str(HERE / "bulk_server.py"), *options], ""
    if tls is not None:
        own, trusted = certificates(tls)
        command, authorities = [*command, "--tls", str(own)], str(trusted)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        try:
            yield Server(int(process.stdout.readline()), process.pid, authorities)
        finally:
            process.kill()


def nbx(
    server: Server, home: Path, source: Path, target: Path, *flags: str
) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment of `nbx bulk`: nothing configured, a key, a model."""
    words = [sys.executable, "-m", "nebius_cli", "bulk", str(source), "-o", str(target), *flags]
    words += ["--base-url", server.url, "--model", "m", "--max-tokens", "16"]
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    folders = {name: str(home / name.lower()) for name in ("NBX_CONFIG_DIR", "NBX_CACHE_DIR", "NBX_DATA_DIR")}
    return words, {**keep, **folders, **server.environ, "HOME": str(home), "NEBIUS_API_KEY": "none"}


def loop(
    server: Server, name: str, source: Path, target: Path, concurrency: int, python: str = sys.executable
) -> list[str]:
    """Return the command line of a bare loop."""
    words = [python, str(HERE / "loops.py"), name, str(source), str(target)]
    return [*words, "--url", server.url, "--concurrency", str(concurrency)]


def run(command: Sequence[str], environ: dict[str, str] | None = None, *, watch: Path | None = None) -> Run:
    """Run a program to its end; `watch` is its output, by whose size its memory is noted on the way.

    Raises RuntimeError where it fails.
    """
    found = Run()
    began = time.monotonic()
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as process:
        said: list[bytes] = []
        reader = threading.Thread(
            target=lambda: said.append(process.stderr.read() if process.stderr else b"")
        )
        reader.start()
        while watch is not None and not _ended(process.pid):
            found.samples.append((watch.stat().st_size if watch.exists() else 0, memory(process.pid)))
            time.sleep(BETWEEN_SAMPLES)
        _, status, usage = os.wait4(process.pid, 0)
        found.seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        reader.join()
    found.cpu = usage.ru_utime + usage.ru_stime
    found.peak = usage.ru_maxrss / 1024
    if process.returncode:
        text = b"".join(said).decode()[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {text}")
    return found


def until_first_request(server: Server, command: Sequence[str], environ: dict[str, str]) -> float:
    """Return the seconds from the start of a program to its first request; it is killed then."""
    began = time.time()
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        while not (first := server.stats()["first_at"]):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with {process.returncode} and sent nothing")
            time.sleep(0.05)
        process.kill()
    return float(first) - began


def memory(pid: int) -> float:
    """Return what a process holds in memory, in MiB; 0 where it is gone."""
    with contextlib.suppress(OSError), Path(f"/proc/{pid}/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def _ended(pid: int) -> bool:
    # WNOWAIT leaves the process to be waited for by wait4, which knows what it used.
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
