"""How fast `nbx score --jsonl -o` is, against `nbx bulk` with the same requests to the same server.

    python benchmarks/score_rows.py --rows 20000 --turns 5

The two are measured turn and turn about; ratios are taken within a turn. `nbx bulk` sends the fields that
`nbx score` sends (echo, logprobs, temperature 0, one token), so both get the same answers. It writes them
whole, and `nbx score` reads the tokens, aligns them with the text and writes the score.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from measure import nbx, run, serving

WORDS = [
    "once",
    "upon",
    "a",
    "time",
    "there",
    "was",
    "an",
    "old",
    "king",
    "whose",
    "daughter",
    "could",
    "sing",
]
ECHO = ("--echo", "--logprobs", "1", "--temperature", "0", "--max-tokens", "1")


def write_passages(path: Path, member: str, rows: int, words: int) -> Path:
    """Write an input file whose rows have their text as `member`."""
    with path.open("w", encoding="utf-8") as file:
        for index in range(rows):
            line = [WORDS[(index + place) % len(WORDS)] for place in range(words)]
            text = f"Row {index}: {' '.join(line)}"
            file.write(json.dumps({"id": f"row-{index}", member: text}) + "\n")
    return path


def once(name: str, folder: Path, source: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Run one of the two over a file; return rows per second and the CPU of the client per row, in ms."""
    target = folder / "out.jsonl"
    for path in folder.glob("out*"):
        path.unlink()
    limits = ["--group", str(options.group)]
    limits += ["--concurrency", str(options.concurrency)] if options.concurrency else []
    with serving("--delay", str(options.delay)) as server:
        command, environ = nbx(server, folder, source, target, *limits)
        command = command[:-2]  # without --max-tokens
        if name == "score":
            command[command.index("bulk")] = "score"
            command.insert(command.index("score") + 1, "--jsonl")
        else:
            command += ECHO
        found = run(command, environ)
        stats = server.stats()
    if stats["prompts"] != options.rows:
        raise RuntimeError(f"{name} sent {stats['prompts']} prompts for {options.rows} rows")
    return options.rows / (stats["last_at"] - stats["first_at"]), found.cpu / options.rows * 1000


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Benchmark of nbx score --jsonl.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=12, help="per passage")
    parser.add_argument("--delay", type=float, default=0.05, help="of each answer, in seconds")
    parser.add_argument("--group", type=int, default=1, help="prompts per request")
    parser.add_argument("--concurrency", type=int, default=0, help="0 for as many as the server takes")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = write_passages(folder / "texts.jsonl", "text", options.rows, options.words)
        prompts = write_passages(folder / "prompts.jsonl", "prompt", options.rows, options.words)
        for turn in range(options.turns):
            pair = [("score", texts), ("bulk", prompts)]
            order = pair[::-1] if turn % 2 else pair
            found = {one: once(one, folder, source, options) for one, source in order}
            (score, score_cpu), (bulk, bulk_cpu) = found["score"], found["bulk"]
            ratios.append(score / bulk)
            print(
                f"score {score:,.0f} rows/s, {score_cpu:.3f} ms CPU a row; "
                f"bulk {bulk:,.0f} rows/s, {bulk_cpu:.3f} ms; rows/s {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"median ratio of rows/s: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
