"""Reads an answer from a connection: http.client parses it, and urllib3 decompresses it where need be."""

import http.client
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import urllib3

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.timed_reader import BUFFER_BYTES, TimedReader

# The end of a chunk, the size of the next one, and the first byte in it.
NEXT_CHUNK = re.compile(rb"\r\n0*[1-9A-Fa-f][0-9A-Fa-f]*\r\n[\s\S]")


class HttpResponse(http.client.HTTPResponse):
    """The final answer to a request. http.client skips interim answers with status 100, this one also 103.

    `fields` are the headers by their names in lower case; `complete` tells whether the body was read to its
    end. `keep` takes the connection if it can be used for another request.
    """

    def __init__(self, connection: http.client.HTTPConnection, deadline: Deadline) -> None:
        self._connection: http.client.HTTPConnection | None = connection
        self._reader = TimedReader(connection.sock, deadline)
        super().__init__(self._reader)  # type: ignore[arg-type]  # only makefile is called
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
