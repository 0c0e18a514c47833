"""How fast `nbx bulk --local` is with several numbers of requests at a time, and what memory they take.

    python benchmarks/bulk_local.py                 4, 8 and 16 requests at a time
    python benchmarks/bulk_local.py 4 16 --rows 96  some of them

The model is the small one that nbx knows, which must have been fetched (`nbx local fetch`). The runs take
turns; ratios are taken within a turn, to the first number. Memory is that of the engine's process at most.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BETWEEN_SAMPLES_S = 0.2


def run(source: Path, target: Path, concurrency: int, tokens: int) -> tuple[float, float]:
    """Run nbx once; return the seconds, and the most memory of its children in MiB."""
    target.unlink(missing_ok=True)
    words = [sys.executable, "-m", "nebius_cli", "bulk", str(source), "-o", str(target), "--local", "-q"]
    words += ["--max-tokens", str(tokens), "--concurrency", str(concurrency), "--no-ledger"]
    started, peak = time.perf_counter(), 0.0
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, memory_of_children(process.pid))
            time.sleep(BETWEEN_SAMPLES_S)
    if process.returncode:
        raise SystemExit(f"nbx ended with {process.returncode}")
    return time.perf_counter() - started, peak


def memory_of_children(parent: int) -> float:
    """Return the memory that the children of a process hold, in MiB."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == parent:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total / 2**20


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("concurrency", nargs="*", type=int, default=[4, 8, 16])
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "rows.jsonl"
        prompts = (f"Story number {number}: once upon a time" for number in range(given.rows))
        source.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
        taken: dict[int, list[tuple[float, float]]] = {number: [] for number in given.concurrency}
        for _ in range(given.rounds):
            for number, found in taken.items():
                found.append(run(source, Path(name) / "answers.jsonl", number, given.tokens))
    first = taken[given.concurrency[0]]
    print(f"{given.rows} rows, {given.tokens} tokens each, medians of {given.rounds}")
    for number, found in taken.items():
        seconds, peak = (statistics.median(one[part] for one in found) for part in (0, 1))
        share = statistics.median(one[0] / other[0] for one, other in zip(found, first, strict=True))
        print(f"  {number:3} at a time {seconds:7.1f} s, {share:.2f} of the first  {peak:7.0f} MiB")


if __name__ == "__main__":
    main()
