"""Runs of `nbx bulk` and `nbx score` that are killed, interrupted, or lose their server.

No answer is lost or duplicated.

NBX_TEST_KILLS=200 runs longer than the normal test run; NBX_TEST_SEED repeats the moments of an earlier run.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random, SystemRandom

import pytest

from nebius_cli.bulk.workers.results_to_write import MAX_UNWRITTEN
from tests.support.bulk_kill import CONCURRENCY, GROUP, ROWS, SERVER, Job, MatrixJob, ScoreJob, moment
from tests.support.bulk_server import BulkServer
from tests.support.canary import CANARY, shows_key
from tests.support.run import Runner

KILLS = int(os.environ.get("NBX_TEST_KILLS", "4"))
SIGINTS = max(2, KILLS // 4)
DEATHS = max(2, KILLS // 4)

Tell = Callable[[str, object], None]
NewJob = Callable[..., Job]


@pytest.fixture
def tell(record_property: Tell) -> Tell:
    """Report a figure in the test report and on stdout."""

    def say(name: str, value: object) -> None:
        record_property(name, value)
        sys.stdout.write(f"{name}: {value}\n")

    return say


@pytest.fixture
def rng(tell: Tell) -> Random:
    """A random generator whose seed is printed, so that a failure can be repeated."""
    seed = int(os.environ.get("NBX_TEST_SEED") or SystemRandom().randrange(1_000_000))
    tell("NBX_TEST_SEED", seed)
    return Random(seed)


@pytest.fixture
def new_job(bare: Runner, tmp_path: Path) -> Iterator[NewJob]:
    """Make a job with its own server; stop the server of the previous job."""
    servers: list[BulkServer] = []

    def make(kind: type[Job] = Job) -> Job:
        folder = tmp_path / f"job-{len(servers)}"
        folder.mkdir()
        if servers:
            servers[-1].kill()
        servers.append(BulkServer(folder, *SERVER))
        servers[-1].start()
        own = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": servers[-1].url, "NEBIUS_MODEL": "test/model"}
        return kind(folder, servers[-1], bare.process_env(own))

    yield make
    servers[-1].kill()


@pytest.mark.parametrize("kind", [Job, MatrixJob, ScoreJob])
def test_kill_9_at_any_moment_loses_and_duplicates_no_answer(
    new_job: NewJob, rng: Random, tell: Tell, kind: type[Job]
) -> None:
    life = new_job(kind).life()
    killed: Counter[str] = Counter()
    doubled = 0
    while killed.total() < KILLS:
        job, here = new_job(kind), killed.total()
        while True:
            sent = job.server.sent()
            process = job.start()
            at = moment(rng, process, job, life) if killed.total() < KILLS else ""
            if at:
                process.kill()
            _, err = process.communicate(timeout=60)
            if process.returncode != -signal.SIGKILL:
                assert process.returncode == 0, err.decode()
                break
            killed[at] += 1
            job.check_stop(sent)
        job.check_end()
        # Requests in flight and answers that are not written yet, each with all its parts.
        parts = len(ScoreJob.CHOICES) if kind is ScoreJob else 1
        most = CONCURRENCY * (GROUP if kind is ScoreJob else 1) + MAX_UNWRITTEN
        assert job.doubled() <= (killed.total() - here) * most * parts
        doubled += job.doubled()
    tell("killed", dict(killed))
    tell("requests sent twice", doubled)


def test_ctrl_c_at_any_moment_prints_the_resume_command_and_no_row_is_sent_twice(
    new_job: NewJob, rng: Random, tell: Tell
) -> None:
    life = new_job().life()
    stopped: Counter[str] = Counter()
    while stopped.total() < SIGINTS:
        job, command = new_job(), ""
        while True:
            sent = job.server.sent()
            process = typed(command, job) if command else job.start()
            at = moment(rng, process, job, life) if stopped.total() < SIGINTS else ""
            if at:
                process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert not shows_key(err)
            if process.returncode == 0:
                break
            stopped[at] += 1
            # Unless Python was still starting, nbx has handled the signal.
            if process.returncode != -signal.SIGINT and b"init_import_site" not in err:
                assert process.returncode == 130, err.decode()
                command = resume_command(err.decode()) or command
                # After the last answer there may be nothing left to resume.
                assert command or at == "start" or job.answered().total() == len(job.prompts), err.decode()
            job.check_stop(sent)
        job.check_end()
        assert job.doubled() == 0
    tell("stopped", dict(stopped))


def test_no_answer_is_lost_if_the_server_dies_and_restarts(new_job: NewJob, rng: Random, tell: Tell) -> None:
    job, deaths, runs = new_job(), 0, 0
    process = job.start()
    while True:
        until = job.server.count() + rng.randrange(1, ROWS // DEATHS)
        while process.poll() is None and (deaths == DEATHS or job.server.count() < until):
            time.sleep(0.005)
        if process.poll() is None:
            job.server.kill()
            deaths += 1
            time.sleep(rng.random())
            job.server.start()
            continue
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode in (7, 9), err.decode()
        runs += 1
        process = job.start()
    job.check_end()
    assert job.doubled() <= deaths * CONCURRENCY
    tell("deaths", deaths)
    tell("resumes", runs)
    tell("requests sent twice", job.doubled())


def typed(command: str, job: Job) -> "subprocess.Popen[bytes]":
    """Run a command in a shell, as a user would who copies it from a message."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{job.environ['PATH']}"
    return subprocess.Popen(
        ["sh", "-c", f"exec {command}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**job.environ, "PATH": path},
    )


def resume_command(said: str) -> str:
    """Return the command line in the message of a stopped run, or an empty string if there is none."""
    found = re.search(r"^.*?(nbx bulk .*)$", said, re.MULTILINE)
    return found[1] if found else ""
