"""A child process that does not answer is killed, and one that is only paused is not."""

import signal
import subprocess
import sys
import time

import pytest

from nebius_cli.system import end_stuck_child
from nebius_cli.system.end_stuck_child import ChildWatch

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_that_takes_longer_than_its_limit_is_killed_with_a_reason() -> None:
    with subprocess.Popen(SLEEP) as process:
        watch = ChildWatch(process)
        with watch.limit(0.1):
            assert process.wait(20) == -signal.SIGKILL
    assert watch.reason == "it did not answer within 0.1 s"


def test_a_process_that_is_stopped_for_a_moment_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_stuck_child, "CHECK_INTERVAL_S", 0.02)
    monkeypatch.setattr(end_stuck_child, "STOPPED_TIMEOUT_S", 2.0)
    with subprocess.Popen(SLEEP) as process:
        watch = ChildWatch(process)
        with watch.limit(0.1):
            pass
        for _ in range(3):
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.1)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.1)
        assert (process.poll(), watch.reason) == (None, "")
        process.kill()


SUSPENDED = f"""
import subprocess, time
from nebius_cli.system import end_stuck_child
end_stuck_child.CHECK_INTERVAL_S = 0.02
process = subprocess.Popen({SLEEP!r})
watch = end_stuck_child.ChildWatch(process)
with watch.limit(1.0):
    before = time.monotonic()
    print("begun", flush=True)
    gap = 0.0
    while gap < 1:  # it was not suspended yet; no time is between two gaps
        now = time.monotonic()
        gap, before = now - before, now
        time.sleep(0.01)
    time.sleep(0.2)
    print(repr(watch.reason), process.poll())
process.kill()
"""


def test_time_while_nbx_is_suspended_does_not_count() -> None:
    with subprocess.Popen([sys.executable, "-c", SUSPENDED], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "begun\n"
        watching.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        watching.send_signal(signal.SIGCONT)
        assert watching.stdout.read() == "'' None\n"
