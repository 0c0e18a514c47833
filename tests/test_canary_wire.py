"""The key and passwords in URLs are sent only where they belong, and are not shown or stored.

A server may repeat the key in any part of its answer, a proxy may ask for credentials, and a URL may contain
a password. Each case runs, with --debug, the commands that have their own code for that part of an answer or
for a URL, and searches their output and the files that they leave.
"""

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from tests.conftest import CANARY
from tests.faults.faulty_servers import Bench, expired, old_tls, unknown_authority
from tests.support import canary
from tests.support.key_in_answers import REPEATED, sound
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, closed_port, detail, status

PASSWORD = "hush-hush-77"  # used in URLs
TRACES = (PASSWORD.encode(), base64.b64encode(f"bob:{PASSWORD}".encode()))
COMMANDS = {
    "complete": ("complete", "x"),
    "json": ("complete", "x", "--json"),
    "ndjson": ("complete", "x", "--ndjson"),
    "models": ("models", "list", "--refresh"),
    "models json": ("models", "--json", "--refresh"),
    "models use": ("models", "use", "some", "--refresh"),
    "doctor": ("doctor", "--live"),
    "heat": ("complete", "x", "--view", "table", "--export", "heat.html"),
    "bulk": ("bulk", "rows.jsonl", "-o", "answers.jsonl", "--summary", "figures.json"),
    "bulk to stdout": ("bulk", "rows.jsonl"),
    "score": ("score", "x", "--tokens"),
    "scores": ("score", "--jsonl", "rows.jsonl"),
    "rank": ("rank", "-c", "x", "a", "b"),
}
# The commands that have their own code for a part of an answer.
HTTP = ("complete", "models", "doctor", "bulk")
ERROR = (*HTTP, "bulk to stdout", "scores")
ANSWER = ("complete", "json", "ndjson", "heat", "bulk", "score")
LIST = ("models", "models json", "models use", "doctor")
# Commands that show stored data, run after the two commands that store the most.
AFTERWARDS = {
    "complete": (("history", "list"), ("history", "show", "1"), ("history", "search", "a")),
    "bulk": (
        ("usage", "--by", "model"),
        ("usage", "export"),
        ("bulk", "merge", "answers.jsonl"),
        ("bulk", "export", "answers.jsonl", "--csv"),
        ("view", "answers.jsonl"),
    ),
}
# The commands to run for each position of the key; HTTP for those not listed.
PARTS = {
    **dict.fromkeys(("in an error", "in an error of validation", "in an error of text"), ERROR),
    **dict.fromkeys(
        (
            "in an error frame",
            "as a member of an error frame",
            "in an error event",
            "in what is no JSON",
            "in a model's name",
            "in the name of a member",
            "in a finish reason",
            "in a choice",
            "in a choice too many",
            "in escapes",
            "in UTF-16",
            "in a stream's finish reason",
        ),
        ANSWER,
    ),
    "in the list": LIST,
}
RUNS = [
    *((where, name) for where in REPEATED for name in PARTS.get(where, HTTP)),
    *(("in a model's name", name) for name in ("bulk to stdout", "scores", "rank")),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with rows to send."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('"a"\n"b"\n')


def searched(result: Result, folder: Path) -> None:
    """Fail if the password is in the output or a file, or the key in a file; `Runner` checks the output."""
    for trace in TRACES:
        assert trace not in result.out_bytes, result
        assert trace not in result.err.encode(), result
        for path in folder.rglob("*"):
            assert not path.is_file() or trace not in path.read_bytes(), path
    assert canary.files_with_key(folder) == set()


@pytest.mark.parametrize(("where", "name"), RUNS)
def test_a_key_that_the_server_repeats_is_not_shown_or_stored(
    where: str, name: str, nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    server.replies += [REPEATED[where]] * 6
    nbx.environ["NBX_HISTORY_TEXT"] = "true"
    retries = "0" if name.startswith("bulk") else "1"  # bulk really waits between retries
    result = nbx(*COMMANDS[name], "--debug", "--retries", retries)
    assert "a bug in nbx" not in result.err
    assert server.requests
    assert all(request.headers["authorization"] == f"Bearer {CANARY}" for request in server.requests)
    assert all(CANARY not in request.target for request in server.requests[:1])
    assert (tmp_path / "heat.html").exists() or name != "heat" or where != "in a model's name"
    searched(result, tmp_path)
    for args in AFTERWARDS.get(name, ()):
        searched(nbx(*args), tmp_path)
    server.replies.clear()


def test_a_key_in_the_model_text_is_printed_but_not_stored_in_the_ledger(
    nbx: Runner, server: FakeServer, tmp_path: Path, key_files: set[Path]
) -> None:
    nbx.environ["NBX_HISTORY_TEXT"] = "true"
    server.replies += [status(200, sound({"text": f"it is {CANARY}!"}))] * 3
    shown = nbx("complete", "x", may_show_key=True)  # model text is printed unchanged
    assert (shown.code, shown.out) == (0, f"it is {CANARY}!\n")
    assert shown.err == "nbx: warning: the answer contains the API key: the text is not stored\n"
    key_files.add(tmp_path / "answers.jsonl")
    assert nbx("bulk", "rows.jsonl", "-o", "answers.jsonl").code == 0
    exported = nbx("bulk", "export", "answers.jsonl", "--text", may_show_key=True)
    assert exported.out == f"it is {CANARY}!\n" * 2
    assert nbx("history", "show", "1", "--json").json["answers"] is None


URL = "http://bob:" + PASSWORD + "@127.0.0.1:{}"


class Odd(NamedTuple):
    """A URL with a password, and the variable that holds it."""

    variable: str
    url: str


ODD = {
    "the base": Odd("NEBIUS_BASE_URL", URL + "/v1"),
    "a base where nothing listens": Odd("NEBIUS_BASE_URL", URL.format(1)),
    "a base without a scheme": Odd("NEBIUS_BASE_URL", f"bob:{PASSWORD}@127.0.0.1/v1"),
    "a base with an invalid port": Odd("NEBIUS_BASE_URL", URL.format(99999)),
    "a base with a query": Odd("NEBIUS_BASE_URL", f"https://127.0.0.1/v1?key={PASSWORD}"),
    "a base with a fragment": Odd("NEBIUS_BASE_URL", f"https://127.0.0.1/v1#{PASSWORD}"),
    "a base with brackets": Odd("NEBIUS_BASE_URL", f"http://bob:{PASSWORD}@[::1/v1"),
    "a proxy": Odd("HTTP_PROXY", URL),
    "a proxy that is not running": Odd("HTTP_PROXY", URL.format(1)),
    "a proxy without a name": Odd("HTTP_PROXY", f"http://bob:{PASSWORD}@proxy.invalid:1"),
    "a proxy that is not a URL": Odd("HTTP_PROXY", f"http://bob:{PASSWORD}@[:1"),
    "a proxy of another kind": Odd("HTTP_PROXY", f"socks9://bob:{PASSWORD}@127.0.0.1:1"),
    "a proxy with an invalid port": Odd("HTTP_PROXY", f"bob:{PASSWORD}@127.0.0.1:99999"),
}
ASKING = {
    **COMMANDS,
    "curl": ("complete", "x", "--curl"),
    "config list": ("config", "list"),
    "config list json": ("config", "list", "--json"),
    "config get": ("config", "get", "base_url", "--show-origin"),
    "auth status": ("auth", "status"),
    "auth status json": ("auth", "status", "--json"),
    "bulk estimate": ("bulk", "rows.jsonl", "--estimate"),
    "usage": ("usage", "export"),
}
CALLING = ("complete", "models", "doctor", "bulk")
SHOWING = ("curl", "config list", "config list json", "config get", "auth status", "auth status json")
SHOWN = [
    *(("the base", name) for name in ASKING),
    *((odd, name) for odd in ODD if odd.startswith("a base") for name in (*CALLING, *SHOWING)),
    *((odd, name) for odd in ODD if odd.startswith("a proxy") for name in CALLING),
]


@pytest.mark.parametrize(("odd", "name"), SHOWN)
def test_a_password_in_a_url_is_never_shown(
    odd: str, name: str, nbx: Runner, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, url = ODD[odd]
    url = url.format(server.port)
    monkeypatch.setenv(variable, url)
    server.replies += [detail(407, "who are you?")] * 6
    result = nbx(*ASKING[name], "--debug", env={variable: url, "NBX_RETRIES": "0"})
    assert "a bug in nbx" not in result.err
    searched(result, tmp_path)
    server.replies.clear()


@contextlib.contextmanager
def proxy(answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Run a proxy that always gives the same answer; yield its port and the requests that it received."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        asked.append(connection.recv(65536))
                        connection.sendall(answers)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("name", [*CALLING, "models use"])
@pytest.mark.parametrize("answers", [b"HTTP/1.1 407 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nno TLS at all"])
def test_a_proxy_gets_a_connect_request_without_the_key(
    answers: bytes, name: str, nbx: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with proxy(answers) as (port, asked):
        monkeypatch.setenv("HTTPS_PROXY", URL.format(port))
        result = nbx(
            *COMMANDS[name], "--debug", env={"NEBIUS_BASE_URL": "https://api.invalid", "NBX_RETRIES": "0"}
        )
    assert result.code == (0 if name == "models use" else 7)  # models use does not need the list
    searched(result, tmp_path)
    heads = [asking for asking in asked if asking]  # doctor opens a connection without sending anything
    assert heads
    for asking in heads:
        assert asking.startswith(b"CONNECT api.invalid:443 HTTP/1.")
        assert not canary.shows_key(asking)
        assert b"authorization: bearer" not in asking.lower()


@pytest.mark.parametrize("place", [unknown_authority, expired, old_tls], ids=lambda place: place.__name__)
def test_a_server_with_untrusted_tls_does_not_get_the_key(
    place: Callable[[Any], list[str]],
    authority: trustme.CA,
    nbx: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with contextlib.ExitStack() as stack:
        flags = place(Bench(stack, monkeypatch, authority, tmp_path))
        result = nbx("complete", "x", "--debug", *flags)
    assert result.code == 7
    searched(result, tmp_path)


def test_the_password_of_an_unreachable_proxy_is_not_shown(
    nbx: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://bob:{PASSWORD}@127.0.0.1:{closed_port()}")
    result = nbx("complete", "x", "--debug", env={"NEBIUS_BASE_URL": "https://api.invalid"})
    assert (result.code, PASSWORD in result.err) == (7, False)
