"""How fast and how big `nbx bulk` is, against an ideal and against bare loops on the same server.

    python benchmarks/bulk.py --quick            # everything, in small
    python benchmarks/bulk.py ideal loops        # some of it, in full
    python benchmarks/bulk.py million start      # a million rows; needs 3 GB of disk

Needs nbx with the extra `test`; peers are installed into environments of their own (benchmarks/peers.py). The
contestants of a table are measured turn and turn about; ratios are taken within a turn, and what is printed
is the median of the turns. The time and CPU of a start-up, measured by a run of one row, are taken off. CPU
is that of the client's process alone, user and system.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulk_size import large, million, start
from loops import LOOPS
from measure import Run, loop, nbx, run, serving, write_rows
from peers import DEFAULT as PEERS_FOLDER
from peers import install, program

NBX, NBX_WITHOUT_LEDGER = "nbx bulk", "nbx bulk --no-ledger"
PEER_OF = {"aiohttp": "aiohttp", "cookbook": "aiohttp", "openai": "openai", "pycurl": "pycurl"}
# concurrency, delay in seconds, rows, rows with --quick
IDEALS = ((64, 0.1, 9_600, 3_200), (256, 1.0, 5_120, 1_024))
LOOPS_AT = (256, 0.1, 8_000, 2_560)


@dataclass(frozen=True)
class Turn:
    """One contestant's figures in one turn."""

    rate: float  # requests a second
    ideal: float  # the share of C/D
    delay: float  # milliseconds, as the server really kept it
    cpu: float  # milliseconds of CPU a request
    peak: float  # MiB


@dataclass(frozen=True)
class Place:
    """Where a table is measured: a folder for files, one with the peers, and whether through TLS."""

    folder: Path
    peers: Path
    tls: bool = False


def once(name: str, place: Place, source: Path, concurrency: int, delay: float) -> tuple[Run, dict[str, Any]]:
    """Run a contestant over a file; return the run and what the server counted."""
    folder = place.folder
    target = folder / "answers.jsonl"
    for path in folder.glob("answers*"):
        path.unlink()
    with serving("--delay", str(delay), tls=folder if place.tls else None) as server:
        if name.startswith(NBX):
            flags = ["--concurrency", str(concurrency), *name.removeprefix(NBX).split()]
            command, environ = nbx(server, folder, source, target, *flags)
            found = run(command, environ)
        else:
            python = program(place.peers, PEER_OF[name]) if name in PEER_OF else sys.executable
            command = loop(server, name, source, target, concurrency, python)
            found = run(command, {**os.environ, **server.environ})
        return found, server.stats()


def turn(name: str, place: Place, rows: int, concurrency: int, delay: float) -> Turn:
    """Measure a contestant once, its start-up taken off."""
    folder = place.folder
    one, _ = once(name, place, write_rows(folder / "one.jsonl", 1), concurrency, delay)
    many, stats = once(name, place, write_rows(folder / "rows.jsonl", rows), concurrency, delay)
    if stats["answered"] != rows:
        raise RuntimeError(f"{name} sent {stats['answered']} requests for {rows} rows")
    seconds = many.seconds - (one.seconds - delay)
    cpu = (many.cpu - one.cpu) / (rows - 1)
    waited = stats["waited"] / rows
    return Turn(rows / seconds, rows * delay / concurrency / seconds, waited * 1000, cpu * 1000, many.peak)


def contest(names: tuple[str, ...], place: Place, rows: int, at: tuple[int, float], turns: int) -> None:
    """Measure contestants turn and turn about; print the medians."""
    concurrency, delay = at
    install(place.peers, *dict.fromkeys(PEER_OF[name] for name in names if name in PEER_OF))
    taken: dict[str, list[Turn]] = {name: [] for name in names}
    for _ in range(turns):
        for name in names:
            taken[name].append(turn(name, place, rows, concurrency, delay))
    scheme = "HTTPS" if place.tls else "HTTP"
    print(
        f"\n{scheme}, C={concurrency}, D={delay * 1000:g} ms, {rows:,} rows, medians of {turns}", flush=True
    )
    print(f"{'':20} requests/s  of ideal  true D ms  CPU a request  peak MiB  of aiohttp's: requests/s  CPU")
    for name in names:
        of = taken[name]
        print(
            f"{name:20} {median(one.rate for one in of):10,.0f}"
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


def ideal(place: Place, turns: int, *, quick: bool) -> None:
    """Where the server is the limit: nbx should reach N·D/C, as far as the barest of the loops does."""
    for concurrency, delay, rows, few in IDEALS:
        contest((NBX, "http.client", "aiohttp"), place, few if quick else rows, (concurrency, delay), turns)


def loops(place: Place, turns: int, *, quick: bool) -> None:
    """Where the client is the limit: nbx against bare loops, on HTTP and on HTTPS."""
    concurrency, delay, rows, few = LOOPS_AT
    for tls in (False, True):
        names = (NBX, NBX_WITHOUT_LEDGER, *LOOPS)
        contest(names, replace(place, tls=tls), few if quick else rows, (concurrency, delay), turns)


def client(place: Place, turns: int, *, quick: bool) -> None:
    """The same with the two that matter most, for a quick look."""
    concurrency, delay, rows, few = LOOPS_AT
    for tls in (False, True):
        names = (NBX, NBX_WITHOUT_LEDGER, "aiohttp")
        contest(names, replace(place, tls=tls), few if quick else rows, (concurrency, delay), turns)


CONTESTS = {"ideal": ideal, "loops": loops, "aiohttp": client}
SCENARIOS = {"million": million, "large": large, "start": start}


def main() -> None:
    """Run the scenarios asked for."""
    parser = argparse.ArgumentParser(description="Benchmarks of nbx bulk.")
    every = (*CONTESTS, *SCENARIOS)
    parser.add_argument("scenarios", nargs="*", help=f"some of: {', '.join(every)} (all unless given)")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--folder", type=Path, help="where files are written (a temporary one unless given)")
    parser.add_argument("--peers", type=Path, default=PEERS_FOLDER, help="folder for the peers' environments")
    given = parser.parse_args()
    if unknown := set(given.scenarios) - set(every):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name in given.scenarios or every:
            if name in CONTESTS:
                CONTESTS[name](Place(Path(folder), given.peers), given.turns, quick=given.quick)
            else:
                SCENARIOS[name](Path(folder), given.turns, quick=given.quick)


if __name__ == "__main__":
    main()
