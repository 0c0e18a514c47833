"""A scripted HTTP server over real sockets, for answers that a well-behaved server never gives."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# One step of a reply: bytes to send, or something to do with the connection.
Step = bytes | Callable[[socket.socket], None]
Reply = Sequence[Step]


@dataclass
class Request:
    """One request as received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class FakeServer:
    """Answers each request with the next reply of its script; `close` fails if replies are left over."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    keep_alive: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.release = threading.Event()  # what `hold` waits for
        self.hung_up = threading.Event()  # set once the client has closed a connection early
        self.connections = 0  # accepted so far
        self._closing = False
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def script(self, *replies: Reply) -> "FakeServer":
        """Add replies, one for each expected request."""
        self.replies += replies
        return self

    def close(self) -> None:
        """Stop the server; fail if replies of the script are left over."""
        self.release.set()
        # End the thread before closing the listener: a pending accept would continue on the same descriptor,
        # which may belong to the next server by then, and take its connection.
        self._closing = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()
        for connection in tuple(self._open):  # so that an endless reply ends too
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        assert not self.replies, f"{len(self.replies)} replies were never asked for"

    def hold(self, connection: socket.socket) -> None:
        """A step: send nothing until the test ends or sets `release`."""
        del connection
        self.release.wait(30)

    def until_hung_up(self, connection: socket.socket) -> None:
        """A step: wait for the client to close the connection, then set `hung_up`."""
        connection.settimeout(30)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            return
        except OSError:
            pass
        self.hung_up.set()

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        self._open.add(connection)
        yield
        self._open.discard(connection)

    def _reply(self, request: Request) -> Reply:
        del request
        return self.replies.pop(0) if self.replies else status(599, b"no reply scripted")

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        if self.tls is not None:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:  # the client does not trust this server, or does not speak TLS
                return
        with connection, self._kept(connection):
            try:
                while (request := read_request(connection)) is not None:
                    self.requests.append(request)
                    for step in self._reply(request):
                        connection.sendall(step) if isinstance(step, bytes) else step(connection)
                        if connection.fileno() == -1:
                            return
                    if not self.keep_alive:
                        return
            except OSError:  # the connection was closed, so a step could not send
                self.hung_up.set()
                return


def read_request(connection: socket.socket) -> Request | None:
    """Return the next request of a connection, None if it was closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def reset(connection: socket.socket) -> None:
    """A step: end the connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket) -> None:
    """A step: close the connection normally."""
    connection.close()


def head(status: int = 200, content_type: str = "text/event-stream", **headers: str) -> bytes:
    """Return a response head; underscores in header names stand for dashes."""
    lines = [f"HTTP/1.1 {status} Because", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def status(code: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> Reply:
    """Return a complete reply with a Content-Length."""
    return [head(code, content_type, Content_Length=str(len(body)), Connection="close", **headers) + body]


def detail(code: int, message: Any, **headers: str) -> Reply:
    """Return an error in Token Factory's shape."""
    return status(code, json.dumps({"detail": message}).encode(), **headers)


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"


def event(value: Any) -> bytes:
    """Return one server-sent event; a value that is not bytes is encoded as JSON."""
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def token(text: str, index: int = 0, reason: str | None = None, **more: Any) -> dict[str, Any]:
    """Return one frame with text of one choice, as vLLM sends it."""
    choice = {"index": index, "text": text, "logprobs": None, "finish_reason": reason, **more}
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1717516032,
        "model": "m",
        "choices": [choice],
    }


USAGE = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1717516032,
    "model": "m",
    "choices": [],
    "usage": {
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "total_tokens": 7,
        "prompt_tokens_details": None,
        "completion_tokens_details": None,
    },
}


def sse(*values: Any, done: bool = True, **headers: str) -> Reply:
    """Return a chunked stream with one event per chunk."""
    events = [*values, *([b"[DONE]"] if done else [])]
    steps = [chunk(event(value)) for value in events]
    first = head(200, "text/event-stream", Transfer_Encoding="chunked", Connection="close", **headers)
    return [first, *steps, LAST_CHUNK]


def answer(*texts: str, reason: str = "stop", **headers: str) -> Reply:
    """Return a valid stream: the texts as tokens, the finish reason, usage and `[DONE]`."""
    return sse(*(token(text) for text in texts), token("", reason=reason), USAGE, done=True, **headers)


def json_answer(*texts: str, reason: str = "stop") -> Reply:
    """Return a valid answer that is not streamed, with one choice for each text."""
    choices = [token(text, index, reason)["choices"][0] for index, text in enumerate(texts)]
    return status(200, json.dumps({**USAGE, "choices": choices}).encode())


def close_delimited(*values: Any) -> Reply:
    """Return a stream without chunks or length, which ends when the connection is closed."""
    return [head(Connection="close"), b"".join(event(value) for value in values)]


def gzipped(*values: Any, cut: int = 0) -> Reply:
    """Return a gzip stream, flushed after each event, without its last `cut` bytes."""
    packer = zlib.compressobj(wbits=31)
    body = b"".join(packer.compress(event(value)) + packer.flush(zlib.Z_SYNC_FLUSH) for value in values)
    body += packer.flush()
    return [head(Content_Encoding="gzip", Connection="close"), body[: len(body) - cut]]


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
