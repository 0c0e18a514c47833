"""Turns the exceptions of urllib3, ssl and sockets into NbxErrors."""

import errno
import socket
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import Any

import urllib3.exceptions

from nebius_cli.core.errors import NetworkError, NoResourcesError, TimedOutError
from nebius_cli.core.format import shorten


def _connect_timeout(to: str, why: str) -> TimedOutError:
    del why
    what = f"no connection{to} within the connect timeout"
    return TimedOutError(what, "", "--connect-timeout waits longer", retryable=True)


# Exception types → the function that makes the error, from " to HOST" and the text of the deepest cause.
# The first row that matches counts: to urllib3, a refused connection is also a "connect timeout".
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[str, str], NetworkError]], ...] = (
    (
        (urllib3.exceptions.ProxyError,),
        lambda _, why: NetworkError("the proxy refused or failed", why, "check HTTPS_PROXY and NO_PROXY"),
    ),
    (
        (socket.gaierror,),
        lambda to, _: NetworkError(
            f"no connection{to}",
            "its name does not resolve",
            "check base_url and the network",
            retryable=True,
        ),
    ),
    (
        (urllib3.exceptions.SSLError,),
        lambda to, why: NetworkError(f"no TLS connection{to}", why, "--cacert FILE trusts another authority"),
    ),
    (
        (ConnectionRefusedError,),
        lambda to, _: NetworkError(
            f"connection{to} refused",
            "nothing listens there",
            "check base_url",
            retryable=True,
        ),
    ),
    (
        (urllib3.exceptions.NewConnectionError,),
        lambda to, why: NetworkError(f"no connection{to}", why, "check the network", retryable=True),
    ),
    # Below the others: in some releases of urllib3, a connection that failed is one as well.
    ((urllib3.exceptions.ConnectTimeoutError,), _connect_timeout),
    (
        (urllib3.exceptions.ReadTimeoutError,),
        lambda to, why: TimedOutError(
            f"the connection{to} was silent too long",
            why,
            "--connect-timeout, --first-byte-timeout or --stall-timeout waits longer",
        ),
    ),
    (
        (urllib3.exceptions.DecodeError,),
        lambda _, why: NetworkError("the answer is compressed in a way that cannot be undone", why),
    ),
    (
        (IncompleteRead,),
        lambda to, _: NetworkError(
            f"the connection{to} broke", "it ended in the middle of the answer", retryable=True
        ),
    ),
    ((Exception,), lambda to, why: NetworkError(f"the connection{to} broke", why, retryable=True)),
)


def network_error(error: Exception, host: str, *, sent: bool = True) -> NetworkError:
    """Return the error for an exception of a connection to `host`, empty if the connection was made.

    `sent` tells whether any part of the request may have reached the server.
    """
    causes = list(_causes(error))
    if any(isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE) for cause in causes):
        what, hint = "too many open files", "ulimit -n 4096 allows more"
        return NoResourcesError(what, "no connection could be made", hint, retryable=True, sent=False)
    make = next(make for kinds, make in _MEANINGS if any(isinstance(cause, kinds) for cause in causes))
    meaning = make(f" to {host}" if host else "", _innermost(causes))
    meaning.sent = sent
    return meaning


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all errors that it wraps: urllib3 wraps those of the socket, and its own."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [
                current.__cause__,
                current.__context__,
                getattr(current, "reason", None),
                *current.args,
            ]


def _innermost(causes: list[BaseException]) -> str:
    """Return the text of the deepest cause that has any: the others repeat it with object addresses."""
    texts = [(isinstance(cause, OSError) and cause.strerror) or str(cause) for cause in causes]
    return shorten(next((text for text in reversed(texts) if text), ""))
