"""TLS: which authorities are trusted, the errors if none is, and redirects from and to HTTPS."""

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.support.messages import check_message
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, answer, status


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """A file with the test's own certificate authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def serving(certificate: trustme.LeafCert) -> FakeServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return FakeServer(tls=context)


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[FakeServer]:
    """A scripted server with a valid certificate from that authority."""
    server = serving(authority.issue_cert("127.0.0.1"))
    yield server
    server.close()


@pytest.fixture
def tls(bare: Runner, secure: FakeServer) -> Runner:
    environ = {"NEBIUS_API_KEY": "canary-key-4f1d", "NEBIUS_BASE_URL": secure.url, "NEBIUS_MODEL": "m"}
    return Runner({**bare.environ, **environ})


def refused(
    result: Result, why: str, hint: str = "use --cacert FILE to trust another certificate authority"
) -> None:
    """Fail unless the run ended without a TLS connection and without a retry."""
    assert (result.code, result.out, result.slept) == (7, "", [])
    assert "nbx: cannot establish a TLS connection to 127.0.0.1:" in result.err
    assert why in result.err
    assert hint in result.err
    check_message(result.err)


def test_an_unknown_authority_is_refused(tls: Runner, secure: FakeServer) -> None:
    refused(tls("complete", "x"), "certificate verify failed")
    assert secure.requests == []


def test_a_flag_can_add_an_authority(tls: Runner, secure: FakeServer, bundle: str) -> None:
    secure.script(answer("hi"))
    result = tls("complete", "x", "--cacert", bundle)
    assert (result.code, result.out, result.err) == (0, "hi\n", "")


@pytest.mark.parametrize("variable", ["NBX_CACERT", "SSL_CERT_FILE"])
def test_a_variable_can_add_an_authority(tls: Runner, secure: FakeServer, bundle: str, variable: str) -> None:
    secure.script(answer("hi"))
    assert tls("complete", "x", env={variable: bundle}).out == "hi\n"


def test_a_variable_of_requests_can_add_an_authority(
    tls: Runner, secure: FakeServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    secure.script(answer("hi"))
    assert tls("complete", "x").out == "hi\n"


def test_the_configuration_can_add_an_authority(tls: Runner, secure: FakeServer, bundle: str) -> None:
    secure.script(answer("hi"))
    assert tls("config", "set", "cacert", bundle).code == 0
    assert tls("complete", "x").out == "hi\n"


def test_a_certificate_for_another_host_is_refused(tls: Runner, authority: trustme.CA, bundle: str) -> None:
    server = serving(authority.issue_cert("api.example"))
    result = tls("complete", "x", "--cacert", bundle, "--base-url", server.url)
    refused(result, "IP address mismatch")
    assert server.requests == []
    server.close()


def test_an_expired_certificate_is_refused(tls: Runner, authority: trustme.CA, bundle: str) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    server = serving(authority.issue_cert("127.0.0.1", not_after=yesterday))
    result = tls("complete", "x", "--cacert", bundle, "--base-url", server.url)
    refused(result, "certificate has expired")
    assert server.requests == []
    server.close()


def test_a_server_without_tls_is_refused(tls: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_say_hello, args=(listener,)).start()
        result = tls("complete", "x", "--base-url", f"https://127.0.0.1:{listener.getsockname()[1]}")
    refused(result, "[SSL", "try http:// in --base-url")


def _say_hello(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"220 mail.example ESMTP\r\n")


def test_a_server_that_never_finishes_the_handshake_times_out(tls: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        result = tls("complete", "x", "--base-url", url, "--connect-timeout", "0.2")
    assert (result.code, result.out) == (7, "")
    assert "timed out\n" in result.err
    assert "--connect-timeout" in result.err
    check_message(result.err)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_variable_that_names_a_missing_file_is_a_configuration_error(
    tls: Runner, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/no/such.pem")
    result = tls("complete", "x", env={variable: "/no/such.pem"})
    assert (result.code, result.out, "/no/such.pem" in result.err) == (78, "", True)
    check_message(result.err)


@pytest.mark.parametrize("content", [None, "buy milk"], ids=["missing", "no authority"])
def test_a_file_without_authorities_is_a_configuration_error(
    tls: Runner, tmp_path: Path, content: str | None
) -> None:
    notes = tmp_path / "notes.txt"
    if content is not None:
        notes.write_text(content)
    result = tls("complete", "x", "--cacert", str(notes))
    assert (result.code, result.out, result.slept) == (78, "", [])
    assert str(notes) in result.err
    check_message(result.err)


def test_plain_http_to_a_port_that_speaks_tls_suggests_https(tls: Runner, server: FakeServer) -> None:
    server.script([b"\x15\x03\x03\x00\x02\x02\x16"])  # the alert of a server that expects TLS
    result = tls("complete", "x", "--retries", "0", "--base-url", server.url)
    assert (result.code, "try https:// in --base-url" in result.err) == (7, True)
    check_message(result.err)


def _hash(bundle: str) -> str:
    """Return the hash by which OpenSSL finds the file of an authority in a folder."""
    words = ["openssl", "x509", "-hash", "-noout", "-in", bundle]
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()


def test_an_openssl_folder_can_add_an_authority(
    tls: Runner, secure: FakeServer, bundle: str, tmp_path: Path
) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / f"{_hash(bundle)}.0").write_bytes(Path(bundle).read_bytes())
    secure.script(answer("hi"), answer("hi"))
    assert tls("complete", "x", env={"SSL_CERT_DIR": str(folder)}).out == "hi\n"
    listed = os.pathsep.join([str(tmp_path / "nowhere"), str(folder)])
    assert tls("complete", "x", env={"SSL_CERT_DIR": listed}).out == "hi\n"


@pytest.mark.parametrize("right", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_file_and_the_folder_of_openssl_are_both_trusted(
    right: str, tls: Runner, secure: FakeServer, bundle: str, tmp_path: Path
) -> None:
    places = {"SSL_CERT_FILE": tmp_path / "other.pem", "SSL_CERT_DIR": tmp_path / "authorities"}
    trustme.CA().cert_pem.write_to_path(str(places["SSL_CERT_FILE"]))
    places["SSL_CERT_DIR"].mkdir()
    if right == "SSL_CERT_FILE":
        places[right].write_bytes(Path(bundle).read_bytes())
    else:
        (places[right] / f"{_hash(bundle)}.0").write_bytes(Path(bundle).read_bytes())
    secure.script(answer("hi"))
    environ = {name: str(path) for name, path in places.items()}
    assert tls("complete", "x", env=environ).out == "hi\n"
    shown = tls("complete", "x", "--curl", env=environ).out
    assert f"--cacert {places['SSL_CERT_FILE']}" in shown
    assert f"--capath {places['SSL_CERT_DIR']}" in shown


def test_the_curl_command_uses_the_authorities_of_requests(tls: Runner, tmp_path: Path) -> None:
    shown = tls("complete", "x", "--curl", env={"REQUESTS_CA_BUNDLE": str(tmp_path)}).out
    assert f"--capath {tmp_path}" in shown


def test_the_error_for_unreadable_authorities_names_the_variable(
    tls: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "nowhere")
    monkeypatch.setenv("SSL_CERT_DIR", missing)
    result = tls("complete", "x", env={"SSL_CERT_DIR": missing})
    assert (result.code, "correct or unset SSL_CERT_DIR" in result.err) == (78, True)
    check_message(result.err)


def test_a_redirect_from_http_to_https_is_followed(
    tls: Runner, secure: FakeServer, server: FakeServer, bundle: str
) -> None:
    server.script(status(308, b"", Location=f"{secure.url}/completions"))
    secure.script(answer("hi"))
    assert tls("complete", "x", "--base-url", server.url, "--cacert", bundle).out == "hi\n"


def test_a_redirect_from_https_to_http_is_refused(
    tls: Runner, secure: FakeServer, server: FakeServer, bundle: str
) -> None:
    secure.script(status(308, b"", Location=f"{server.url}/completions"))
    result = tls("complete", "x", "--cacert", bundle)
    assert (result.code, server.requests) == (3, [])
    assert "does not send the key and the prompt to this URL" in result.err
