"""No server can make nbx use unbounded memory; the peak is measured in a separate process."""

import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.connections import flood
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, answer, event, head, status, token

MIB = 1024 * 1024
# VmHWM and not ru_maxrss, which a child process inherits from its parent.
MEASURED = """
import sys
from nebius_cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
sys.stderr.write(f"\\npeak {peak}")
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")


class Peak(NamedTuple):
    """How a run ended, and its peak memory in MiB."""

    code: int
    err: str
    mib: float


def measured(nbx: Runner, *args: str) -> Peak:
    """Run nbx and measure its peak memory."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Coverage would add its own memory.
        env={name: v for name, v in nbx.process_env().items() if not name.startswith("COVERAGE_")},
        timeout=120,
        check=False,
    )
    err, _, peak = done.stderr.decode().rpartition("\npeak ")
    return Peak(done.returncode, err, int(peak) / 1024)


def bomb(begin: bytes, piece: bytes, mib: int) -> bytes:
    """Return `begin` and `mib` MiB of repeated `piece`, in gzip."""
    packer = zlib.compressobj(9, wbits=31)
    block = piece * (MIB // len(piece))
    pieces = [packer.compress(begin), *(packer.compress(block) for _ in range(mib))]
    return b"".join(pieces) + packer.flush()


def packed(content_type: str, data: bytes) -> Reply:
    return [head(200, content_type, Content_Encoding="gzip", Connection="close"), data]


def frames(*values: Any) -> Reply:
    """Return a stream that sends these events over and over."""
    return [head(), flood(b"".join(map(event, values)) * 200)]


def members() -> Iterator[dict[str, Any]]:
    """Yield frames, each with a new member."""
    for number in range(200_000):
        yield {f"name-{number}": "x" * 100, "choices": []}


JSON, SSE = "application/json", "text/event-stream"
LIST: dict[str, Any] = {"x": [[]] * 1000}
STREAMED, WHOLE, MODELS = ("complete", "x"), ("complete", "x", "--json"), ("models",)
SMALL = ("--max-memory", "32")

# Replies are built only when a test needs them, as some take seconds.
HOSTILE: dict[str, tuple[Callable[[], Reply], tuple[str, ...], int, str]] = {
    "an error body of 100 MB": (lambda: [head(400), flood(b"busy " * 20_000)], STREAMED, 3, "busy busy"),
    "an endless error body of objects": (
        lambda: [head(400), b'{"detail":[', flood(b"{}," * 20_000)],
        STREAMED,
        3,
        "truncated",
    ),
    "a complete error body of objects": (
        lambda: [head(400, Connection="close"), b'{"detail":[' + b"{}," * 2_700_000 + b"{}]}"],
        STREAMED,
        3,
        "invalid or truncated",
    ),
    "an event of 50 MB": (
        lambda: [head(), b"data: ", flood(b"x" * MIB)],
        STREAMED,
        8,
        "an event of more than",
    ),
    "a multi-line event": (lambda: [head(), flood(b"data\n" * 20_000)], STREAMED, 8, "an event of more than"),
    "an event of many objects": (
        lambda: [head(), b'data: {"choices": [' + b"{}," * 5_000_000 + b"{}]}\n\n"],
        STREAMED,
        8,
        "an event is not JSON",
    ),
    "a gzip bomb in a stream": (
        lambda: packed(SSE, bomb(b"data: ", b" ", 1024)),
        STREAMED,
        8,
        "an event of more than",
    ),
    "a gzip bomb in an answer": (
        lambda: packed(JSON, bomb(b"{", b" ", 1024)),
        WHOLE,
        8,
        "the answer is larger than",
    ),
    "a gzip bomb in a list of models": (lambda: packed(JSON, bomb(b"[", b"[],", 64)), MODELS, 7, "too large"),
    "an answer of many objects": (
        lambda: [head(200, JSON), b'{"x": [' + b"{}," * 8_000_000],
        WHOLE,
        8,
        "not a complete",
    ),
    "endless text": (
        lambda: frames(token("ab" * 100)),
        (*STREAMED, *SMALL),
        8,
        "more than 32 MiB of memory",
    ),
    "endless text with --json": (
        lambda: frames(token("ab" * 100)),
        (*WHOLE, "--stream", *SMALL),
        8,
        "more than 32 MiB",
    ),
    "endless log probabilities": (
        lambda: frames(token("a", logprobs={"tokens": ["a"], "token_logprobs": [-1.5]})),
        (*STREAMED, *SMALL),
        8,
        "more than 32 MiB of memory",
    ),
    "endless lists": (
        lambda: frames({"choices": [{"index": 0, **LIST}]}),
        (*WHOLE, *SMALL),
        8,
        "more than 32 MiB",
    ),
    "endless new members": (
        lambda: [head(), b"".join(event(frame) for frame in members())],
        (*WHOLE, *SMALL),
        8,
        "more than 32 MiB of memory",
    ),
    "200,000 indexes": (
        lambda: [
            head(Connection="close"),
            b"".join(event(json.dumps({"choices": [{"index": n}]}).encode()) for n in range(200_000)),
        ],
        WHOLE,
        8,
        "without a finish_reason",
    ),
    "comments of 40 MB": (
        lambda: [head(Connection="close"), *[b": still here\n\n" * (MIB // 14)] * 40],
        STREAMED,
        8,
        "without a finish_reason",
    ),
    "a second choice that is held back": (
        lambda: [head(), flood(event(token("ab" * 100, 1)) * 200)],
        (*STREAMED, "-n", "2", *SMALL),
        8,
        "more than 32 MiB of memory",
    ),
}


@pytest.fixture(scope="session")
def peaks() -> list[float]:
    """The result of `usual`, which measures only once."""
    return []


@pytest.fixture
def usual(peaks: list[float], nbx: Runner, server: FakeServer) -> float:
    """The peak memory of a successful run, in MiB; measured once."""
    if not peaks:
        server.script(answer("text"))
        peaks.append(measured(nbx, "complete", "x").mib)
    return peaks[0]


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded(name: str, nbx: Runner, server: FakeServer, usual: float) -> None:
    reply, args, code, says = HOSTILE[name]
    server.script(reply())
    peak = measured(nbx, *args, "--retries", "0")
    assert (peak.code, says in peak.err) == (code, True), peak
    assert peak.mib - usual < 150, f"{peak.mib - usual:.0f} MiB more than usual"


def test_bulk_memory_is_bounded_with_many_large_answers_at_once(
    nbx: Runner, server: FakeServer, usual: float, tmp_path: Path
) -> None:
    at_once, rows = 32, tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"prompt":"row {row}"}}\n' for row in range(at_once)))
    large = json.dumps({"choices": [{"index": 0, "text": "x" * (6 * MIB), "finish_reason": "stop"}]}).encode()
    server.script(*[status(200, large)] * at_once)
    args = ("bulk", str(rows), "-o", str(tmp_path / "out.jsonl"), "--concurrency", str(at_once))
    peak = measured(nbx, *args)
    assert peak.code == 0, peak
    assert peak.mib - usual < 150, f"{peak.mib - usual:.0f} MiB more than usual"


def test_many_bulk_threads_use_little_memory(
    nbx: Runner, server: FakeServer, usual: float, tmp_path: Path
) -> None:
    at_once, rows = 64, tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"prompt":"row {row}"}}\n' for row in range(2 * at_once)))

    def pause(_: object) -> None:
        time.sleep(0.3)

    reply = json.dumps({"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}).encode()
    server.script(*[[pause, *status(200, reply)]] * (2 * at_once))
    args = ("bulk", str(rows), "-o", str(tmp_path / "out.jsonl"), "--concurrency", str(at_once))
    peak = measured(nbx, *args)
    assert peak.code == 0, peak
    assert peak.mib - usual < 40, f"{peak.mib - usual:.0f} MiB more than usual"
