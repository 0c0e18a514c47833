"""Runs the benchmarks' server in a separate process that a test can start, kill and restart."""

import json
import random
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

SERVER = Path(__file__).parents[2] / "benchmarks" / "bulk_server.py"


class BulkServer:
    """Answers completions until it is killed; its log file is kept when it restarts."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder / "sent.jsonl"
        self.port = _port()
        words = [sys.executable, str(SERVER), "--port", str(self.port), "--log", str(self.log)]
        self._command = [*words, *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start, or restart at the same address; return when the server listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{self.port}\n".encode()

    def kill(self) -> None:
        """End it as kill -9 does; unfinished answers are lost."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def count(self) -> int:
        """Return how many prompts were received."""
        return self._lines().count(b"\n")

    def sent(self) -> Counter[str]:
        """Return how often each prompt was received."""
        return Counter(json.loads(line) for line in self._lines().splitlines())

    def _lines(self) -> bytes:
        data = self.log.read_bytes() if self.log.exists() else b""
        return data[: data.rfind(b"\n") + 1]  # the last line may be incomplete


def _port() -> int:
    """Return a free port outside the ephemeral range, so it stays free while the server is down."""
    rng = random.SystemRandom()
    while True:
        port = rng.randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
