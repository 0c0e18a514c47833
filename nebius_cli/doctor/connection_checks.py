"""Checks the connection to the server, step by step: base URL, proxy, authorities, DNS, TCP, TLS."""

from datetime import UTC, datetime
from urllib.parse import SplitResult

from nebius_cli.api import tls_authorities
from nebius_cli.config.merge_settings_layers import EffectiveSettings
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import urls
from nebius_cli.core.short_text import counted
from nebius_cli.doctor import probes
from nebius_cli.doctor.check_results import Check, State

PROBE_TIMEOUT_S = 5.0  # for each step
MIN_CERTIFICATE_DAYS = 14  # a certificate that expires sooner causes a warning


class ConnectionChecks:
    """The checks of the connection, in the order of the methods; each one uses the results before it.

    `ca_file` is the configured file or folder of authorities, or None. A failed check raises NbxError.
    """

    def __init__(self, effective: EffectiveSettings, settings: RunSettings, ca_file: str | None) -> None:
        self._effective = effective
        self._settings = settings
        self._ca_file = ca_file
        self._base = SplitResult("", "", "", "", "")
        self._route = probes.Route(None, "")
        self._first_hop = ("", 0)  # host and port of the proxy or, without one, of the server

    @property
    def passwords(self) -> list[str]:
        """The passwords in the URL of the proxy, which must not be shown."""
        proxy = self._route.proxy
        return [proxy.url.rpartition("@")[0].rpartition(":")[2]] if proxy else []

    def base_url(self) -> Check:
        """Check the base URL. If it is wrong, there is no fallback: another server would get the key."""
        for layer in self._effective.layers:
            if "base_url" in layer.values:
                break
            for problem in layer.problems:
                if "base_url" in f"{problem.what} {problem.why}".split():
                    raise problem
        self._base = urls.parse_base_url(self._settings.base_url)
        text = f"{self._base.geturl()} ({self._settings.origins.base_url})"
        if urls.is_plain_http(self._base):
            hint = "over plain http, anyone on the network can read the key and the prompt"
            return Check("base_url", State.WARN, text, hint)
        return Check("base_url", State.OK, text)

    def proxy(self) -> Check:
        """Find out whether requests go through a proxy."""
        self._route = probes.route(self._base.geturl(), self._ca_file or "")
        proxy = self._route.proxy
        port = self._base.port or urls.DEFAULT_PORTS[self._base.scheme]
        self._first_hop = (proxy.host, proxy.port) if proxy else (self._base.hostname or "", port)
        if proxy is None:
            return Check("proxy", State.OK, "none")
        text = f"{proxy.shown} ({proxy.variable})"
        if urls.is_plain_http(self._base):
            return Check(
                "proxy", State.WARN, text, "over plain http, the proxy can read the key and the prompt"
            )
        return Check("proxy", State.OK, text)

    def authorities(self) -> Check:
        """Check that the certificate authorities can be read."""
        if self._base.scheme == "http":
            return Check("ca", State.SKIPPED, "not needed for plain http")
        path = self._route.authorities
        count = tls_authorities.count(path)
        source = "bundled with nbx"
        if self._settings.cacert is not None:
            source = f"{path} ({self._settings.origins.cacert})"
        elif self._route.has_custom_authorities:
            ours = (
                "SSL_CERT_FILE or SSL_CERT_DIR" if self._ca_file else "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
            )
            source = f"{path} ({ours})"
        authorities = counted(count, "authority", "authorities")
        return Check("ca", State.OK, f"{source}, {authorities}" if count else source)

    def resolve(self) -> Check:
        """Look up the host of the first hop."""
        host, port = self._first_hop
        addresses = probes.resolve(host, port, PROBE_TIMEOUT_S)
        more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
        return Check("dns", State.OK, f"{self._hop_label}{host} resolves to {', '.join(addresses[:3])}{more}")

    def connect(self) -> Check:
        """Open a TCP connection to the first hop."""
        host, port = self._first_hop
        seconds = probes.connect(host, port, PROBE_TIMEOUT_S)
        return Check("tcp", State.OK, f"{self._hop_label}{host}:{port} in {seconds * 1000:.0f} ms")

    def handshake(self, now: float) -> Check:
        """Make a TLS connection, and check the certificate at `now`, in Unix time."""
        if self._base.scheme == "http":
            return Check("tls", State.SKIPPED, "no TLS with plain http")
        if self._route.proxy:
            return Check("tls", State.SKIPPED, "behind the proxy; see the API check")
        tls = probes.handshake(*self._first_hop, self._route.authorities, PROBE_TIMEOUT_S)
        return check_certificate(tls.version, tls.expires_at, now)

    @property
    def _hop_label(self) -> str:
        return "the proxy " if self._route.proxy else ""


def check_certificate(version: str, ends: float, now: float) -> Check:
    """Check when a valid certificate expires; `ends` and `now` are Unix time."""
    days = int((ends - now) // 86_400)
    text = f"{version}, certificate valid until {datetime.fromtimestamp(ends, UTC).date().isoformat()}"
    if days < MIN_CERTIFICATE_DAYS:
        return Check(
            "tls",
            State.WARN,
            f"{text}, {counted(days, 'day')} left",
            "the operator of the server must renew it",
        )
    return Check("tls", State.OK, text)
