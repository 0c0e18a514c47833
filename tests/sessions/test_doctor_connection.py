"""`nbx doctor` checks the connection to the server: TLS, proxies, and passwords in URLs."""

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.support.factory import model_list
from tests.support.findings import row, today
from tests.support.run import Runner
from tests.support.server import FakeServer


@pytest.fixture
def tls(well: Runner, authority: trustme.CA, tmp_path: Path) -> Runner:
    """nbx that trusts the authority of these tests."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return Runner({**well.environ, "NBX_CACERT": str(path)})


def secure(authority: trustme.CA, name: str = "127.0.0.1", days: float = 90) -> FakeServer:
    """A scripted server with a certificate for `name` that expires in `days`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends = datetime.now(UTC) + timedelta(days=days)
    authority.issue_cert(name, not_after=ends).configure_cert(context)
    return FakeServer(tls=context)


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (5.5, "warn")])
def test_a_valid_certificate_is_shown_with_tls_version_and_expiry_date(
    days: float, state: str, tls: Runner, authority: trustme.CA
) -> None:
    server = secure(authority, days=days).script(model_list(Date=today()))
    result = tls("doctor", "--base-url", server.url)
    assert (result.code, row(result, "tls")[0], row(result, "base_url")[0]) == (0, state, "ok")
    assert row(result, "tls")[1].startswith("TLSv1.3, certificate valid until 20")
    assert row(result, "ca")[1].endswith("authority.pem (NBX_CACERT), 1 authority")
    server.close()


@pytest.mark.parametrize(
    ("name", "days", "words", "hint"),
    [
        ("127.0.0.1", -1, "certificate has expired", "check the clock of this machine: it says "),
        (
            "api.example",
            90,
            "IP address mismatch",
            "use --cacert FILE to trust another certificate authority",
        ),
    ],
    ids=["expired", "another host"],
)
def test_an_invalid_certificate_is_rejected_before_any_request(
    name: str, days: float, words: str, hint: str, tls: Runner, authority: trustme.CA
) -> None:
    server = secure(authority, name, days)
    result = tls("doctor", "--base-url", server.url)
    state, text, do = row(result, "tls")
    assert (result.code, state) == (7, "fail")
    assert words in text
    assert do.startswith(hint)
    assert (row(result, "api")[1], server.requests) == ("needs tls", [])
    server.close()


def test_a_certificate_of_an_unknown_authority_is_rejected(well: Runner, authority: trustme.CA) -> None:
    server = secure(authority)
    result = well("doctor", "--base-url", server.url)
    assert (result.code, row(result, "tls")[0], row(result, "ca")[0]) == (7, "fail", "ok")
    assert "unable to get local issuer" in row(result, "tls")[1]
    server.close()


def test_a_missing_authorities_file_is_a_configuration_error(well: Runner, authority: trustme.CA) -> None:
    server = secure(authority)
    result = well("doctor", "--base-url", server.url, "--cacert", "/nowhere/at/all.pem")
    assert (result.code, row(result, "ca")[0], row(result, "tls")[1]) == (78, "fail", "needs ca")
    server.close()


def test_a_server_that_does_not_speak_tls_is_reported(well: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        greeting = threading.Thread(target=greet, args=(listener,))
        greeting.start()
        result = well("doctor", "--base-url", f"https://127.0.0.1:{listener.getsockname()[1]}")
        greeting.join()
    assert (result.code, row(result, "tls")[0], row(result, "api")[1]) == (7, "fail", "needs tls")


def greet(listener: socket.socket) -> None:
    """Answer two connections, the probes of TCP and of TLS, as a mail server does."""
    for _ in range(2):
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.recv(65536)


def test_a_proxy_is_used_and_its_password_is_hidden(
    well: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:hunter2%21@127.0.0.1:{server.port}")
    server.script(model_list(Date=today()))
    result = well("doctor", "--base-url", "http://api.invalid/v1")
    assert row(result, "proxy")[1] == f"http://127.0.0.1:{server.port} (HTTP_PROXY)"
    assert row(result, "dns")[1].startswith("the proxy 127.0.0.1")
    assert (result.code, row(result, "api")[0], row(result, "base_url")[0]) == (0, "ok", "warn")
    assert "hunter2" not in result.out + result.err
    assert server.requests[0].target == "http://api.invalid/v1/models"


def test_an_invalid_proxy_url_is_a_configuration_error(well: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://")
    result = well("doctor", "--base-url", "http://api.invalid/v1")
    assert (result.code, row(result, "proxy")[0], row(result, "dns")[1]) == (78, "fail", "needs proxy")


def test_a_password_in_the_base_url_is_rejected_and_hidden(well: Runner, server: FakeServer) -> None:
    result = well("doctor", env={"NEBIUS_BASE_URL": server.url.replace("//", "//user:hunter2@")})
    assert "hunter2" not in result.out + result.err
    assert (result.code, row(result, "base_url")[0], row(result, "api")[0]) == (78, "fail", "skipped")


def test_an_invalid_base_url_is_a_configuration_error(well: Runner) -> None:
    result = well("doctor", env={"NEBIUS_BASE_URL": "ftp://user:hunter2@h"})
    assert (result.code, row(result, "base_url")[0], row(result, "dns")[1]) == (78, "fail", "needs proxy")
    assert "hunter2" not in result.out + result.err
