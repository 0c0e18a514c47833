"""Completes many rows on a Ray cluster of two nodes, kills the run and then a node, and counts the answers.

    python benchmarks/cluster.py --rows 20000
    python benchmarks/cluster.py --rows 3000 --rpm 6000 --kills 0

It needs the extra ray. It prints one JSON object: rows lost, doubled, and sent again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from pyarrow import dataset

ROOT = Path(__file__).parent.parent
RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}


def prompts(log: Path) -> list[str]:
    """Return the prompts that the server has seen."""
    return [str(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def start(words: list[str], env: dict[str, str], **pipes: Any) -> Any:
    """Start a program of the repository."""
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env, text=True, **pipes)


def run(options: argparse.Namespace, folder: Path, port: str, nodes: Any) -> list[str]:
    """Run nbx until it ends by itself; return what it said, and kill it and a node on the way."""
    env = {**os.environ, **RAY, "NEBIUS_API_KEY": "key", "NEBIUS_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    env |= {f"NBX_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "CACHE", "DATA")}
    words = ["-m", "nebius_cli", "bulk", str(folder / "in.jsonl"), "-o", str(folder / "out"), "-m", "m"]
    words += ["--max-tokens", "8", "--ray", options.address]
    words += ["--rpm", str(options.rpm)] if options.rpm else []
    kills = ["run", "node"][: options.kills]
    said = []
    while True:
        process = start(words, env, stderr=subprocess.PIPE)
        seen = len(prompts(folder / "log"))
        while process.poll() is None:
            time.sleep(0.2)
            if kills and len(prompts(folder / "log")) > seen + options.rows // 3:
                if kills.pop(0) == "run":
                    process.kill()
                    break
                nodes.stdin.write("kill\n")
                nodes.stdin.flush()
                nodes.stdout.readline()
        said.append(process.communicate()[1])
        if process.returncode != -9:
            return [*said, f"exit {process.returncode}"]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rpm", type=int, default=0)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--delay", default="0.1")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nbx-", dir="/tmp"))
    with (folder / "in.jsonl").open("w") as file:
        file.writelines(f'{{"id": "{number}", "prompt": "row {number}"}}\n' for number in range(options.rows))
    env = {**os.environ, **RAY, "RAY_TMPDIR": str(folder), "PYTHONWARNINGS": "ignore"}
    words = ["benchmarks/bulk_server.py", "--delay", options.delay, "--log", str(folder / "log")]
    server = start(words, env, stdout=subprocess.PIPE)
    nodes = start(["tests/on_ray/two_nodes.py"], env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = server.stdout.readline().strip()
    options.address = nodes.stdout.readline().split()[0]
    began = time.monotonic()
    said = run(options, folder, port, nodes)
    sent = Counter(prompts(folder / "log"))
    ids = Counter(
        dataset.dataset(folder / "out", format="parquet").to_table(columns=["id"])["id"].to_pylist()
    )
    result = {
        "seconds": round(time.monotonic() - began, 1),
        "rows": options.rows,
        "lost": options.rows - len(ids),
        "doubled": ids.total() - len(ids),
        "sent": sent.total(),
        "sent_again": sent.total() - len(sent),
        "said": [line for text in said for line in text.splitlines() if "again" in line or "exit" in line],
    }
    print(json.dumps(result, indent=1))
    nodes.communicate()
    server.kill()


if __name__ == "__main__":
    main()
