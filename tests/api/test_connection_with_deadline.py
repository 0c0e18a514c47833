"""How answers are read from a connection, how requests are sent on it, and when it is reused."""

import contextlib
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme

from nebius_cli.api import connection_with_deadline, read_until_deadline
from nebius_cli.core.errors_and_exit_codes import NetworkError, RejectedError
from tests.support.calls import KEPT_OPEN, connect, failure, send, stream
from tests.support.gate import Gate
from tests.support.server import LAST_CHUNK, FakeServer, Reply, Step, chunk, hang_up, head, reset, status

CHUNKED = head(Transfer_Encoding="chunked")


def test_chunks_received_together_are_joined(server: FakeServer) -> None:
    server.script([CHUNKED + chunk(b"a") + chunk(b"bc") + chunk(b"d") + LAST_CHUNK])
    assert list(stream(connect(server.url)))[1:] == [b"abcd"]


@pytest.mark.parametrize("rest", [b"", b"\r", b"\r\n5", b"\r\n5\r\n", b"\r\n5;x=y\r\n"])
def test_an_incomplete_chunk_header_does_not_delay_earlier_data(server: FakeServer, rest: bytes) -> None:
    gate = Gate()
    begun, late = chunk(b"a").removesuffix(b"\r\n"), b"\r\n5\r\n"
    late = b"\r\n5;x=y\r\n" if b";" in rest else late
    server.script([CHUNKED + begun + rest, gate, late.removeprefix(rest) + b"later\r\n" + LAST_CHUNK])
    answer = stream(connect(server.url))
    next(answer)
    assert next(answer) == b"a"
    gate.open()
    assert b"".join(item for item in answer if isinstance(item, bytes)) == b"later"


def test_a_partly_received_chunk_is_joined_with_the_chunks_before_it(server: FakeServer) -> None:
    gate = Gate()
    server.script([CHUNKED + chunk(b"a") + b"5\r\nla", gate, b"ter\r\n" + LAST_CHUNK])
    answer = stream(connect(server.url))
    next(answer)
    assert next(answer) == b"ala"
    gate.open()
    assert list(answer) == [b"ter"]


def test_compressed_chunks_received_together_are_decoded_one_by_one(server: FakeServer) -> None:
    packer = zlib.compressobj(wbits=31)
    good = packer.compress(b"good") + packer.flush(zlib.Z_SYNC_FLUSH)
    server.script(
        [head(Transfer_Encoding="chunked", Content_Encoding="gzip") + chunk(good) + chunk(b"\xff" * 99)]
    )
    answer = stream(connect(server.url))
    next(answer)
    assert next(answer) == b"good"
    with pytest.raises(NetworkError, match="compressed"):
        next(answer)


def test_joined_chunks_are_not_larger_than_the_buffer(server: FakeServer) -> None:
    pieces = b"".join(chunk(b"x" * 1000) for _ in range(200))
    server.script([CHUNKED + pieces + LAST_CHUNK])
    items = list(stream(connect(server.url)))[1:]
    assert max(map(len, items)) <= read_until_deadline.BUFFER_BYTES
    assert b"".join(item for item in items if isinstance(item, bytes)) == b"x" * 200_000


def test_a_wait_in_several_short_steps_keeps_the_limits(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_until_deadline, "MAX_WAIT_S", 0.05)  # as on Windows

    def pause(_: object) -> None:
        time.sleep(0.3)

    server.script([pause, *status(200, b"hi")], [pause, *status(200, b"hi")], [server.hold])
    api = connect(server.url)
    assert send(api, first_byte=20.0).body == b"hi"
    assert send(api, total=0.0).body == b"hi"
    assert failure(send, api, first_byte=0.2).why == "no data arrived for 0.2 s"


@pytest.mark.parametrize(
    "size", [0, connection_with_deadline.MAX_JOINED_BYTES, connection_with_deadline.MAX_JOINED_BYTES + 1]
)
def test_a_request_body_of_any_size_is_sent_completely(server: FakeServer, size: int) -> None:
    server.script(status(200, b"hi"))
    send(connect(server.url), b"x" * size)
    (request,) = server.requests
    assert (request.headers["content-length"], len(request.body)) == (str(size), size)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("answers", [True, False], ids=["answer", "no answer"])
def test_a_server_that_closes_while_the_body_is_sent_may_have_answered(
    tmp_path: Path, *, tls: bool, answers: bool
) -> None:
    bundle, context = authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:

        def refuse() -> None:
            connection, _ = listener.accept()
            # Otherwise the answer may wait for an ACK of earlier TLS records, and is lost on close.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(connection, server_side=True) if tls else connection as made:
                made.recv(65536)
                if answers:
                    made.sendall(head(413, Content_Length="22") + b'{"detail": "too long"}')

        refused = threads.submit(refuse)
        url = f"http{'s' * tls}://127.0.0.1:{listener.getsockname()[1]}/v1"
        error = failure(send, connect(url, cacert=bundle), bytes(30_000_000))
        refused.result()
    if answers:
        assert (type(error), error.why) == (RejectedError, "too long")
    else:
        assert error.what == "the connection to 127.0.0.1 broke"


@pytest.mark.parametrize("begun", [b"", head(Content_Length="99") + b"{}"], ids=["no answer", "half of one"])
def test_a_tls_error_after_the_handshake_is_reported_as_a_broken_connection(
    tmp_path: Path, begun: bytes
) -> None:
    bundle, context = authority(tmp_path)
    server = FakeServer(tls=context)

    def garble(connection: socket.socket) -> None:
        with socket.socket(fileno=connection.detach()) as plain:
            plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record that no key decrypts

    server.script([begun, garble])
    error = failure(send, connect(server.url, cacert=bundle))
    server.close()
    assert error.what == f"the TLS connection{'' if begun else ' to 127.0.0.1'} broke"
    assert "bad record mac" in error.why
    assert isinstance(error, NetworkError)
    assert (error.hint, error.sent) == ("", True)


def authority(folder: Path) -> tuple[str, ssl.SSLContext]:
    """Return the file of a new authority, and a server context with a certificate that it issued."""
    made, bundle = trustme.CA(), folder / "authorities.pem"
    made.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1").configure_cert(context)
    return str(bundle), context


@pytest.fixture(params=[False, True], ids=["http", "https"])
def patient(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[FakeServer, str]]:
    """A server that keeps its connections open, and the file of its authority."""
    bundle, context = authority(tmp_path)
    server = FakeServer(keep_alive=True, tls=context if request.param else None)
    yield server, bundle
    with contextlib.suppress(ConnectionRefusedError):  # a test has closed it
        server.close()


@pytest.mark.parametrize("end", [reset, hang_up], ids=["reset", "closed"])
def test_a_request_that_the_server_did_not_read_is_sent_again_on_a_new_connection(
    patient: tuple[FakeServer, str], end: Step
) -> None:
    server, bundle = patient
    server.script(KEPT_OPEN, [end], KEPT_OPEN)
    api = connect(server.url, cacert=bundle)
    assert [send(api).body, send(api).body] == [b"{}", b"{}"]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "replies",
    [[[hang_up]], [KEPT_OPEN, [b"H", hang_up]], [KEPT_OPEN, [hang_up], [hang_up]]],
    ids=["a new connection", "one byte received", "twice"],
)
def test_a_request_that_may_have_been_read_is_not_sent_again(
    patient: tuple[FakeServer, str], replies: list[Reply]
) -> None:
    server, bundle = patient
    server.script(*replies)
    api = connect(server.url, cacert=bundle)
    if replies[0] is KEPT_OPEN:
        send(api)
    error = failure(send, api)
    assert isinstance(error, NetworkError)
    assert (error.retryable, error.sent, len(server.requests)) == (True, True, len(replies))


def test_a_server_that_is_gone_when_the_request_is_sent_again_is_an_error(
    patient: tuple[FakeServer, str],
) -> None:
    server, bundle = patient

    def go(connection: socket.socket) -> None:
        server.close()
        hang_up(connection)

    server.script(KEPT_OPEN, [go])
    api = connect(server.url, cacert=bundle)
    send(api)
    assert "refused" in str(failure(send, api))


def test_many_connections_read_the_authorities_once(
    patient: tuple[FakeServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bundle = patient
    reads = []
    load = ssl.SSLContext.load_verify_locations

    def counted(context: ssl.SSLContext, *args: Any, **options: Any) -> None:
        reads.append(args)
        load(context, *args, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    api = connect(server.url, cacert=bundle, pool=4)
    server.script(*[KEPT_OPEN] * 8)
    with ThreadPoolExecutor(4) as threads:
        assert {answer.body for answer in threads.map(lambda _: send(api), range(8))} == {b"{}"}
    assert len(reads) == server.url.startswith("https")


def gzipped(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(text) + packer.flush()


def answers_on(server: FakeServer, reply: Reply) -> list[int]:
    """Send two requests, the first answered with `reply`; return the client ports that the server saw."""
    ports: list[int] = []

    def note(connection: socket.socket) -> None:
        ports.append(connection.getpeername()[1])

    server.script([note, *reply], [note, *KEPT_OPEN])
    api = connect(server.url)
    with contextlib.suppress(NetworkError):
        send(api)
    assert send(api).body == b"{}"
    return ports


PACKED = gzipped(b"{}")


@pytest.mark.parametrize(
    "reply",
    [
        KEPT_OPEN,
        [head(204)],
        [CHUNKED + chunk(b"{}") + LAST_CHUNK],
        [head(Content_Encoding="gzip", Content_Length=str(len(PACKED))) + PACKED],
        [head(Content_Encoding="gzip", Transfer_Encoding="chunked") + chunk(PACKED) + LAST_CHUNK],
        [head(103), *KEPT_OPEN],
    ],
    ids=["length", "empty", "chunked", "gzip with a length", "gzip in chunks", "interim"],
)
def test_the_connection_of_a_complete_answer_is_reused(reply: Reply) -> None:
    with contextlib.closing(FakeServer(keep_alive=True)) as server:
        first, second = answers_on(server, reply)
    assert first == second


@pytest.mark.parametrize(
    "reply",
    [
        [head(Content_Length="2", Connection="close") + b"{}"],
        [head(Content_Encoding="gzip", Content_Length="3") + b"\xff\xff\xff"],
        [CHUNKED + b"zz\r\n"],
    ],
    ids=["closed by the server", "not gzip", "invalid chunk size"],
)
def test_a_connection_is_not_reused_after_close_or_an_invalid_answer(reply: Reply) -> None:
    with contextlib.closing(FakeServer(keep_alive=True)) as server:
        first, second = answers_on(server, reply)
    assert first != second
