"""Turns the exceptions of urllib3, ssl and sockets into NbxErrors."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any

import urllib3.exceptions
import urllib3.response

from nebius_cli.core.errors_and_exit_codes import NbxError, NetworkError, TimedOutError
from nebius_cli.core.optional_packages import install_hint
from nebius_cli.system.file_descriptor_limit import TOO_MANY_FILES, too_many_files

if TYPE_CHECKING:
    from nebius_cli.api.choose_pool_and_headers import Target
    from nebius_cli.api.choose_proxy import Proxy

# OpenSSL's messages about bytes that are not TLS, and the first bytes of a TLS alert, which is not HTTP.
_NOT_TLS = r"(?i)wrong version number|record layer failure|packet length too long|http request"
_TLS_ALERT = "\x15\x03"
COMPRESSIONS = ("br", "compress", "dcb", "dcz", "x-compress", "zstd")  # apart from those that Python decodes


def _connect_timeout(to: str, _: str) -> TimedOutError:
    what = f"cannot connect{to} within the connect timeout"
    return TimedOutError(what, "", "use --connect-timeout SECONDS to wait longer", retryable=True)


def _unresolved(to: str, _: str) -> NetworkError:
    what = f"cannot connect{to.rpartition(':')[0]}"
    return NetworkError(
        what, "the host name does not resolve", "check base_url and the network", retryable=True
    )


def _tls(to: str, why: str) -> NetworkError:
    hint = "use --cacert FILE to trust another certificate authority"
    if re.search(_NOT_TLS, why):
        hint = "the server may use plain http on this port: try http:// in base_url"
    return NetworkError(f"cannot establish a TLS connection{to}", why, hint)


def _tls_broken(to: str, why: str) -> NetworkError:
    # The TLS handshake had succeeded, so --cacert would not help.
    return NetworkError(f"the TLS connection{to.rpartition(':')[0]} broke", why)


def _broken(to: str, why: str) -> NetworkError:
    to = to.rpartition(":")[0]  # do not name the port: it was right
    if _TLS_ALERT in why:
        hint = "the server may use TLS on this port: try https:// in base_url"
        return NetworkError(f"the connection{to} broke", "the answer is not HTTP", hint)
    return NetworkError(f"the connection{to} broke", why, retryable=True)


# Exception types → the function that makes the error, from " to HOST:PORT" and the text of the innermost
# cause. The first matching row is used: in urllib3, a refused connection is also a "connect timeout".
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[str, str], NetworkError]], ...] = (
    ((socket.gaierror,), _unresolved),
    ((urllib3.exceptions.SSLError,), _tls),
    ((ssl.SSLError,), _tls_broken),
    (
        (ConnectionRefusedError,),
        lambda to, _: NetworkError(
            f"connection{to} refused", "no server is listening there", "check base_url", retryable=True
        ),
    ),
    (
        (urllib3.exceptions.NewConnectionError,),
        lambda to, why: NetworkError(f"cannot connect{to}", why, "check the network", retryable=True),
    ),
    # After NewConnectionError, which is a subclass of this one in some releases of urllib3.
    ((urllib3.exceptions.ConnectTimeoutError,), _connect_timeout),
    (
        (urllib3.exceptions.ReadTimeoutError, TimeoutError),
        lambda to, why: TimedOutError(
            f"the connection{to} timed out",
            why,
            "use --connect-timeout, --first-byte-timeout or --stall-timeout to wait longer",
        ),
    ),
    (
        (urllib3.exceptions.DecodeError,),
        lambda _, why: NetworkError("the answer cannot be decompressed", why),
    ),
    (
        (IncompleteRead,),
        lambda to, _: NetworkError(
            f"the connection{to.rpartition(':')[0]} broke",
            "it ended in the middle of the answer",
            retryable=True,
        ),
    ),
    ((Exception,), _broken),
)


def network_error(error: Exception, target: "Target | None" = None, *, sent: bool = True) -> NbxError:
    """Return the NbxError for an exception of a connection. Its message names `target`, if given.

    `sent` tells whether any part of the request may have reached the server.
    """
    causes = list(_causes(error))
    if any(isinstance(cause, OSError) and cause.errno in TOO_MANY_FILES for cause in causes):
        return too_many_files()
    why = _innermost(causes)
    if target is not None and target.proxy and _is_of_proxy(causes, target):
        meaning = proxy_error(target.proxy, why)
    else:
        make = next(make for kinds, make in _MEANINGS if any(isinstance(cause, kinds) for cause in causes))
        meaning = make(f" to {target.server}" if target else "", why)
    meaning.sent = sent
    return meaning


def check_encoding(header: str) -> None:
    """Raise NetworkError if a `Content-Encoding` header names a compression that cannot be decoded.

    Words that are not compressions, such as utf-8, are ignored: some servers send them.
    """
    for name in (word.strip().lower() for word in header.split(",")):
        if name in COMPRESSIONS and name not in urllib3.response.HTTPResponse.CONTENT_DECODERS:
            why = "nbx does not support this encoding"
            hint = "the server should use an encoding listed in Accept-Encoding"
            if name == "zstd":
                why, hint = "the package backports.zstd is not installed", install_hint("zstd")
            raise NetworkError(f"the answer is compressed with {name}", why, hint)


def proxy_error(proxy: "Proxy", why: str) -> NetworkError:
    """Return the error for a request that a proxy did not forward."""
    hint = f"check {proxy.variable} and NO_PROXY"
    if "407" in why:
        hint = f"put the user name and password in {proxy.variable}: http://USER:PASSWORD@HOST:PORT"
    return NetworkError(f"the proxy {proxy.shown} did not forward the request", why, hint)


def _is_of_proxy(causes: list[BaseException], target: "Target") -> bool:
    """Return whether the proxy failed. For plain HTTP, it is the only host that nbx connects to."""
    if any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return True
    unreached = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    return not target.authorities and any(isinstance(cause, unreached) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all errors that it wraps: urllib3 wraps socket errors and its own."""
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
    """Return the text of the innermost cause that has one: outer errors repeat it with object addresses."""
    texts = [(isinstance(cause, OSError) and cause.strerror) or str(cause) for cause in causes]
    return next((text for text in reversed(texts) if text), "")
