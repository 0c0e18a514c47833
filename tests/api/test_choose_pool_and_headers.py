"""Connection pools: which proxy and certificate authorities a request uses, and what is loaded once."""

import base64
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nebius_cli.api.choose_pool_and_headers import Pools, Target
from nebius_cli.api.choose_proxy import proxy_of
from nebius_cli.api.tls_authorities import trusted
from nebius_cli.core.secret import Secret

PROXY = "http://127.0.0.1:9"


def target(url: str, *, cacert: str = "", trust_env: bool = True) -> Target:
    return Pools(Secret("key"), cacert=cacert, trust_env=trust_env, size=1).target("POST", url, "*/*")


@pytest.fixture
def authorities(tmp_path: Path) -> str:
    path = tmp_path / "authorities"
    path.mkdir()
    return str(path)


@pytest.mark.parametrize(
    ("environ", "no_proxy", "host"),
    [
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "", "127.0.0.1"),
        ({"ALL_PROXY": "http://127.0.0.1:9"}, "", "127.0.0.1"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "api.example, other", ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, ".example", ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "elsewhere", "127.0.0.1"),
        ({"HTTP_PROXY": "http://127.0.0.1:9"}, "", ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "*.example:443", ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "api.example:8443", "127.0.0.1"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "i.example, pi.example", "127.0.0.1"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "*", ""),
    ],
)
def test_the_environment_decides_which_hosts_are_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, authorities: str, environ: dict[str, str], no_proxy: str, host: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    found = target("https://api.example/v1/completions", cacert=authorities)
    assert (found.pool.host, getattr(found.pool.proxy, "host", "")) == ("api.example", host)
    assert found.head.startswith(b"POST /v1/completions HTTP/1.1\r\nHost: api.example\r\n")


@pytest.mark.parametrize(
    ("host", "no_proxy", "exempt"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "10.1.2.3:80", False),
        ("10.1.2.3", "0.1.2.3", False),
        ("10.1.2.3", ".2.3", False),
        ("110.1.2.3", "10.1.2.3", False),
        ("[fd00::1]", "fd00::/8", True),
        ("[fd00::1]", "FD00:0::1", True),
        ("[fd00::1]", "[fd00::1]:443", True),
        ("[fd00::1]", "fd00::2", False),
        ("[::ffff:10.1.2.3]", "10.0.0.0/8", True),
        ("10.evil.example", "10.0.0.0/8", False),
    ],
)
def test_addresses_in_no_proxy_are_compared_as_addresses(
    monkeypatch: pytest.MonkeyPatch, host: str, no_proxy: str, *, exempt: bool
) -> None:
    monkeypatch.setenv("https_proxy", PROXY)
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_of(f"https://{host}/v1") is None) is exempt


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "http://127.8.8.8/v1", "http://[::1]/v1"])
def test_loopback_addresses_never_use_a_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert target(url).pool.proxy is None
    assert target("http://127.evil.example/v1").pool.proxy is not None


def test_the_credentials_of_a_proxy_are_decoded_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://us%40er:p%3Aw@127.0.0.1:9")
    found = target("https://api.example/v1", cacert="/")
    expected = base64.b64encode(b"us@er:p:w").decode()
    assert found.pool.proxy_headers["proxy-authorization"] == f"Basic {expected}"
    assert found.proxy is not None
    assert found.proxy.shown == PROXY


def test_without_trust_env_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none")
    assert target("http://api.example/v1", trust_env=False).pool.proxy is None
    assert Path(trusted("", trust_env=False)).name == "cacert.pem"


def test_cacert_takes_precedence_over_the_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(trusted("")).name == "cacert.pem"
    monkeypatch.setenv("CURL_CA_BUNDLE", "/curl")
    assert trusted("") == "/curl"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests")
    assert trusted("") == "/requests"
    assert trusted("/named") == "/named"


@pytest.mark.parametrize("proxy", ["", PROXY, "https://127.0.0.1:9"])
def test_all_connections_share_one_tls_context_that_verifies_certificates(
    monkeypatch: pytest.MonkeyPatch, authorities: str, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    pools = Pools(Secret("key"), cacert=authorities, trust_env=True, size=1)
    one, other = (
        pools.target("POST", f"https://{host}/v1", "*/*").pool for host in ("api.example", "b.example")
    )
    context = one.conn_kw["ssl_context"]
    assert context is other.conn_kw["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    if proxy.startswith("https"):
        assert one.proxy_config is not None
        assert one.proxy_config.ssl_context is context


def test_plain_http_through_an_https_proxy_uses_our_tls_context(
    monkeypatch: pytest.MonkeyPatch, authorities: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "https://127.0.0.1:9")
    pool = target("http://api.example/v1", cacert=authorities).pool
    assert pool.proxy_config is not None
    assert pool.proxy_config.ssl_context is not None


def test_authorities_that_were_loaded_early_are_not_loaded_again() -> None:
    pools = Pools(Secret("key"), cacert="", trust_env=False, size=1)
    pools.load_authorities(urlsplit("https://api.example/v1"))
    early = pools._tls
    context = pools.target("POST", "https://api.example/v1", "*/*").pool.conn_kw["ssl_context"]
    assert early is not None
    assert context is early.outcome()
    assert context.cert_store_stats()["x509_ca"] > 10


def test_a_request_accepts_compression_and_has_a_content_type_only_with_a_body() -> None:
    head = target("http://api.example/v1").head
    assert re.search(b"accept-encoding: .*gzip", head)
    assert b"\r\nAccept: */*\r\n" in head
    assert b"\r\nContent-Type: application/json\r\n" in head
    pools = Pools(Secret("key"), cacert="", trust_env=False, size=1)
    assert b"Content-Type" not in pools.target("GET", "http://api.example/v1", "*/*").head
