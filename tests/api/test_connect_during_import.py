"""The connection opened while urllib3 is imported: the first request uses it, or it is closed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nebius_cli.api.connect_during_import import EarlyConnection, connect_early
from nebius_cli.core.errors_and_exit_codes import ExitCode
from tests.conftest import CANARY
from tests.support.calls import connect, send
from tests.support.factory import LIGHTNING, model_list
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, head, read_request, status

REQUEST = ("complete", "x", "-m", "m")
TIMEOUT_S = 10.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening socket that never answers; `accept` fails at once if no connection is pending."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def connected(listener: socket.socket) -> EarlyConnection:
    """Return an early connection that is established."""
    early = EarlyConnection("127.0.0.1", listener.getsockname()[1], TIMEOUT_S)
    early._task.wait(TIMEOUT_S)
    return early


def test_a_completion_opens_one_connection(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    assert nbx(*REQUEST).out == "text\n"
    assert server.connections == 1


def test_a_retry_opens_a_connection_of_its_own(nbx: Runner, server: FakeServer) -> None:
    server.script(status(503), answer("text"))
    assert nbx(*REQUEST).out == "text\n"
    assert server.connections == 2


@pytest.mark.parametrize(
    "flags",
    [
        ["--dry-run"],
        ["--curl"],
        ["--temperature", "9"],
        ["--view", "heat", "--json"],
        ["-f", "missing"],
        ["-o", "missing/answer"],
        ["--api-key", "a\tkey"],
        ["--api-key-file", "missing"],
        ["--param", "x"],
    ],
    ids=" ".join,
)
def test_a_run_that_sends_nothing_does_not_connect(
    nbx: Runner, server: FakeServer, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nbx(*REQUEST, *flags, may_show_key=True)
    assert server.connections == 0


def test_a_run_whose_authorities_cannot_be_read_does_not_connect(nbx: Runner, server: FakeServer) -> None:
    secure = server.url.replace("http:", "https:")
    assert nbx(*REQUEST, "--base-url", secure, "--cacert", "missing").code == ExitCode.CONFIG
    assert server.connections == 0


def test_a_run_without_a_key_does_not_connect(nbx: Runner, server: FakeServer) -> None:
    assert nbx(*REQUEST, env={"NEBIUS_API_KEY": ""}).code == ExitCode.AUTH
    assert server.connections == 0


def test_a_run_that_a_budget_refuses_does_not_connect(nbx: Runner, server: FakeServer) -> None:
    server.script(model_list())
    nbx("models", "-q")
    words = ("complete", "x", "-m", LIGHTNING["id"], "--max-tokens", "1000")
    assert nbx(*words, env={"NBX_BUDGET_DAILY": "0.0000001"}).code == ExitCode.CAPPED
    assert server.connections == 1  # from `nbx models`


def test_an_early_connection_can_be_taken_once(listener: socket.socket) -> None:
    early, port = connected(listener), listener.getsockname()[1]
    taken = early.take("127.0.0.1", port)
    assert taken is not None
    early.close()
    assert taken.fileno() != -1
    taken.close()
    assert early.take("127.0.0.1", port) is None


def test_an_early_connection_is_not_used_for_another_server(listener: socket.socket) -> None:
    early, port = connected(listener), listener.getsockname()[1]
    assert early.take("127.0.0.1", port + 1) is None
    assert early.take("localhost", port) is None
    early.close()


def test_an_early_connection_that_is_not_used_is_closed(listener: socket.socket) -> None:
    early = connected(listener)
    early.close()
    accepted, _ = listener.accept()
    with accepted:
        accepted.settimeout(TIMEOUT_S)
        assert accepted.recv(1) == b""
    assert early.take("127.0.0.1", listener.getsockname()[1]) is None


def test_closing_during_the_connect_closes_the_connection_once_it_is_established(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.create_connection

    def late(address: tuple[str, int], timeout: float) -> socket.socket:
        time.sleep(0.2)
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", late)
    early = EarlyConnection("127.0.0.1", listener.getsockname()[1], TIMEOUT_S)
    early.close()
    assert early._task.outcome().fileno() == -1


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_no_early_connection_is_opened_if_a_proxy_is_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert connect_early("https://api.example", TIMEOUT_S, cacert="", trust_env=True) is None


def test_a_proxy_does_not_prevent_an_early_connection_to_this_machine(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    early = connect_early(url(listener), TIMEOUT_S, cacert="", trust_env=True)
    assert early is not None
    assert not early.is_distant
    early.close()


# Prints what the connecting thread imports, and its calls of `connect` as a proof that it ran.
THREAD = """
import os, sys, threading
def watch(event, arguments):
    if threading.current_thread().name == "nbx-connect":
        if event in ("import", "socket.connect"):
            os.write(2, f"{event} {arguments[0] if event == 'import' else ''}\\n".encode())
sys.addaudithook(watch)
from nebius_cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_connecting_thread_imports_nothing(server: FakeServer, tmp_path: Path) -> None:
    server.script(answer("text"))
    base_url = server.url.replace("127.0.0.1", "localhost")
    outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", THREAD, *REQUEST, "--base-url", base_url, "-q"],
        env={**outer, "NBX_CONFIG_DIR": str(tmp_path), "NEBIUS_API_KEY": CANARY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == b"text\n"
    assert set(done.stderr.decode().split()) == {"socket.connect"}


@pytest.mark.parametrize("budget", ["", "1000"], ids=["early", "late"])
@pytest.mark.parametrize(
    ("base_url", "what"),
    [
        ("http://127.0.0.1:1/v1", "connection to 127.0.0.1:1 refused"),
        ("http://name.invalid/v1", "cannot connect to name.invalid"),
    ],
)
def test_a_failed_connection_is_reported_the_same_early_and_late(
    nbx: Runner, base_url: str, what: str, budget: str
) -> None:
    env = {"NBX_BUDGET_DAILY": budget} if budget else {}
    result = nbx(*REQUEST, "--base-url", base_url, "--retries", "0", "-q", env=env)
    assert result.code == ExitCode.NETWORK
    assert result.err.startswith(f"nbx: {what}")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses connections")
@pytest.mark.parametrize("budget", ["", "1000"], ids=["early", "late"])
def test_the_connect_timeout_applies_to_early_and_late_connections(nbx: Runner, budget: str) -> None:
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        base_url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        flags = ("--base-url", base_url, "--retries", "0", "--connect-timeout", "0.5")
        result = nbx(*REQUEST, *flags, env={"NBX_BUDGET_DAILY": budget} if budget else {})
    assert result.code == ExitCode.NETWORK
    assert "within the connect timeout" in result.err


@pytest.mark.parametrize("host", ["[::1]", "[::1%251]", "[::1%1]"])
def test_a_request_to_an_ipv6_address_uses_the_early_connection(host: str) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    listener.settimeout(TIMEOUT_S)
    with listener, ThreadPoolExecutor(1) as threads:
        port = listener.getsockname()[1]
        base_url = f"http://{host}:{port}/v1"
        early = connect_early(base_url, TIMEOUT_S, cacert="", trust_env=False)
        answered = threads.submit(send, connect(base_url, early=early))
        connection, _ = listener.accept()
        with connection:
            request = read_request(connection)
            connection.sendall(head(200, "application/json", Content_Length="2") + b"{}")
            assert answered.result().body == b"{}"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert request is not None
    assert request.headers["host"] == f"[::1]:{port}"  # a zone has no meaning for the server
