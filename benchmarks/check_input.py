"""How long `nbx bulk` takes to check a big input before its first request.

    python benchmarks/check_input.py                 1 GB of rows of 1,000 bytes
    python benchmarks/check_input.py --quick         a tenth of it
    python benchmarks/check_input.py --other PYTHON  also the nbx of another environment, in turn

Next to a loop that does nothing but parse each line, and to the same run with --max-tokens-total, for which a
row's request has to be made as well. Prints seconds until the first request, and ratios within a turn.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import nbx, serving, until_first_request, write_rows

ROW_BYTES = 1000
PARSE = "import json, sys\nfor line in open(sys.argv[1], 'rb'): json.loads(line)"
CAP = ("--max-tokens-total", "1000000000000")


def first_request(source: Path, folder: Path, python: str, *flags: str) -> float:
    """Return the seconds from the start of nbx to its first request."""
    target = folder / "answers.jsonl"
    with serving("--delay", "0.2") as server:
        words, environ = nbx(server, folder, source, target, *flags)
        seconds = until_first_request(server, [python, "-P", *words[1:]], environ)
    for path in folder.glob("answers*"):
        path.unlink()
    return seconds


def parsing(source: Path) -> float:
    """Return the seconds of a loop that parses each line."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", PARSE, source], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--other", default="", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows = 100_000 if given.quick else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_rows(folder / "rows.jsonl", rows, ROW_BYTES)
        ways: dict[str, Callable[[], float]] = {
            "nbx bulk": lambda: first_request(source, folder, sys.executable),
            "nbx bulk with a cap": lambda: first_request(source, folder, sys.executable, *CAP),
            "json.loads of each line": lambda: parsing(source),
        }
        if given.other:
            ways["the other nbx bulk"] = lambda: first_request(source, folder, given.other)
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(given.rounds):
            for way, measure in ways.items():
                taken[way].append(measure())
    print(f"{rows:,} rows of {ROW_BYTES} bytes, medians of {given.rounds}")
    for way, found in taken.items():
        share = statistics.median(mine / one for mine, one in zip(taken["nbx bulk"], found, strict=True))
        print(f"  {way:26}{statistics.median(found):7.2f} s   nbx bulk takes {share:.2f} of it")


if __name__ == "__main__":
    main()
