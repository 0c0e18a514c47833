"""One function starts every program that nbx runs, and no program gets the key."""

import ast
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.core.errors_and_exit_codes import ConfigError, Terminated
from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring
from nebius_cli.local.start_llama_cpp_server import Engine
from nebius_cli.system import child_process
from tests.support.canary import CANARY
from tests.support.sources import MODULES, tree_of
from tests.support.weights import real_weights

STARTS = re.compile(
    r"(subprocess\.)?(Popen|run|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|os\.(exec|spawn|posix_spawn|popen|startfile|fork)\w*|os\.system"
    r"|(multiprocessing|webbrowser|pty)\.\w+|(asyncio\.)?create_subprocess_\w+|ProcessPoolExecutor"
)
NAMED_LIKE_THEM = {"run", "call"}  # also names of our own functions
# Moments at which a program runs, but no code outside of subprocess has a reference to it yet.
STARTING = [("c_return", "Popen._execute_child"), ("return", "Popen.__init__")]
STARTED = ("return", "start")
SHOW_ENVIRON = [sys.executable, "-c", "import os; print(dict(os.environ))"]


def started(name: str) -> list[str]:
    """Return the calls in a module that start a program."""
    calls = [
        ast.unparse(node.func) for node in ast.walk(tree_of(MODULES[name])) if isinstance(node, ast.Call)
    ]
    return [call for call in calls if STARTS.fullmatch(call) and call not in NAMED_LIKE_THEM]


def test_one_function_starts_every_program() -> None:
    assert {name: calls for name in MODULES if (calls := started(name))} == {
        "system.child_process": ["subprocess.Popen"]
    }


def test_no_function_of_subprocess_is_imported_by_name() -> None:
    taken = {
        alias.name
        for path in MODULES.values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in ("subprocess", "os", "multiprocessing")
        for alias in node.names
    }
    assert taken <= {"DEVNULL", "PIPE", "Popen", "TimeoutExpired"}  # Popen only as a type


def test_the_variables_of_every_secret_setting_are_removed() -> None:
    secret = {name for setting in SETTINGS if setting.secret for name in setting.env}
    assert secret <= set(child_process.SECRET_VARIABLES)


@pytest.mark.parametrize("given", ["handed over", "of this process"])
def test_a_child_sees_the_environment_but_no_key(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {**os.environ, "NEBIUS_API_KEY": CANARY, "NBX_API_KEY_COMMAND": f"echo {CANARY}"}
    environ |= {"NBX_HEADERS": f"X-Gateway: {CANARY}", "A": "kept"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    mine = environ if given == "handed over" else None
    with child_process.start(SHOW_ENVIRON, mine, changes={"B": "new"}, stdout=subprocess.PIPE) as process:
        shown = process.communicate()[0].decode()
    assert "'A': 'kept'" in shown
    assert "'B': 'new'" in shown
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("word", "why"), [("/no/such", "No such file or directory"), ("a\0b", "embedded null byte")]
)
def test_a_program_that_cannot_be_started_is_an_error_with_its_reason(word: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        child_process.start([word], {}, failure="cannot start it", hint="do this")
    assert (caught.value.what, caught.value.why, caught.value.hint) == ("cannot start it", why, "do this")


def test_a_program_started_by_a_library_gets_no_key(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom nebius_cli.system.streams import Streams\n"
        "assert Streams.system().environ['NEBIUS_API_KEY']\n"
        "sys.exit(os.system('test -z \"$NEBIUS_API_KEY\"') != 0)\n"
    )
    environ = {**os.environ, "NEBIUS_API_KEY": CANARY}
    assert (
        subprocess.run([sys.executable, "-c", script], env=environ, cwd=tmp_path, check=False).returncode == 0
    )


def signal_at(moment: tuple[str, str]) -> None:
    """Send SIGTERM to this process at an event of a function, as `sys.setprofile` reports it."""

    def look(frame: FrameType, event: str, arg: Any) -> None:
        called = getattr(arg, "__name__", "fork_exec")
        if (event, frame.f_code.co_qualname, called) == (*moment, "fork_exec"):
            sys.setprofile(None)
            signal.raise_signal(signal.SIGTERM)

    sys.setprofile(look)


@pytest.mark.usefixtures("sigterm")
@pytest.mark.parametrize("moment", [*STARTING, STARTED], ids=" of ".join)
def test_a_signal_while_a_program_is_being_started_ends_the_program(moment: tuple[str, str]) -> None:
    reader, writer = os.pipe()
    with open(writer, "wb") as held, open(reader, "rb") as pipe:  # noqa: PTH123 - descriptors
        signal_at(moment)
        with pytest.raises(Terminated), child_process.running(["sleep", "600"], stdout=held):
            raise AssertionError  # the signal arrives before this
        held.close()
        assert select.select([pipe], [], [], 0) == ([pipe], [], [])
        assert pipe.read() == b""  # no process holds the other end


@pytest.mark.engine
@pytest.mark.usefixtures("sigterm")
@pytest.mark.parametrize("moment", STARTING, ids=" of ".join)
@pytest.mark.parametrize("kind", [Engine, LibraryScoring])
def test_a_signal_while_the_engine_is_being_started_ends_the_engine(
    kind: type[Engine] | type[LibraryScoring], moment: tuple[str, str]
) -> None:
    before, engine = children(), kind(real_weights())
    signal_at(moment)
    with pytest.raises(Terminated), engine:
        raise AssertionError  # the signal arrives before this
    assert children() == before


def children() -> set[str]:
    """Return the process ids of this process's children."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.mark.usefixtures("sigterm")
def test_the_program_receives_signals_and_the_handlers_of_nbx_are_restored() -> None:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with child_process.running(["sh", "-c", "kill -TERM $$; sleep 600"]) as process:
        assert process.wait(60) == -signal.SIGTERM
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before
