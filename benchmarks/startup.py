"""What a run costs before and around its answer: nbx, its floors and its peers, as ratios in one run.

    python benchmarks/startup.py                 nbx and the floors
    python benchmarks/startup.py --peers DIR     the peers too, each installed into an environment in DIR
    python benchmarks/startup.py --other PYTHON  also the nbx of another environment
    python benchmarks/startup.py --imports       where the milliseconds of a completion go

Every completion is the same one: a prompt as an argument, a streamed answer of 8 tokens from a server on
this machine, the text into a pipe. Commands take turns; times and ratios are medians, ratios within a turn.
The CPU time, user and system, differs less on a busy machine.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from streams import serving

PYTHON = sys.executable
NBX = (PYTHON, "-m", "nebius_cli")
TOKENS = 8
PEERS = {"llm": ("llm",), "openai": ("openai<2.35",)}

HTTP_CLIENT = """
import http.client, json, sys
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(url.hostname, url.port)
body = json.dumps({"model": "m", "prompt": "x", "stream": True})
connection.request("POST", url.path + "/completions", body, {"Content-Type": "application/json"})
for line in connection.getresponse():
    if line.startswith(b"data: {"):
        sys.stdout.write(json.loads(line[6:])["choices"][0]["text"])
"""
REQUESTS = """
import json, sys
import requests
body = {"model": "m", "prompt": "x", "stream": True}
answer = requests.post(sys.argv[1] + "/completions", json=body, stream=True)
for line in answer.iter_lines():
    if line.startswith(b"data: {"):
        sys.stdout.write(json.loads(line[6:])["choices"][0]["text"])
"""
URLLIB3 = """
import json, sys
import urllib3
body = json.dumps({"model": "m", "prompt": "x", "stream": True}).encode()
headers = {"Content-Type": "application/json"}
url = sys.argv[1] + "/completions"
for line in urllib3.PoolManager().request("POST", url, body=body, headers=headers, preload_content=False):
    if line.startswith(b"data: {"):
        sys.stdout.write(json.loads(line[6:])["choices"][0]["text"])
"""
# What nbx is made of, with one flag, one row in a database, and nothing of its own.
FLOOR = f"""
import gc
gc.set_threshold(100_000)
import typer
app = typer.Typer(add_completion=False)
@app.command()
def complete(url: str, prompt: str = "x", temperature: float = 1.0):
    import sys
    sys.argv = ["-c", url]
    exec({URLLIB3!r})
    import sqlite3
    with sqlite3.connect("floor.sqlite3") as database:
        database.execute("create table if not exists requests (at)")
        database.execute("insert into requests values (1)")
    gc.freeze()
app()
"""  # noqa: S608 - no SQL is made
TYPER = f"""
import typer
app = typer.Typer(add_completion=False)
@app.command()
def complete(url: str, prompt: str = "x", temperature: float = 1.0):
    import sys
    sys.argv = ["-c", url]
    exec({REQUESTS!r})
app()
"""
OPENAI = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="benchmark")
for chunk in client.completions.create(model="m", prompt="x", stream=True):
    sys.stdout.write(chunk.choices[0].text)
"""
LLM_MODEL = """
- model_id: m
  model_name: m
  api_base: "{base}"
  completion: true
"""


def commands(base: str, peers: Path | None, other: str) -> dict[str, Sequence[str]]:
    """Return every command by its name."""
    found: dict[str, Sequence[str]] = {
        "python -c pass": (PYTHON, "-c", "pass"),
        "nbx --version": (*NBX, "--version"),
        "nbx --help": (*NBX, "--help"),
        "nbx complete --help": (*NBX, "complete", "--help"),
        "nbx, a usage error": (*NBX, "complete", "--no-such-flag"),
        "nbx complete --dry-run": (*NBX, "complete", "x", "--dry-run"),
        "http.client script": (PYTHON, "-c", HTTP_CLIENT, base),
        "requests script": (PYTHON, "-c", REQUESTS, base),
        "Typer + requests": (PYTHON, "-c", TYPER, base),
        "Typer + urllib3 + SQLite": (PYTHON, "-c", FLOOR, base),
        "nbx complete": (*NBX, "complete", "x"),
    }
    if other:
        found["the other nbx complete"] = (other, "-m", "nebius_cli", "complete", "x")
    if curl := shutil.which("curl"):
        body = '{"model": "m", "prompt": "x", "stream": true}'
        found["curl"] = (curl, "-sN", f"{base}/completions", "-d", body)
    if peers:
        found["openai script"] = (str(peers / "openai" / "bin" / "python"), "-c", OPENAI, base)
        found["llm"] = (str(peers / "llm" / "bin" / "llm"), "-m", "m", "--key", "benchmark", "x")
    return found


def install(peers: Path, base: str) -> None:
    """Install the peers, each into an environment of its own, and tell llm where the server is."""
    for name, packages in PEERS.items():
        if not (peers / name / "bin").exists():
            subprocess.run([PYTHON, "-m", "venv", peers / name], check=True)
            subprocess.run([peers / name / "bin" / "pip", "install", "-qq", *packages], check=True)
    (peers / "extra-openai-models.yaml").write_text(LLM_MODEL.format(base=base))


def run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that one run takes, and those of CPU."""
    started = time.perf_counter()
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(
        command, env=environ, cwd=environ["HOME"], stdin=nowhere, stdout=nowhere, stderr=nowhere
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def check(name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Run a command once; leave if it is to complete and does not print the answer."""
    done = subprocess.run(
        command,
        env=environ,
        cwd=environ["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    completes = command[-1] == "x" or "script" in name or name == "curl" or name.startswith("Typer")
    if completes and done.stdout.count(" word") != TOKENS:
        raise SystemExit(f"{name} does not complete: {done.stderr or done.stdout}")


def measure(rounds: int, peers: Path | None, other: str) -> None:
    """Print a table of medians and ratios."""
    with serving("chunked", TOKENS) as base, tempfile.TemporaryDirectory() as home:
        if peers:
            install(peers, base)
        # Installed packages come compiled; so must a checkout, whatever the shell says.
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environ = {**outer, "HOME": home, "NEBIUS_API_KEY": "benchmark", "NEBIUS_BASE_URL": base}
        environ |= {"NEBIUS_MODEL": "m", "LLM_USER_PATH": str(peers), "OPENAI_API_KEY": "benchmark"}
        every = commands(base, peers, other)
        for name, command in every.items():  # loads every file once, and finds out what does not run here
            check(name, command, environ)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in every}
        for _ in range(rounds):
            for name, command in every.items():
                taken[name].append(run(command, environ))
    print(f"medians of {rounds} runs, in turn\n{'':26}{'ms':>7}{'/ http.client':>15}{'CPU ms':>9}", end="")
    print(f"{'/ http.client':>15}{'nbx complete /':>16}")
    for name, found in sorted(taken.items(), key=lambda item: min(item[1])):
        wall, cpu = (statistics.median(one[part] for one in found) * 1000 for part in (0, 1))
        floor = taken["http.client script"]
        to_floor = [ratio(found, floor, part) for part in (0, 1)]
        ours = ratio(taken["nbx complete"], found, 1)
        print(f"{name:26}{wall:7.0f}{to_floor[0]:15.2f}{cpu:9.0f}{to_floor[1]:15.2f}{ours:16.2f}")


def ratio(mine: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]], part: int) -> float:
    """Return the median ratio within a turn: of seconds (`part` 0) or of those of CPU (1)."""
    return statistics.median(one[part] / other[part] for one, other in zip(mine, theirs, strict=True))


def imports() -> None:
    """Print the modules of one completion that cost most by themselves, microseconds."""
    with serving("chunked", TOKENS) as base:
        environ = {**os.environ, "NEBIUS_API_KEY": "benchmark", "NEBIUS_BASE_URL": base, "NEBIUS_MODEL": "m"}
        command = (PYTHON, "-X", "importtime", *NBX[1:], "complete", "x")
        told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stderr
    rows = [line[12:].split("|") for line in told.splitlines() if line.startswith("import time:")][1:]
    costs = sorted(((int(own), name.strip()) for own, _, name in rows), reverse=True)
    print(f"{sum(own for own, _ in costs) / 1000:.0f} ms in {len(costs)} modules")
    print("\n".join(f"{own / 1000:8.1f} ms  {name}" for own, name in costs[:40]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder for the peers' environments")
    parser.add_argument("--other", default="", metavar="PYTHON", help="the Python of another environment")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--imports", action="store_true")
    given = parser.parse_args()
    if given.imports:
        imports()
    else:
        measure(given.rounds, given.peers, given.other)
