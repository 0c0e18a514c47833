"""A signal at any moment of a command: no traceback, no unexpected exit code, no half-written file.

A moment is a Python audit event, such as an import, an opened file or a socket. The moments are chosen at
random, but the same in each run. NBX_TEST_MOMENTS=20 tests more of them and takes much longer.
"""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.answers import answer as record
from tests.support.answers import row, write
from tests.support.echo import Pair, choice, echoed
from tests.support.factory import model_list
from tests.support.ledger import entry, keep, text
from tests.support.logprobs import FRANCE, frame
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, answer

# The first argument is the number of the signal, the second the moment at which it is sent.
AT_A_MOMENT = """
import os, signal, sys
from nebius_cli.__main__ import start

number, moment = int(sys.argv.pop(1)), int(sys.argv.pop(1))
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it, and nbx would inherit that
seen = 0

def hook(event, args):
    global seen
    seen += 1
    if seen == moment:
        os.kill(os.getpid(), number)

sys.addaudithook(hook)
try:
    code = start()
finally:
    if moment == 0:
        with open("moments", "w") as file:
            file.write(str(seen))
sys.exit(code)
"""

TEXT = ["word " * 20] * 20
ECHO: list[Pair] = [("The", None), (" sky", -4.0), (" is", -0.5)]
COMMANDS: dict[str, tuple[list[str], list[Reply]]] = {
    "stream": (["complete", "x"], [answer(*TEXT)]),
    "json": (["complete", "x", "--json", "--stream"], [answer(*TEXT)]),
    "file": (["complete", "x", "-o", "out.txt"], [answer(*TEXT)]),
    "dry run": (["complete", "x", "--dry-run"], []),
    "models": (["models", "--refresh"], [model_list()]),
    "config set": (["config", "set", "model", "other"], []),
    "login": (["auth", "login", "--no-verify", "--with-token", "--no-keyring"], []),
    "doctor": (["doctor"], [model_list()]),
    "help": (["complete", "--help"], []),
    "score": (["score", "The sky"], [echoed(choice("The sky is", ECHO))]),
    "view": (["view", "answer.json"], []),
    "heat": (["view", "answer.json", "--export", "heat.svg"], []),
    "usage": (["usage", "--by", "model", "--since", "all"], []),
    "plot": (["usage", "plot", "--since", "all", "--export", "plot.svg"], []),
    "history": (["history", "list"], []),
    "rerun": (["history", "rerun", "1", "-o", "again.txt"], [answer(*TEXT)]),
    "merge": (["bulk", "merge", "answers.jsonl", "-o", "all.jsonl", "--force"], []),
}
MOMENTS = int(os.environ.get("NBX_TEST_MOMENTS", "2"))  # per signal
READING = ("view", "usage", "history")  # these change nothing, so fewer moments are enough
# The exit codes after each signal; if it arrives too late, the exit code is that of an undisturbed run. While
# nbx has no handler, at its start and end, the signal itself ends the process. Python ignores SIGPIPE: a
# closed pipe is noticed when nbx writes to it.
ENDS = {
    signal.SIGINT: {130, -signal.SIGINT},
    signal.SIGTERM: {143, -signal.SIGTERM},
    signal.SIGHUP: {129, -signal.SIGHUP},
    signal.SIGQUIT: {131, -signal.SIGQUIT},
    signal.SIGPIPE: set[int](),
}


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str


def at(moment: int, number: int, args: list[str], nbx: Runner, here: Path) -> Ended:
    """Run nbx and send it a signal at a moment."""
    env = {name: value for name, value in nbx.process_env().items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", AT_A_MOMENT, str(int(number)), str(moment), *args],
        input=b"key-of-a-login",
        capture_output=True,
        env=env,
        cwd=here,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


def prepared(here: Path, nbx: Runner) -> Path:
    """Write what the commands read to a new folder and to the ledger; return the folder."""
    here.mkdir()
    write(here / "answers.jsonl", *(record(row(number)) for number in range(50)))
    (here / "answer.json").write_text(json.dumps(frame(*FRANCE, reason="stop")))
    keep(nbx, entry(1e9, text=text("x", "y")))
    return here


@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_any_moment_ends_nbx_cleanly(
    name: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    args, replies = COMMANDS[name]
    server.script(*replies)
    here = prepared(tmp_path / "here", nbx)
    undisturbed = at(0, 0, args, nbx, here)
    total = int((here / "moments").read_text())
    whole = {path.name: path.read_bytes() for path in here.iterdir()}
    rng = random.Random(name)
    for number, codes in ENDS.items():
        few = name in READING or number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)
        for _ in range(max(1, MOMENTS // 2) if few else MOMENTS):
            moment = rng.randrange(1, total)
            server.replies[:] = replies
            ended = at(moment, number, args, nbx, here)
            reported = f"{number.name} at {moment} of {total}: {ended}"
            assert ended.code in codes | {undisturbed.code}, reported
            assert "Traceback" not in ended.err, reported
            assert "Exception ignored" not in ended.err, reported
            assert "bug" not in ended.err, reported
            if ended.code == undisturbed.code:
                assert ended.out == undisturbed.out or name == "doctor", reported
            assert undisturbed.out.startswith(ended.out.rstrip(b"\n")) or name in ("doctor", "json"), reported
            for path in here.iterdir():  # a file is complete, or its name ends in .partial
                assert path.read_bytes() == whole.get(path.name) or path.name.endswith(".partial"), reported
    server.replies.clear()


def test_ctrl_c_before_nbx_is_loaded_prints_no_traceback(nbx: Runner, tmp_path: Path) -> None:
    ended = at(1, signal.SIGINT, ["--help"], nbx, tmp_path)
    assert ended == (-signal.SIGINT, b"", "")
