"""The fault matrix: a fault → exit code, what stdout keeps, what stderr says, and whether nbx tries again.

Every row runs over real sockets, for every command that can meet it.
"""

import contextlib
from pathlib import Path

import pytest
import trustme

from tests.faults import answers, connections, frames, statuses
from tests.faults.matrix import COMMANDS, Fault
from tests.faults.places import Bench
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer

FAULTS = connections.FAULTS + statuses.FAULTS + answers.FAULTS + frames.FAULTS
RUNS = [(fault, name) for fault in FAULTS for name in fault.seen]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(("fault", "name"), RUNS, ids=[f"{fault.name}-{name}" for fault, name in RUNS])
def test_fault(
    fault: Fault,
    name: str,
    nbx: Runner,
    server: FakeServer,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command, seen = COMMANDS[name], fault.seen[name]
    tries = 2 if seen.retried else 1
    requests = 0 if fault.place else fault.requests * tries
    with contextlib.ExitStack() as stack:
        more = fault.place(Bench(stack, monkeypatch, authority, tmp_path)) if fault.place else []
        if not fault.place:
            steps = fault.reply(command.good)
            server.script(*[[server.hold if step is connections.hold else step for step in steps]] * requests)
        result = nbx(*command.words, "--retries", "1", *fault.args, *more)
        server.release.set()
    assert (result.code, command.kept(result)) == (seen.code, seen.keeps), result
    assert seen.says in result.err
    assert bool(result.err) == bool(seen.says)
    assert len(server.requests) == requests
    assert len(result.slept) == tries - 1
    check_message(result.err)


def test_there_are_enough_faults_and_each_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_sound_answer_is_no_fault(name: str, nbx: Runner, server: FakeServer) -> None:
    command = COMMANDS[name]
    server.script([command.good.head(), command.good.body])
    result = nbx(*command.words)
    assert (result.code, command.kept(result), result.err) == (0, "half\n", "")
