"""How fast and how big `nbx bulk` is, against an ideal and against bare loops on the same server.

    python benchmarks/bulk.py --quick            # everything, in small
    python benchmarks/bulk.py ideal loops        # some of it, in full
    python benchmarks/bulk.py million start      # a million rows; needs 3 GB of disk

Needs nbx and aiohttp (the extra `bench`). The contestants of a table are measured turn and turn about; ratios
are taken within a turn, and what is printed is the median of the turns. The time and CPU of a start-up,
measured by a run of one row, are taken off. CPU is the client's process alone, user and system.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulk_size import large, million, start
from loops import LOOPS
from measure import Run, loop, nbx, run, serving, write_rows

NBX = "nbx bulk"
# concurrency, delay in seconds, rows, rows with --quick
IDEALS = ((64, 0.1, 9_600, 3_200), (256, 1.0, 5_120, 1_024))
LOOPS_AT = (256, 0.1, 20_480, 5_120)


@dataclass(frozen=True)
class Turn:
    """One contestant's figures in one turn."""

    rate: float  # requests a second
    ideal: float  # the share of C/D
    delay: float  # milliseconds, as the server really kept it
    cpu: float  # milliseconds of CPU a request
    peak: float  # MiB


def once(name: str, folder: Path, source: Path, concurrency: int, delay: float) -> tuple[Run, dict[str, Any]]:
    """Run a contestant over a file; return the run and what the server counted."""
    target = folder / "answers.jsonl"
    for path in folder.glob("answers*"):
        path.unlink()
    with serving("--delay", str(delay)) as server:
        if name == NBX:
            command, environ = nbx(server, folder, source, target, "--concurrency", str(concurrency))
            found = run(command, environ)
        else:
            found = run(loop(server, name, source, target, concurrency))
        return found, server.stats()


def turn(name: str, folder: Path, rows: int, concurrency: int, delay: float) -> Turn:
    """Measure a contestant once, its start-up taken off."""
    one, _ = once(name, folder, write_rows(folder / "one.jsonl", 1), concurrency, delay)
    many, stats = once(name, folder, write_rows(folder / "rows.jsonl", rows), concurrency, delay)
    if stats["answered"] != rows:
        raise RuntimeError(f"{name} sent {stats['answered']} requests for {rows} rows")
    seconds = many.seconds - (one.seconds - delay)
    cpu = (many.cpu - one.cpu) / (rows - 1)
    waited = stats["waited"] / rows
    return Turn(rows / seconds, rows * delay / concurrency / seconds, waited * 1000, cpu * 1000, many.peak)


def contest(names: tuple[str, ...], folder: Path, rows: int, at: tuple[int, float], turns: int) -> None:
    """Measure contestants turn and turn about; print the medians."""
    concurrency, delay = at
    taken: dict[str, list[Turn]] = {name: [] for name in names}
    for _ in range(turns):
        for name in names:
            taken[name].append(turn(name, folder, rows, concurrency, delay))
    print(f"\nC={concurrency}, D={delay * 1000:g} ms, {rows:,} rows, medians of {turns}", flush=True)
    print(f"{'':12} requests/s  of ideal  true D ms  CPU a request  peak MiB  of aiohttp's: requests/s  CPU")
    for name in names:
        of = taken[name]
        print(
            f"{name:12} {median(one.rate for one in of):10,.0f}"
            f"  {median(one.ideal for one in of):8.3f}"
            f"  {median(one.delay for one in of):9.1f}"
            f"  {median(one.cpu for one in of):10.3f} ms"
            f"  {median(one.peak for one in of):8.0f}" + against(of, taken.get("aiohttp")),
            flush=True,
        )


def against(mine: list[Turn], theirs: list[Turn] | None) -> str:
    """Return the ratios to another contestant, within each turn."""
    if theirs is None:
        return ""
    pairs = list(zip(mine, theirs, strict=True))
    rate = median(one.rate / other.rate for one, other in pairs)
    cpu = median(one.cpu / other.cpu for one, other in pairs)
    return f"  {rate:24.2f}  {cpu:3.2f}"


def median(values: Iterator[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def ideal(folder: Path, turns: int, *, quick: bool) -> None:
    """Where the server is the limit: nbx should reach N·D/C, as far as the barest of the loops does."""
    for concurrency, delay, rows, few in IDEALS:
        contest((NBX, "http.client", "aiohttp"), folder, few if quick else rows, (concurrency, delay), turns)


def loops(folder: Path, turns: int, *, quick: bool) -> None:
    """Where the client is the limit: nbx against bare loops."""
    concurrency, delay, rows, few = LOOPS_AT
    contest((NBX, *LOOPS), folder, few if quick else rows, (concurrency, delay), turns)


SCENARIOS = {"ideal": ideal, "loops": loops, "million": million, "large": large, "start": start}


def main() -> None:
    """Run the scenarios asked for."""
    parser = argparse.ArgumentParser(description="Benchmarks of nbx bulk.")
    parser.add_argument("scenarios", nargs="*", help=f"some of: {', '.join(SCENARIOS)} (all unless given)")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--folder", type=Path, help="where files are written (a temporary one unless given)")
    given = parser.parse_args()
    if unknown := set(given.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name in given.scenarios or SCENARIOS:
            SCENARIOS[name](Path(folder), given.turns, quick=given.quick)


if __name__ == "__main__":
    main()
