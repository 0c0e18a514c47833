"""A server for the benchmarks of streams: one completion as server-sent events, framed in several ways."""

import gzip
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Process

FRAMINGS = ("chunked", "chunk-per-event", "close-delimited", "gzip")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"


def event(text: str, reason: str | None = None, index: int = 0) -> bytes:
    """Return one frame as vLLM writes it."""
    choice = {"index": index, "text": text, "logprobs": None, "finish_reason": reason, "stop_reason": None}
    frame = {
        "id": "cmpl-bd18c4194f544c189578cfcb273a2f74",
        "object": "text_completion",
        "created": 1717516032,
    }
    return b"data: " + json.dumps({**frame, "model": "m", "choices": [choice]}).encode() + b"\n\n"


def _take_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _burst(connection: socket.socket, framing: str, tokens: int) -> None:
    """Send all tokens as fast as the socket takes them."""
    events = [event(" word")] * tokens + [event("", "stop"), b"data: [DONE]\n\n"]
    body = b"".join(events)
    if framing == "gzip":
        connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(body, 1))
    elif framing == "close-delimited":
        connection.sendall(HEAD + b"\r\n" + body)
    else:
        size = 1 if framing == "chunk-per-event" else 500
        pieces = (b"".join(events[at : at + size]) for at in range(0, len(events), size))
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"".join(map(_chunk, pieces)) + b"0\r\n\r\n")


def _pace(connection: socket.socket, framing: str, tokens: int, rate: float, choices: int) -> None:
    """Send `rate` tokens a second, each with the time of its sending, nanoseconds on the monotonic clock."""
    import zlib

    pack = zlib.compressobj(wbits=31) if framing == "gzip" else None
    chunked = framing.startswith("chunk")
    encoding = (
        b"Content-Encoding: gzip\r\n" if pack else b"Transfer-Encoding: chunked\r\n" if chunked else b""
    )
    connection.sendall(HEAD + encoding + b"\r\n")

    def send(data: bytes) -> None:
        data = pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH) if pack else data
        connection.sendall(_chunk(data) if chunked else data)

    due = time.monotonic()
    for number in range(tokens):
        due += 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))
        send(event(f"{time.monotonic_ns()} ", index=number % choices))
    send(b"".join(event("", "stop", index) for index in range(choices)) + b"data: [DONE]\n\n")
    connection.sendall((pack.flush() if pack else b"") + (b"0\r\n\r\n" if chunked else b""))


def _serve(
    listener: socket.socket, framing: str, tokens: int, rate: float, choices: int, certificate: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        context.load_cert_chain(certificate)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if certificate:
                connection = context.wrap_socket(connection, server_side=True)
            _take_request(connection)
            if rate:
                _pace(connection, framing, tokens, rate, choices)
            else:
                _burst(connection, framing, tokens)
        except OSError:  # the reader has gone
            pass
        finally:
            connection.close()


@contextmanager
def serving(
    framing: str,
    tokens: int,
    *,
    rate: float = 0,
    choices: int = 1,
    host: str = "127.0.0.1",
    certificate: str = "",
) -> Iterator[str]:
    """Give the base URL of a server in a process of its own; `rate` is tokens a second, 0 all at once.

    `host` is an address that leads to this machine; with `certificate`, a file of PEM, it speaks TLS.
    """
    with socket.create_server(("", 0)) as listener:
        port = listener.getsockname()[1]
        arguments = (listener, framing, tokens, rate, choices, certificate)
        process = Process(target=_serve, args=arguments, daemon=True)
        process.start()
        try:
            yield f"{'https' if certificate else 'http'}://{host}:{port}/v1"
        finally:
            process.kill()
            process.join()
