"""Reads an answer from a connection, within the deadline of its request.

http.client parses it. This module sets the timeout of the socket to the time that is left before each wait,
and decides how many bytes are taken at once.
"""

import http.client
import io
import re
import socket
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import urllib3

from nebius_cli.api.deadlines import Deadline

BUFFER_BYTES = 65536
# Of one wait for a socket. The shorter it is, the better is known how long the process was suspended; and on
# Windows, Ctrl-C has no effect before a wait ends.
MAX_WAIT_S = 0.5 if sys.platform == "win32" else 5.0
# The end of a chunk, the size of the next one, and the first byte in it.
NEXT_CHUNK = re.compile(rb"\r\n0*[1-9A-Fa-f][0-9A-Fa-f]*\r\n[\s\S]")


class _TimedReader(io.RawIOBase):
    """Reads from a socket and waits no longer than the deadline allows. Raises TimedOutError.

    While `paused` it reads nothing, so that a peek at the buffer above it never waits.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)  # the socket stays open until this is closed
        self._deadline = deadline
        self.paused = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what http.client reads from."""
        del mode
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.paused:
            return None
        sock, deadline = self._sock, self._deadline
        while True:
            sock.settimeout(deadline.start_wait(MAX_WAIT_S))
            try:
                count = sock.recv_into(buffer)
            except TimeoutError:
                continue  # the deadline raises if no time is left
            finally:
                deadline.end_wait()
            if count:
                deadline.unread = False
            if deadline.in_body:
                deadline.bytes_came()
            return count

    def close(self) -> None:
        self._file.close()
        super().close()


class HttpResponse(http.client.HTTPResponse):
    """The final answer to a request. http.client skips interim answers with status 100, this one also 103.

    `fields` are the headers by their names in lower case; `complete` tells whether the body was read to its
    end. `keep` takes the connection if it can be used for another request.
    """

    def __init__(self, connection: http.client.HTTPConnection, method: str, deadline: Deadline) -> None:
        self._connection: http.client.HTTPConnection | None = connection
        self._reader = _TimedReader(connection.sock, deadline)
        super().__init__(self._reader, method=method)  # type: ignore[arg-type]  # only makefile is called
        self._joins = False
        self.fields: dict[str, str] = {}
        self.complete = False
        self.keep: Callable[[Any], object] = http.client.HTTPConnection.close

    def begin(self) -> None:
        """Read the head. Raises HTTPException if it is not one."""
        super().begin()
        while self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # else http.client reads no second head
            super().begin()
        fields = self.fields
        for name, value in self.msg.items():
            key = name.lower()
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
        lengths = {length.strip() for length in fields.get("content-length", "").split(",")}
        if not self.chunked and len(lengths) > 1:
            raise http.client.HTTPException(f"it has two lengths: {', '.join(sorted(lengths))}")
        self._joins = bool(self.chunked) and "content-encoding" not in fields

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the body, decompressed, as they arrive. Only `read1` holds nothing back.

        Raises IncompleteRead if the connection ends before the body does, and what urllib3 raises where
        bytes cannot be decompressed.
        """
        if "content-encoding" in self.fields:
            yield from self._decompressed()
        else:
            while chunk := self.read1(BUFFER_BYTES):
                self.complete = self.length == 0
                yield chunk
                if self.complete:
                    return
            if self.length:
                raise http.client.IncompleteRead(b"", self.length)
        self.complete = True

    def release(self) -> None:
        """Close the answer. Its connection is kept only where the answer was read to its end."""
        connection, self._connection = self._connection, None
        self.close()
        if connection is not None:
            if self.complete and not self.will_close:
                self.keep(connection)
            else:
                connection.close()

    def read1(self, n: int = -1) -> bytes:
        """Return up to `n` bytes: one chunk, and those after it that are in the buffer already.

        Compressed chunks stay apart: where one cannot be decompressed, those before it still can.
        """
        data = super().read1(n)
        if not (self._joins and data) or self._next_chunk_waits():
            return data
        pieces, size = [data], len(data)
        while size < n and not self._next_chunk_waits():
            pieces.append(super().read1(n - size))
            size += len(pieces[-1])
        return b"".join(pieces)

    def _decompressed(self) -> Iterator[bytes]:
        body = urllib3.HTTPResponse(
            body=self, headers=self.fields, preload_content=False, original_response=self
        )
        while chunk := body.read1(BUFFER_BYTES):
            yield chunk

    def _next_chunk_waits(self) -> bool:
        """Return whether reading the next byte of the body may have to wait."""
        if self.isclosed():
            return True
        self._reader.paused = True
        ahead = self.fp.peek(1)
        self._reader.paused = False
        return not (ahead if self.chunk_left else NEXT_CHUNK.match(ahead))
