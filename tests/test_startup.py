"""Start-up: which modules each command loads, taken from sys.modules of a separate process."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.run import Runner
from tests.support.server import USAGE, FakeServer, answer, sse, token
from tests.support.terminal import Terminal

HEAVY = {"rich", "asyncio", "pydantic", "sqlite3", "keyring"}
SHARED_COMMANDS = ("root", "declare_command", "typer_parameters", "shared_flags")
LATE_S = 1.0  # far longer than the imports take
# Requests need the first two; finding and reading the config file needs the other two.
REQUEST_LIBS = {"requests", "urllib3", "tomllib", "platformdirs"}

RUN = """
import sys
from nebius_cli.main import main
code = main(sys.argv[1:])
with open("modules", "w") as file:
    file.write(" ".join(sys.modules))
sys.exit(code)
"""


def loaded(*args: str, code: str = RUN, exits: int = 0, **env: str) -> set[str]:
    """Run a process; return the top-level packages and the nebius_cli modules that it has loaded."""
    # Coverage of child processes loads modules that nbx does not load.
    outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env={**outer, "NBX_CONFIG_DIR": str(Path.cwd()), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == exits, done.stderr.decode()
    names = Path("modules").read_text().split()
    return {name if name.startswith("nebius_cli") else name.partition(".")[0] for name in names}


@pytest.fixture(autouse=True)
def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty directory, in which the process writes its list of modules."""
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))


def test_the_command_tree_loads_nothing_that_only_a_request_needs() -> None:
    code = (
        "import sys, nebius_cli.commands.root\nwith open('modules', 'w') as f: f.write(' '.join(sys.modules))"
    )
    assert loaded(code=code) & (HEAVY | REQUEST_LIBS) == set()


def test_version_loads_only_the_main_module() -> None:
    start = RUN.replace("nebius_cli.main import main", "nebius_cli.__main__ import start")
    modules = loaded("--version", code=start.replace("main(sys.argv[1:])", "start()"))
    ours = {name for name in modules if name.startswith("nebius_cli")}
    assert ours == {"nebius_cli", "nebius_cli.__main__"}
    assert modules & (HEAVY | REQUEST_LIBS | {"typer", "dataclasses", "enum", "re", "json"}) == set()


@pytest.mark.parametrize("args", [["--help"], ["complete", "--help"]], ids=str)
def test_help_in_a_pipe_loads_neither_rich_nor_request_modules(args: list[str]) -> None:
    modules = loaded(*args)
    assert modules & (HEAVY | REQUEST_LIBS) == set()
    assert "nebius_cli.actions.complete" not in modules


@pytest.mark.parametrize(
    ("command", "own"),
    [
        ("complete", ["complete"]),
        ("bulk", ["bulk", "bulk_merge", "bulk_export"]),
        ("score", ["score"]),
        ("rank", ["score"]),
    ],
)
def test_a_command_does_not_load_the_declarations_of_other_commands(command: str, own: list[str]) -> None:
    declared = {name for name in loaded(command, "--help") if name.startswith("nebius_cli.commands.")}
    assert declared == {f"nebius_cli.commands.{name}" for name in (*own, *SHARED_COMMANDS)}


@pytest.mark.parametrize("args", [["--bad"], ["complete", "x", "--bad"], ["complte"]], ids=str)
def test_an_invalid_command_line_loads_no_action(args: list[str]) -> None:
    modules = loaded(*args, exits=2)
    assert modules & (HEAVY | REQUEST_LIBS) == set()
    assert not any(name.startswith("nebius_cli.actions") for name in modules)


def test_a_value_out_of_range_is_reported_before_request_modules_are_loaded() -> None:
    assert loaded("complete", "x", "-m", "m", "--temperature", "9", exits=2) & (HEAVY | REQUEST_LIBS) == set()


@pytest.mark.parametrize("form", ["--dry-run", "--curl"])
def test_dry_run_and_curl_load_no_request_modules(form: str) -> None:
    modules = loaded("complete", "x", "-m", "m", form)
    assert modules & (HEAVY | REQUEST_LIBS) == set()


def test_reading_a_config_file_loads_only_the_toml_parser() -> None:
    Path("config.toml").write_text("model = 'm'\nuse_profile = 'w'\n[profile.w]\nn = 2\n")
    modules = loaded("complete", "x", "--dry-run")
    assert modules & (HEAVY | REQUEST_LIBS) == {"tomllib"}
    assert "tempfile" not in modules
    assert not {"nebius_cli.config.project_file", "nebius_cli.system.editor"} & modules


def test_a_piped_completion_loads_urllib3_but_no_display_modules(server: FakeServer) -> None:
    server.script(answer("text"))
    modules = loaded("complete", "x", "-m", "m", "--base-url", server.url, "--usage", NEBIUS_API_KEY=CANARY)
    assert modules & HEAVY == {"sqlite3"}  # for the ledger; see below
    assert "urllib3" in modules
    assert not {"requests", "certifi"} & modules
    unneeded = {
        "nebius_cli.render.live_choices",
        "nebius_cli.terminal.rich_console",
        "nebius_cli.terminal.write_table",
        "nebius_cli.render.json_output",
    }
    unneeded |= {
        "nebius_cli.response.token_logprobs",
        "nebius_cli.render.order_logprob_choices",
        "nebius_cli.render.probability_colors",
    }
    unneeded |= {
        "nebius_cli.local.start_llama_cpp_server",
        "nebius_cli.local.weights",
        "nebius_cli.actions.config",
    }
    assert modules & unneeded == set()


def test_requests_is_not_imported_even_if_a_proxy_is_set(server: FakeServer) -> None:
    server.script(answer("text"))
    arguments = ("complete", "x", "-m", "m", "--base-url", server.url)
    proxy = "http://127.0.0.1:9"
    modules = loaded(*arguments, NEBIUS_API_KEY=CANARY, HTTPS_PROXY=proxy)
    assert "requests" not in modules


def test_a_view_in_a_pipe_does_not_load_rich(server: FakeServer) -> None:
    server.script(answer("text"))
    arguments = ("complete", "x", "-m", "m", "--base-url", server.url, "--view", "heat")
    modules = loaded(*arguments, NEBIUS_API_KEY=CANARY, NBX_LEDGER="no")
    assert "rich" not in modules
    assert "nebius_cli.render.token_tsv" in modules


# Records what the main thread, which writes the answer, imports after LATE_S of waiting for the server.
LATE = f"""
import sys, threading, time
connected, late = [], []
def watch(event, arguments):
    if event == "socket.connect":
        connected.append(time.monotonic())
    elif event == "import" and threading.current_thread() is threading.main_thread():
        if connected and time.monotonic() > connected[-1] + {LATE_S}:
            late.append(arguments[0])
sys.addaudithook(watch)
from nebius_cli.main import main
code = main(sys.argv[1:])
with open("modules", "w") as file:
    file.write(" ".join(late))
sys.exit(code)
"""


@pytest.mark.parametrize("flags", [[], ["-n", "2"], ["--view", "heat"], ["--json"]], ids=str)
def test_on_a_terminal_all_modules_are_imported_while_nbx_waits_for_the_server(
    flags: list[str], nbx: Runner, server: FakeServer
) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(2 * LATE_S)

    choices = range(2 if "-n" in flags else 1)
    server.script([late, *sse(*(token("text", index, "stop") for index in choices), USAGE)])
    with Terminal(["complete", "x", *flags], nbx.process_env(), program=["-c", LATE]) as screen:
        assert screen.end() == 0, screen
    assert Path("modules").read_text() == ""


# Records which modules are loaded when the first thread starts, which opens the connection.
FIRST_THREAD = """
import sys, threading
there, start = [], threading.Thread.start
def watched(thread):
    there.append(" ".join(sys.modules))
    start(thread)
threading.Thread.start = watched
from nebius_cli.main import main
code = main(sys.argv[1:])
with open("modules", "w") as file:
    file.write(there[0])
sys.exit(code)
"""


def test_a_completion_starts_to_connect_before_it_imports_the_request_modules(server: FakeServer) -> None:
    server.script(answer("text"))
    arguments = ("complete", "x", "-m", "m", "--base-url", server.url)
    modules = loaded(*arguments, code=FIRST_THREAD, NEBIUS_API_KEY=CANARY)
    assert "nebius_cli.api.connect_during_import" in modules
    assert not {"urllib3", "http", "ssl", "sqlite3"} & modules
    assert not {"nebius_cli.api.http_client", "nebius_cli.api.send_completion"} & modules


# Reports how many bytes of the answer are in stdout, a file, when each of these modules is imported.
WATCH = """
import os, sys
def watch(event, arguments):
    if event == "import" and arguments[0] in ("sqlite3", "decimal", "nebius_cli.ledger.request_recorder"):
        os.write(2, f"{arguments[0]} {os.fstat(1).st_size}\\n".encode())
sys.addaudithook(watch)
from nebius_cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("ledger", [True, False])
def test_the_answer_is_written_before_the_ledger_is_imported(server: FakeServer, *, ledger: bool) -> None:
    server.script(answer("text"))
    arguments = ["complete", "x", "-m", "m", "--base-url", server.url, "-q"]
    arguments += ["--ledger" if ledger else "--no-ledger"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with Path("answer").open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", WATCH, *arguments],
            env={**outer, "NBX_CONFIG_DIR": str(Path.cwd()), "NEBIUS_API_KEY": CANARY},
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert Path("answer").read_bytes() == b"text\n"
    wanted = ["decimal 5", "nebius_cli.ledger.request_recorder 5", "sqlite3 5"] if ledger else []
    assert sorted(done.stderr.decode().splitlines()) == wanted
