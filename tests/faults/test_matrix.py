"""Checks for each fault of the matrix the exit code, stdout, stderr, and whether nbx retries.

Every fault runs over real sockets, for every command that handles it in code of its own.
"""

import contextlib
from pathlib import Path

import pytest
import trustme

from nebius_cli.core.errors_and_exit_codes import ExitCode
from tests.faults import answers, connections, frames, statuses
from tests.faults.faulty_servers import Bench
from tests.faults.matrix import COMMANDS, Command, Fault
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply

FAULTS = connections.FAULTS + statuses.FAULTS + answers.FAULTS + frames.FAULTS
FEWEST = 80  # faults per command, at least
# Not run again: `score` sends requests in the same way as `complete`, and a status is handled in the same way
# for streams and other answers.
SHARED = {
    "score": {fault.name for fault in connections.FAULTS + statuses.FAULTS},
    "buffered": {fault.name for fault in statuses.FAULTS},
}
RUNS = [(fault, name) for fault in FAULTS for name in fault.seen if fault.name not in SHARED.get(name, set())]


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
    prepare(command, tmp_path, monkeypatch)
    with contextlib.ExitStack() as stack:
        more = fault.place(Bench(stack, monkeypatch, authority, tmp_path)) if fault.place else []
        script = [] if fault.place else scripted(fault, name, server)
        if seen is answers.NO_ECHO:
            script = [*script, *script]  # a second request, for prompt_logprobs
        server.script(*script)
        result = nbx(
            *command.words, "--retries", "1", *fault.args, *more, jitter=-1.0 if command.rows else 0.5
        )
        server.release.set()
    assert (result.code, command.kept(result)) == (seen.code, seen.keeps), result
    reported = command.reported(result)
    assert seen.says in reported
    assert not seen.hint or f"\n  {seen.hint}" in reported
    assert bool(reported) == bool(seen.says)
    assert len(server.requests) == len(script)
    assert command.rows or len(result.slept) == seen.retried
    if command.rows:  # a run that ends before any row does not print a table of zeros
        assert result.err.count(f"\nfailed\t{seen.keeps.count('exit ')}\n") == bool(seen.keeps)
    check_message(reported)


def prepare(command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change to `folder` and write the files of the command there."""
    monkeypatch.chdir(folder)
    for file, text in command.files.items():
        Path(file).write_text(text)


def scripted(fault: Fault, name: str, server: FakeServer) -> list[Reply]:
    """Return the reply to each expected request."""
    command, seen = COMMANDS[name], fault.seen[name]
    steps = [server.hold if step is connections.hold else step for step in fault.reply(command.good)]
    broken: list[Reply] = [steps] * (fault.requests * (1 + seen.retried))
    if not command.rows:
        return broken
    sound = [command.good.head(), command.good.body]
    return [sound, *broken, *([sound] if seen.code in (ExitCode.DONE, ExitCode.ROWS_FAILED) else [])]


def test_there_are_enough_faults_and_their_names_are_unique() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for name in ("streamed", "buffered", "bulk", "models"):
        assert len([run for run in RUNS if run[1] == name]) >= FEWEST, name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_accepts_a_valid_answer(
    name: str, nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    prepare(command, tmp_path, monkeypatch)
    rows = 3 if command.rows else 1
    server.script(*[[command.good.head(), command.good.body]] * rows)
    result = nbx(*command.words)
    assert (result.code, command.kept(result), command.reported(result)) == (0, "half\n" * rows, "")
