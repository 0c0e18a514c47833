"""What goes wrong below HTTP, made ours: exceptions of urllib3, ssl and sockets → NbxError."""

import socket
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import Any

import urllib3.exceptions

from nebius_cli.core.errors import NbxError, NetworkError, TimedOutError
from nebius_cli.core.format import shorten


def _connect_timeout(to: str, why: str) -> NbxError:
    del why
    what = f"no connection{to} within the connect timeout"
    return TimedOutError(what, "", "--connect-timeout waits longer", retryable=True, sent=False)


# What a failure below HTTP means: kinds of causes → the error, given " to HOST" and the deepest cause's
# words. The first row that matches counts: a refused connection is a "connect timeout" to urllib3 as well.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[str, str], NbxError]], ...] = (
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
            sent=False,
        ),
    ),
    (
        (urllib3.exceptions.SSLError,),
        lambda to, why: NetworkError(
            f"no TLS connection{to}", why, "--cacert FILE trusts another authority", sent=False
        ),
    ),
    (
        (ConnectionRefusedError,),
        lambda to, _: NetworkError(
            f"connection{to} refused",
            "nothing listens there",
            "check base_url",
            retryable=True,
            sent=False,
        ),
    ),
    (
        (urllib3.exceptions.NewConnectionError,),
        lambda to, why: NetworkError(
            f"no connection{to}", why, "check the network", retryable=True, sent=False
        ),
    ),
    # Below the others: some releases of urllib3 call a connection that failed one as well.
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


def network_error(error: Exception, host: str) -> NbxError:
    """Return what a failure of the connection to `host` (empty where it was made already) means."""
    causes = list(_causes(error))
    make = next(make for kinds, make in _MEANINGS if any(isinstance(cause, kinds) for cause in causes))
    return make(f" to {host}" if host else "", _innermost(causes))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything it was made from: urllib3 wraps the socket's, and itself."""
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
    """Return the words of the deepest cause that has any: the others repeat it with object addresses."""
    texts = [(isinstance(cause, OSError) and cause.strerror) or str(cause) for cause in causes]
    return shorten(next((text for text in reversed(texts) if text), ""))
