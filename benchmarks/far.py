"""How long a completion takes whose server is far away, next to one whose server is on this machine.

    python benchmarks/far.py                     nbx and a bare http.client script
    python benchmarks/far.py --other PYTHON      also the nbx of another environment, in turn

The seconds are those of the whole process. Needs Linux with /dev/net/tun, root or user namespaces, and
trustme (the extra `test`). Authorities are those of certifi and one more, in a copy of certifi.
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

import certifi
import trustme
from link import FAR, enter, link
from streams import serving

TOKENS = 8
SCRIPT = """
import http.client, json, ssl, sys
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
if url.scheme == "https":
    import certifi
    context = ssl.create_default_context(cafile=certifi.where())
    connection = http.client.HTTPSConnection(url.hostname, url.port, context=context)
else:
    connection = http.client.HTTPConnection(url.hostname, url.port)
body = json.dumps({"model": "m", "prompt": "x", "stream": True})
connection.request("POST", url.path + "/completions", body, {"Content-Type": "application/json"})
for line in connection.getresponse():
    if line.startswith(b"data: {"):
        sys.stdout.write(json.loads(line[6:])["choices"][0]["text"])
"""


def commands(base: str, other: str) -> dict[str, Sequence[str]]:
    """Return every command by its name."""
    nbx = ("-m", "nebius_cli", "complete", "x")
    found: dict[str, Sequence[str]] = {
        "http.client script": (sys.executable, "-c", SCRIPT, base),
        "nbx complete": (sys.executable, *nbx),
    }
    return {**found, "the other nbx": (other, *nbx)} if other else found


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Return the seconds that one run takes, and those of CPU. Leaves where the answer is not printed."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, text=True
    ) as process:
        out, err = process.stdout.read(), process.stderr.read()  # type: ignore[union-attr]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if out.count(" word") != TOKENS:
        raise SystemExit(f"{command} does not complete: {err or out}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def measure(base: str, other: str, rounds: int, folder: Path) -> None:
    """Print medians for one server, and what nbx takes of the other one's time, in pairs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {**kept, "HOME": str(folder), "NEBIUS_API_KEY": "benchmark", "NEBIUS_BASE_URL": base}
    environ |= {"NEBIUS_MODEL": "m", "PYTHONPATH": str(folder)}
    every = commands(base, other)
    for command in every.values():  # loads every file once
        run(command, environ, folder)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in every}
    for _ in range(rounds):
        for name, command in every.items():
            taken[name].append(run(command, environ, folder))
    for name, found in taken.items():
        wall, cpu = (statistics.median(one[part] for one in found) * 1000 for part in (0, 1))
        pairs = zip(taken["nbx complete"], found, strict=True)
        share = statistics.median(mine[0] / theirs[0] for mine, theirs in pairs)
        print(f"  {name:20}{wall:7.0f} ms{cpu:7.0f} ms of CPU   nbx takes {share:.2f} of it")


def trusted_certificate(folder: Path) -> str:
    """Return a file with the certificate of FAR, and put a certifi that trusts it into `folder`."""
    authority = trustme.CA()
    shutil.copytree(Path(certifi.__file__).parent, folder / "certifi")
    with (folder / "certifi" / "cacert.pem").open("ab") as file:
        file.write(authority.cert_pem.bytes())
    path = folder / "server.pem"
    authority.issue_cert(FAR).private_key_and_cert_chain_pem.write_to_path(str(path))
    return str(path)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--other", default="", metavar="PYTHON", help="the Python of another environment")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--round-trip", type=float, default=0.05, metavar="SECONDS")
    given = parser.parse_args()
    enter()
    with tempfile.TemporaryDirectory() as name, link(given.round_trip):
        folder = Path(name)
        certificate = trusted_certificate(folder)
        away = f"{given.round_trip * 1000:g} ms away"
        print(f"whole runs, medians of {given.rounds}")
        for what, host, file in (
            (f"{away}, over TLS", FAR, certificate),
            (f"{away}, plain HTTP", FAR, ""),
            ("this machine, plain HTTP", "127.0.0.1", ""),
        ):
            with serving("chunked", TOKENS, host=host, certificate=file) as base:
                print(what)
                measure(base, given.other, given.rounds, folder)


if __name__ == "__main__":
    main()
