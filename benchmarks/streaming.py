"""How fast tokens pass through nbx, next to a bare `read1` + `json` loop on the same server.

python benchmarks/streaming.py            every table
python benchmarks/streaming.py rate       tokens a second into a pipe, as a share of the bare loop's
python benchmarks/streaming.py delay      from the server's send to the reader of a pipe or terminal
python benchmarks/streaming.py json       CPU of --ndjson and --json, as a ratio to that of plain text
python benchmarks/streaming.py flat       processor share of the live display along a long answer
"""

import os
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from streams import FRAMINGS, serving

NBX = (sys.executable, "-m", "nebius_cli", "complete", "x", "--no-usage")
# What anybody would write in the place of nbx: no limits, no retries, no judgement of the answer.
BARE = """
import json, sys
import requests
response = requests.post(sys.argv[1] + "/completions", json={"model": "m", "prompt": "x"}, stream=True)
out, rest = open(1, "wb", buffering=0), b""
while chunk := response.raw.read1(65536, decode_content=True):
    *events, rest = (rest + chunk).split(b"\\n\\n")
    texts = [json.loads(event[6:])["choices"][0]["text"] for event in events if event != b"data: [DONE]"]
    out.write("".join(texts).encode())
"""
ROUNDS = 5
BURST = 200_000
TOKENS_PER_SECOND = 200


def environment(base: str) -> dict[str, str]:
    """Return an environment in which nbx calls the benchmark's server."""
    return {**os.environ, "NEBIUS_API_KEY": "benchmark", "NEBIUS_BASE_URL": base, "NEBIUS_MODEL": "m"}


def seconds(command: Sequence[str], base: str) -> float:
    """Return how long a command takes whose output goes into a pipe."""
    started = time.perf_counter()
    subprocess.run(command, env=environment(base), stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - started


def rate() -> None:
    """Print tokens a second, start-up taken out, for each framing."""
    print(
        f"tokens/s into a pipe, {BURST:,} tokens, median of {ROUNDS}\n{'framing':18}{'bare loop':>12}", end=""
    )
    print(f"{'nbx':>12}{'nbx/bare':>10}")
    for framing in FRAMINGS:
        with serving(framing, BURST) as base, serving(framing, 1) as empty:
            rates: dict[str, list[float]] = {"bare": [], "nbx": []}
            for _ in range(ROUNDS):
                for name, words in (
                    ("bare", lambda url: (sys.executable, "-c", BARE, url)),
                    ("nbx", lambda _: NBX),
                ):
                    taken = seconds(words(base), base) - seconds(words(empty), empty)
                    rates[name].append(BURST / taken)
        bare, ours = statistics.median(rates["bare"]), statistics.median(rates["nbx"])
        share = statistics.median(o / b for o, b in zip(rates["nbx"], rates["bare"], strict=True))
        print(f"{framing:18}{bare:12,.0f}{ours:12,.0f}{share:10.2f}")


def json_output(tokens: int = BURST) -> None:
    """Print the CPU seconds of each form of output into a pipe, start-up taken out."""
    print(f"CPU for {tokens:,} tokens into a pipe, medians of {ROUNDS}")
    forms: dict[str, list[float]] = {"": [], "--ndjson": [], "--json": []}
    with serving("chunked", tokens) as base, serving("chunked", 1) as empty:
        for _ in range(ROUNDS):
            for form, found in forms.items():
                words = (*NBX, *form.split())
                found.append(cpu_seconds(words, base) - cpu_seconds(words, empty))
    for form, found in forms.items():
        share = statistics.median(one / plain for one, plain in zip(found, forms[""], strict=True))
        print(f"{form or 'plain text':12}{statistics.median(found):7.2f} s{share:7.2f} of plain text")


def cpu_seconds(command: Sequence[str], base: str) -> float:
    """Return the CPU seconds of a command whose output goes into a pipe."""
    with subprocess.Popen(command, env=environment(base), stdout=subprocess.PIPE) as process:
        while process.stdout.read(1 << 20):  # type: ignore[union-attr]
            pass
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def delays(read: Callable[[], bytes]) -> list[float]:
    """Return milliseconds from the sending of each token to its reading."""
    found, rest = [], b""
    while data := read():
        now = time.monotonic_ns()
        *whole, rest = (rest + data).split(b" ")
        found += [(now - int(stamp)) / 1e6 for stamp in whole if stamp.strip().isdigit()]
    return found


def through_pipe(command: Sequence[str], base: str) -> list[float]:
    """Return the delays of a command whose output goes into a pipe."""
    with subprocess.Popen(command, env=environment(base), stdout=subprocess.PIPE) as process:
        return delays(lambda: os.read(process.stdout.fileno(), 65536))  # type: ignore[union-attr]


def onto_terminal(command: Sequence[str], base: str) -> list[float]:
    """Return the delays of a command on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment(base), stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)

        def read() -> bytes:
            try:
                return os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                return b""

        return delays(read)


def delay(tokens: int = 1000) -> None:
    """Print how late a token is, per framing and per place it goes to."""
    print(f"delay a token in ms at {TOKENS_PER_SECOND} tokens/s, {tokens:,} tokens")
    print(f"{'framing':18}{'what':16}{'p50':>8}{'p99':>8}{'max':>8}")
    for framing in FRAMINGS:
        with serving(framing, tokens, rate=TOKENS_PER_SECOND) as base:
            bare = (sys.executable, "-c", BARE, base)
            measured = {
                "bare, pipe": through_pipe(bare, base),
                "nbx, pipe": through_pipe(NBX, base),
                "nbx, terminal": onto_terminal(NBX, base),
            }
        for what, found in measured.items():
            if len(found) != tokens:
                raise SystemExit(f"{what}, {framing}: {len(found)} of {tokens} tokens seen")
            p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
            print(f"{framing:18}{what:16}{p50:8.2f}{p99:8.2f}{max(found):8.2f}")


def flat(tokens: int = 20_000) -> None:
    """Print the processor share of nbx in each quarter of a long answer, drawn live (two choices) or not."""
    print(f"processor share at {TOKENS_PER_SECOND} tokens/s on a terminal, {tokens:,} tokens, by quarter")
    for choices in (1, 2):
        with serving("chunked", tokens, rate=TOKENS_PER_SECOND, choices=choices) as base:
            shares = quarters((*NBX, "-n", str(choices)), base, tokens / TOKENS_PER_SECOND)
        print(f"n={choices}: " + "  ".join(f"{share:.1%}" for share in shares))


def quarters(command: Sequence[str], base: str, duration: float) -> list[float]:
    """Return the processor share of a command on a terminal in each quarter of its run."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, env=environment(base), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        marks = [(time.monotonic(), used(process.pid))]
        while len(marks) < 5:
            wanted = marks[0][0] + len(marks) * duration / 4 - 0.5
            if os.read(ours, 1 << 20) and time.monotonic() >= wanted:
                marks.append((time.monotonic(), used(process.pid)))
        process.kill()
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(marks)]


def used(process: int) -> float:
    """Return the processor seconds that a process has used (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("rate", "delay", "json", "flat"):
        {"rate": rate, "delay": delay, "json": json_output, "flat": flat}[name]()
        print()
