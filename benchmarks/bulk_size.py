"""Scenarios of `benchmarks/bulk.py` about size: a million rows and a resume, large answers, a big input."""

import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from measure import Run, nbx, row, run, serving, until_first_request, write_rows

ROWS, FEW = 1_000_000, 50_000
GROUP = 64  # prompts in a request, to bring a million answers together within minutes
START_BYTES, FEW_BYTES = 10**9, 10**8
FLAT_FROM = 10_000  # rows
LARGE_BYTES = 6 << 20  # of an answer
LARGE_AT_ONCE, LARGE_ROWS, LARGE_FEW = 32, 256, 64


def million(folder: Path, turns: int, *, quick: bool) -> None:
    """A long run: peak memory and its growth; then resumes with nothing and with one row left."""
    count = FEW if quick else ROWS
    source, target = folder / "million.jsonl", folder / "million-answers.jsonl"
    write_rows(source, count)
    with serving() as server:
        command, environ = nbx(server, folder, source, target, "--concurrency", "64", "--group", str(GROUP))
        found = run(command, environ, watch=target)
        stats = server.stats()
    print(f"\n{count:,} rows, C=64, D=0, --group {GROUP}: {found.seconds:.1f} s, peak {found.peak:.0f} MiB")
    print(f"{stats['prompts']:,} prompts in {stats['requests']:,} requests, CPU {found.cpu:.1f} s")
    print(growth(found, count))
    print(f"output {target.stat().st_size / 2**20:,.0f} MiB", flush=True)
    resume(folder, source, target, count, turns)


def large(folder: Path, turns: int, *, quick: bool) -> None:
    """Large answers that come all at once: the memory they take beside that of small ones."""
    count = LARGE_FEW if quick else LARGE_ROWS
    source, target = write_rows(folder / "rows.jsonl", count), folder / "answers-large.jsonl"
    found: dict[int, list[Run]] = {0: [], LARGE_BYTES: []}
    for _ in range(turns):
        for size, runs in found.items():
            target.unlink(missing_ok=True)
            with serving("--delay", "0.2", "--text-bytes", str(size)) as server:
                command, environ = nbx(server, folder, source, target, "--concurrency", str(LARGE_AT_ONCE))
                runs.append(run(command, environ))
    few, many = (statistics.median(one.peak for one in runs) for runs in found.values())
    seconds = statistics.median(one.seconds for one in found[LARGE_BYTES])
    print(f"\n{count} answers of {LARGE_BYTES >> 20} MiB, {LARGE_AT_ONCE} at once, medians of {turns}:")
    print(f"peak {many:.0f} MiB, {few:.0f} MiB with small answers; {seconds:.1f} s", flush=True)


def growth(found: Run, count: int) -> str:
    """Return what memory did while rows were answered, and how much it grew from row 10,000 on."""
    last = found.samples[-1][0]
    rows = [(count * size / last, held) for size, held in found.samples if size and held]
    later = [(row, held) for row, held in rows if row >= FLAT_FROM]
    slope, _ = statistics.linear_regression(*zip(*later, strict=True))
    steps = [next(held for row, held in rows if row >= count * tenth / 10) for tenth in range(10)]
    shown = " ".join(f"{held:.0f}" for held in (*steps, rows[-1][1]))
    return f"memory at each tenth of the rows: {shown} MiB; {slope * 100_000:+.2f} MiB for 100,000 rows"


def resume(folder: Path, source: Path, target: Path, count: int, turns: int) -> None:
    """Time a run that has nothing left to do, and the first request of one that has one row left."""
    ends: list[Run] = []
    firsts: list[float] = []
    for number in range(turns):
        with serving() as server:
            command, environ = nbx(server, folder, source, target)
            ends.append(run(command, environ))
            if server.stats()["requests"]:
                raise RuntimeError("a resume of a whole output sent requests")
        with source.open("a", encoding="utf-8") as file:
            file.write(row(count + number))
        with serving() as server:
            firsts.append(until_first_request(server, *nbx(server, folder, source, target)))
            run(*nbx(server, folder, source, target))
    print(f"resume of {count:,} answers, medians of {turns}:")
    seconds = statistics.median(one.seconds for one in ends)
    peak = statistics.median(one.peak for one in ends)
    print(f"  nothing left: {seconds:.2f} s to the end, peak {peak:.0f} MiB")
    print(f"  one row left: {statistics.median(firsts):.2f} s to its request", flush=True)


def start(folder: Path, turns: int, *, quick: bool) -> None:
    """From the start of the process to the first request, on a big input and on one row."""
    size = FEW_BYTES if quick else START_BYTES
    big, one = folder / "big.jsonl", folder / "one.jsonl"
    write_rows(big, size // 1000, 1000)
    write_rows(one, 1, 1000)
    ways = {
        "one row": (one, ()),
        f"{size / 1e9:g} GB, --on-bad-row skip": (big, ("--on-bad-row", "skip")),
        f"{size / 1e9:g} GB, --on-bad-row fail": (big, ("--on-bad-row", "fail")),
    }
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(turns):
        for way, (source, flags) in ways.items():
            taken[way].append(first_request(folder, source, flags))
    print(f"\nstart of the process to the first request, medians of {turns}")
    for way, seconds in taken.items():
        print(f"{way:32} {statistics.median(seconds):6.2f} s", flush=True)
    big.unlink()


def first_request(folder: Path, source: Path, flags: Sequence[str]) -> float:
    """Return the seconds until a fresh run sends its first request."""
    target = folder / "start"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with serving("--delay", "0.2") as server:
        return until_first_request(server, *nbx(server, folder, source, target / "answers.jsonl", *flags))
