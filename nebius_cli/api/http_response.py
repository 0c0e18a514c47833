"""Reads an answer from a connection: http.client parses it, and urllib3 decompresses it if necessary."""

import http.client
import re
import socket
from collections.abc import Callable, Iterator
from email.errors import MissingHeaderBodySeparatorDefect
from http import HTTPStatus
from typing import Any

import urllib3

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.read_until_deadline import BUFFER_BYTES, TimedReader

# The end of a chunk, the size of the next one, and the first byte in it.
NEXT_CHUNK = re.compile(rb"\r\n0*[1-9A-Fa-f][0-9A-Fa-f]*\r\n[\s\S]")
LENGTH = r"[0-9]{1,18}"
FRAMING = r"(?im)^(content-length|transfer-encoding)[ \t]*:"  # the headers that define where the body ends


class HttpResponse(http.client.HTTPResponse):
    """The final answer to a request. Interim answers are skipped: http.client skips only status 100.

    `fields` maps header names in lower case to values; `complete` tells whether the body was read to its
    end. `keep` is called with the connection if it can be used for another request.
    """

    def __init__(self, connection: http.client.HTTPConnection, deadline: Deadline) -> None:
        self._connection: http.client.HTTPConnection | None = connection
        self._reader = TimedReader(connection.sock, deadline)
        super().__init__(self._reader)  # type: ignore[arg-type]  # only makefile is called
        self._joins = False
        self.fields: dict[str, str] = {}
        self.complete = False
        self._failure: OSError | None = None  # of the connection, before the head was read
        self.keep: Callable[[Any], object] = http.client.HTTPConnection.close

    @property
    def sock(self) -> socket.socket | None:
        """The socket that becomes readable when the answer arrives; None if it cannot be watched."""
        sock = None if self._connection is None else self._connection.sock
        return sock if isinstance(sock, socket.socket) else None  # otherwise it is TLS inside TLS

    def has_begun(self) -> bool:
        """Receive bytes without waiting; return whether `begin` has anything to read.

        This includes the end or a failure of the connection.
        """
        self._reader.waits = False
        try:
            return bool(self.fp.peek(1)) or self._reader.ended
        except OSError as error:
            self._failure = error
            return True
        finally:
            self._reader.waits = True

    def begin(self) -> None:
        """Read the head. Raises HTTPException if it is invalid."""
        if self._failure is not None:
            raise self._failure
        super().begin()
        while self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # so http.client reads the next head
            super().begin()
        fields = self.fields
        for name, value in self.msg.raw_items():  # `items` checks for surrogates, which latin-1 never has
            key = name.lower()
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
        try:
            self._find_end()
        except http.client.HTTPException:
            if self.status < HTTPStatus.BAD_REQUEST:
                raise
            self.will_close = True  # the status matters, even if the message cannot be read
        self._joins = bool(self.chunked) and "content-encoding" not in fields

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the body, decompressed, as they arrive. Methods other than `read1` delay them.

        Raises IncompleteRead if the connection ends before the body does, and the errors of urllib3 if bytes
        cannot be decompressed.
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
        """Close the answer. Its connection is kept only if the answer was read to its end."""
        connection, self._connection = self._connection, None
        self.close()
        if connection is not None:
            if self.complete and not self.will_close:
                self.keep(connection)
            else:
                connection.close()

    def read1(self, n: int = -1) -> bytes:
        """Return up to `n` bytes: one chunk, and the chunks after it that are already in the buffer.

        Compressed chunks are not joined: if one cannot be decompressed, those before it still can.
        """
        data = super().read1(n)
        if not (self._joins and data) or self._next_chunk_waits():
            return data
        pieces, size = [data], len(data)
        while size < n and not self._next_chunk_waits():
            pieces.append(super().read1(n - size))
            size += len(pieces[-1])
        return b"".join(pieces)

    def _find_end(self) -> None:
        """Determine where the body ends. Raises HTTPException if the head does not define it clearly.

        http.client ignores lines and encodings that it does not understand. It would wait for the server to
        close the connection, or treat chunk sizes as part of the text. A length that is not a number does no
        harm: the answer then ends with the connection.
        """
        fields, encoding = self.fields, self.fields.get("transfer-encoding", "identity")
        if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.msg.defects):
            unread = str(self.msg.get_payload())  # all lines from the first one that is not a header
            if re.search(FRAMING, unread):
                raise http.client.HTTPException("the answer has an invalid header line")
        codings = {coding.strip().lower() for coding in encoding.split(",")}
        if not self.chunked and codings == {"chunked"}:
            self.chunked, self.chunk_left, self.length = True, None, None  # written with a blank, or twice
        if not self.chunked and codings != {"identity"}:
            raise http.client.HTTPException(f"the answer has an unknown transfer encoding: {encoding}")
        if self.status == HTTPStatus.NO_CONTENT:
            self.chunked = False
        if "content-length" in fields and not self.chunked:
            lengths = {length.strip() for length in fields["content-length"].split(",")}
            if len(lengths) > 1:
                listed = ", ".join(sorted(lengths))
                raise http.client.HTTPException(f"the answer has several Content-Length values: {listed}")
            if self.length is None and re.fullmatch(LENGTH, length := lengths.pop()):
                self.length = int(length)  # the same length twice in one header
        if "close" in fields.get("connection", "").lower():  # also in the second of two Connection headers
            self.will_close = True

    def _decompressed(self) -> Iterator[bytes]:
        body = urllib3.HTTPResponse(
            body=self, headers=self.fields, preload_content=False, original_response=self
        )
        while chunk := body.read1(BUFFER_BYTES):
            yield chunk

    def _close_conn(self) -> None:
        # Bytes after the end of the body belong to no request. On a reused connection, they would be read as
        # the answer to the next request.
        if self._buffered() or self._reader.has_decrypted:
            self.will_close = True
        super()._close_conn()  # type: ignore[misc]  # not in typeshed

    def _next_chunk_waits(self) -> bool:
        """Return whether reading the next byte of the body may have to wait."""
        if self.isclosed():
            return True
        ahead = self._buffered()
        return not (ahead if self.chunk_left else NEXT_CHUNK.match(ahead))

    def _buffered(self) -> bytes:
        """Return bytes that were received but not read yet."""
        self._reader.paused = True
        ahead = self.fp.peek(1)
        self._reader.paused = False
        return ahead
