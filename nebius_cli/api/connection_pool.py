"""Sends requests on connections that urllib3 makes and keeps open.

urllib3's own `urlopen` is not used: it takes as long as all other work on a row of `nbx bulk`.
"""

import errno
import functools
import http.client
import ssl
from typing import Any

import urllib3
import urllib3.exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from nebius_cli.api.connect_during_import import EarlyConnection
from nebius_cli.api.connection_with_deadline import TimedConnection
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_response import HttpResponse

# Raised if a connection fails or the answer is not HTTP. UnicodeError: the host name is invalid.
CONNECTION_ERRORS = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, UnicodeError)


class TimedPool(urllib3.HTTPConnectionPool):
    """The connections to one server; the first one may be `early`. Any number of threads may send at once."""

    early: EarlyConnection | None = None

    def begin(self, head: bytes, body: bytes | None, deadline: Deadline, *, tunnel: bool) -> HttpResponse:
        """Send a request and return its answer, still unread.

        `head` is as in `TimedConnection.send_request`; with `tunnel`, the proxy of this pool connects to the
        server. Raises CONNECTION_ERRORS and TimedOutError.
        """
        deadline.unread = False
        connection: Any = self._get_conn()
        connection.deadline = deadline
        try:
            if connection.sock is None:
                self._connect(connection, tunnel=tunnel)
            _send(connection, head, body)
        except BaseException:
            connection.close()
            raise
        answer = HttpResponse(connection, deadline)
        answer.keep = self._keep
        return answer

    def _keep(self, connection: Any) -> None:
        """Keep a connection for another request, without its deadline, which may refer to this pool."""
        del connection.deadline
        self._put_conn(connection)

    def _connect(self, connection: Any, *, tunnel: bool) -> None:
        """Connect. Raises SSLError if TLS fails, and ProxyError if the proxy cannot be reached."""
        connection.early = self.early
        try:
            if tunnel:
                self._prepare_proxy(connection)
            else:
                connection.connect()
        except (OSError, CertificateError, urllib3.exceptions.HTTPError) as error:
            failure: Exception = error
            if isinstance(error, ssl.SSLError | CertificateError):
                failure = urllib3.exceptions.SSLError(error)
            if connection.proxy and not connection.has_connected_to_proxy:
                failure = urllib3.exceptions.ProxyError("", failure)
            raise failure from error


def _send(connection: TimedConnection, head: bytes, body: bytes | None) -> None:
    try:
        connection.send_request(head, body)
    except (ConnectionError, ssl.SSLEOFError):
        pass  # the server has closed its end, but it may have answered before
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:  # macOS may report a closed connection like this
            raise


def use_timed_pools(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Make a pool manager (plain, TLS or SOCKS) create TimedPools from now on, and return it."""
    manager.pool_classes_by_scheme = {
        scheme: _timed_class(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


@functools.cache
def _timed_class(pool: type[urllib3.HTTPConnectionPool]) -> type[urllib3.HTTPConnectionPool]:
    connection = type("TimedConnection", (TimedConnection, pool.ConnectionCls), {})
    return type("TimedPool", (TimedPool, pool), {"ConnectionCls": connection})
