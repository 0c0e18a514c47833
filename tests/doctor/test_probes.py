"""The probes of nbx doctor: their results and errors, and their timeouts."""

import socket
import threading
from pathlib import Path

import pytest

from nebius_cli.api import tls_authorities
from nebius_cli.api.choose_proxy import Proxy
from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError, TimedOutError
from nebius_cli.doctor import probes
from nebius_cli.system.thread_with_timeout import run_with_timeout
from tests.support.server import FakeServer, closed_port


def test_a_function_that_takes_too_long_is_abandoned() -> None:
    never = threading.Event()
    with pytest.raises(TimedOutError, match=r"no answer within 0\.1 s"):
        run_with_timeout(0.1, never.wait)
    never.set()


def test_the_result_or_exception_of_the_function_is_passed_on() -> None:
    assert run_with_timeout(10, lambda: 7) == 7
    assert run_with_timeout(10, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        run_with_timeout(10, lambda: 1 // 0)


def test_a_host_resolves_to_its_addresses() -> None:
    assert probes.resolve("127.0.0.1", 443, 10) == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "x" * 70 + ".invalid", "a..b"])
def test_a_host_that_does_not_resolve_is_a_network_error(host: str) -> None:
    with pytest.raises(NetworkError, match="does not resolve"):
        probes.resolve(host, 443, 10)


def test_connect_returns_the_time_taken_or_raises_a_network_error(server: FakeServer) -> None:
    assert 0 <= probes.connect("127.0.0.1", server.port, 10) < 10
    with pytest.raises(NetworkError) as caught:
        probes.connect("127.0.0.1", closed_port(), 10)
    assert caught.value.why == "Connection refused"


def test_a_handshake_without_an_answer_fails_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises((TimedOutError, NetworkError)):
        probes.handshake(
            "127.0.0.1", listener.getsockname()[1], probes.route("https://h", "").authorities, 0.2
        )


def test_the_route_is_the_same_as_for_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = probes.route("https://h.example/v1", "")
    assert (plain.proxy, plain.has_custom_authorities) == (None, False)
    assert tls_authorities.count(plain.authorities) > 10
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/some/bundle.pem")
    proxy = Proxy("http://proxy:3128", "HTTPS_PROXY")
    assert probes.route("https://h.example/v1", "") == probes.Route(proxy, "/some/bundle.pem")
    monkeypatch.setenv("NO_PROXY", "h.example")
    assert probes.route("https://h.example/v1", "/mine.pem") == probes.Route(None, "/mine.pem")


def test_authorities_that_cannot_be_read_are_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk")
    for path in (tmp_path / "nowhere.pem", tmp_path / "notes.txt"):
        with pytest.raises(ConfigError, match="cannot read the certificate authorities"):
            tls_authorities.count(str(path))
    assert tls_authorities.count(str(tmp_path)) == 0


def test_a_missing_file_has_no_permissions(tmp_path: Path) -> None:
    assert probes.permissions(tmp_path / "nothing") is None
