"""python -m tests.fuzz: a long run of the fuzz targets.

Gives every target inputs of `--bytes` bytes in total and prints the number of inputs. An input that raises is
reported with its traceback, and saved to a file if --save names a folder; the exit code is then 1.
"""

import argparse
import hashlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.mutate import inputs
from tests.fuzz.target import Target, corpus
from tests.fuzz.targets import TARGETS

MAX_SHOWN = 5  # failures of one target, after which its run ends


class Figures(NamedTuple):
    """The counts and failures of a run."""

    inputs: int
    size: int
    failures: list[bytes]


def run(name: str, target: Target, size: int, seed: int) -> Figures:
    """Give a target inputs of `size` bytes in total, and report on stderr the inputs that raise."""
    count = total = 0
    failures: list[bytes] = []
    for data in inputs([*corpus(name).values()], target.words, seed):
        if total >= size or len(failures) == MAX_SHOWN:
            break
        count += 1
        total += len(data) or 1
        try:
            target.run(data)
        except Exception:  # noqa: BLE001 - any exception is a failure
            failures.append(data)
            sys.stderr.write(f"{name}: {data[:2000]!r}\n{traceback.format_exc()}\n")
    return Figures(count, total, failures)


def main(words: Sequence[str]) -> int:
    """Run the targets that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=str(__doc__).partition("\n\n")[0]
    )
    parser.add_argument("--bytes", type=int, default=1_000_000, help="for each target (default 1,000,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="folder for the inputs that raised")
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="default: all")
    asked = parser.parse_args(words)
    failed = 0
    for name in asked.targets or TARGETS:
        figures = run(name, TARGETS[name], asked.bytes, asked.seed)
        failed += len(figures.failures)
        sys.stdout.write(
            f"{name}: {figures.inputs:,} inputs, {figures.size:,} bytes, {len(figures.failures)} failures\n"
        )
        sys.stdout.flush()
        for data in figures.failures if asked.save else ():
            asked.save.mkdir(parents=True, exist_ok=True)
            (asked.save / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
