"""Sends requests on connections that urllib3 makes and keeps open.

urllib3's own `urlopen` is not used: it takes as long as all else that is done for a row of `nbx bulk`.
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

# What is raised where a connection fails or the answer is not HTTP. UnicodeError: a name that is no host.
CONNECTION_ERRORS = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, UnicodeError)


class TimedPool(urllib3.HTTPConnectionPool):
    """The connections to one server; `early` may be the first. Any number of threads may send at once."""

    early: EarlyConnection | None = None

    def begin(self, head: bytes, body: bytes | None, deadline: Deadline, *, tunnel: bool) -> HttpResponse:
        """Send a request, and return the answer before anything of it is read.

        `head` is that of `send_request`; with `tunnel`, the proxy of this pool connects to the server. Raises
        CONNECTION_ERRORS and TimedOutError.
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
        """Keep a connection for another request, without its deadline, which may lead back to this pool."""
        del connection.deadline
        self._put_conn(connection)

    def _connect(self, connection: Any, *, tunnel: bool) -> None:
        """Connect. Raises SSLError for whatever TLS refuses, and ProxyError if no proxy was reached."""
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
        if error.errno != errno.EPROTOTYPE:  # as macOS calls it
            raise


def timed(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Return a manager of pools, plain, TLS or SOCKS, whose pools are TimedPools from now on."""
    manager.pool_classes_by_scheme = {
        scheme: _timed_class(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


@functools.cache
def _timed_class(pool: type[urllib3.HTTPConnectionPool]) -> type[urllib3.HTTPConnectionPool]:
    connection = type("TimedConnection", (TimedConnection, pool.ConnectionCls), {})
    return type("TimedPool", (TimedPool, pool), {"ConnectionCls": connection})
