"""Base URLs are normalized, and URLs are shown without credentials."""

import pytest
import urllib3.util
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.urls import (
    DEFAULT_PORTS,
    endpoint_url,
    is_plain_http,
    join_url,
    parse_base_url,
    parse_url,
    strip_credentials,
    strip_credentials_and_query,
)

FORMS = [
    "https://h.example",
    "https://h.example/",
    "https://h.example/v1",
    "https://h.example/v1/",
    "https://h.example/v1/completions",
    "https://h.example/v1/completions/",
    " https://h.example/v1\n",
    "HTTPS://H.example:443/v1",
    "https://h.example//v1",
    "https://h.example/v1//",
    "https://h.example/v1/v1",
    "https://h.example/v1/models",
    "https://h.example/v1/chat/completions",
    "https://h.example/v1/v1/completions",
    "https://h.example/chat/completions/",
]


@pytest.mark.parametrize("text", FORMS)
def test_every_form_of_a_base_url_leads_to_the_same_endpoint(text: str) -> None:
    assert endpoint_url(parse_base_url(text), "/completions", "") == "https://h.example/v1/completions"


OTHERS = [
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/models?a=b"),
    ("http://[::1]:80/v1", "http://[::1]/v1/models?a=b"),
    ("http://[0:0::FE80%25eth0]:8/v1", "http://[::fe80%eth0]:8/v1/models?a=b"),
    ("http://[FE80::1%eth0]/v1", "http://[fe80::1%eth0]/v1/models?a=b"),
    ("https://b\u00fccher.example", "https://xn--bcher-kva.example/v1/models?a=b"),
    ("https://h/\u00e4 b", "https://h/%C3%A4%20b/v1/models?a=b"),
    ("https://h/proxy/nebius/", "https://h/proxy/nebius/v1/models?a=b"),
    ("https://h:0/v1", "https://h:0/v1/models?a=b"),
]


@pytest.mark.parametrize(("text", "url"), OTHERS)
def test_host_port_path_and_query_are_kept(text: str, url: str) -> None:
    assert endpoint_url(parse_base_url(text), "/models", "a=b") == url


WRONG = [
    "",
    "h.example",
    "h.example:443/v1",
    "ftp://h.example",
    "file:///etc/passwd",
    "https://",
    "https:///v1",
    "https://h:99999",
    "https://h:port",
    "http://[",
    "http://[::1",
    "https://h?a=b",
    "https://h/v1#x",
    "https://exa\u2100mple/v1",
    "https://ho st/v1",
    "https://h\\@other.example/v1",
    "https://h/\\v1",
    "https://u@h/v1",
    "https://h\t.example/v1",
    "https://h\x00/v1",
    "https://h%2eexample/v1",
    "https://h/v1?",
    "https://h:\uff11/v1",
    "https://stra\u00dfe.example/v1",
    "http://[::1]x/v1",
    *(f"http://[{address}]/v1" for address in ("1.2.3.4", "v1.x", "1:2", "::1::2", "::g", "::1%25a b")),
    "http://[fe80::1%25]]/v1",
    f"https://{'é' * 70}/v1",
    "https://é..example/v1",
]


@pytest.mark.parametrize("text", WRONG)
def test_an_invalid_base_url_is_a_config_error_that_shows_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_base_url(text)
    reported = strip_credentials_and_query(text)
    assert not set("@=") & set(reported)
    assert caught.value.what == f"base_url {reported}"


@pytest.mark.parametrize("text", ["ftp://u:canary@h", "http://u:canary@[", "u:canary@h"])
def test_a_password_in_an_invalid_url_is_not_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_base_url(text)
    assert "canary" not in caught.value.what


@given(st.text(max_size=30) | st.text(max_size=20).map("https://h".__add__))
def test_any_text_is_a_base_url_or_a_config_error(text: str) -> None:
    try:
        base = parse_base_url(text)
    except ConfigError:
        return
    assert base.path.endswith("/v1")
    assert parse_base_url(endpoint_url(base, "", "")) == base


# Parts of URLs that parsers are known to interpret differently.
PIECES = [
    "http:",
    "//",
    "/",
    "\\",
    "@",
    ":",
    "?",
    "#",
    "%",
    "[",
    "]",
    ".",
    "..",
    "80",
    "h",
    "evil",
    "::1",
    "\u3002",
]
TEXTS = st.lists(st.sampled_from([*PIECES, "\t", "\n", " ", "\u00df", "%40", "127.0.0.1"])).map("".join)


@given(TEXTS.map("http://h".__add__) | TEXTS.map("https://".__add__) | st.text(max_size=40))
def test_urllib3_connects_to_the_host_that_was_checked(text: str) -> None:
    try:
        checked = parse_url(text)
    except ValueError:
        return
    connected = urllib3.util.parse_url(checked.geturl())
    # Only urllib3 keeps the brackets of an IPv6 address.
    host, port = (connected.host or "").strip("[]"), connected.port or DEFAULT_PORTS[checked.scheme]
    assert (connected.scheme, host.lower()) == (checked.scheme, checked.hostname)
    assert port == (checked.port or DEFAULT_PORTS[checked.scheme])
    assert connected.auth is None
    assert parse_url(checked.geturl()) == checked


@given(TEXTS)
def test_the_target_of_a_redirect_is_a_checked_url_or_an_error(reference: str) -> None:
    try:
        target = join_url("http://h/v1/completions", reference)
    except ValueError:
        return
    assert parse_url(target).geturl() == target


ELSEWHERE = [
    "http://h/v1",
    "http://192.168.0.1/v1",
    "http://localhost.example/v1",
    "http://127.evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhostx/",
    "http://128.0.0.1",
    "http://[::2]",
    "http://[::ffff:10.0.0.1]",
]
HERE = [
    "https://h",
    "http://localhost:1",
    "http://LOCALHOST.",
    "http://api.localhost",
    "http://127.0.0.1",
    "http://127.9.9.9",
    "http://[::1]:2",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::ffff:127.0.0.1]",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_http_to_another_machine_is_plain_http(url: str) -> None:
    assert is_plain_http(parse_base_url(url))


@pytest.mark.parametrize("url", HERE)
def test_https_and_http_to_this_machine_are_not_plain_http(url: str) -> None:
    assert not is_plain_http(parse_base_url(url))


def test_strip_credentials_removes_user_and_password() -> None:
    assert strip_credentials("https://user:canary@h:1/v1?a=b") == "https://h:1/v1?a=b"
    assert strip_credentials("https://h/v1") == "https://h/v1"


@pytest.mark.parametrize(
    ("url", "reported"),
    [
        ("https://u:hush@h/v1?key=hush#hush", "https://h/v1?…"),
        ("https://h/v1#hush?a", "https://h/v1#…"),
        ("https://h/v1", "https://h/v1"),
        ("u:hush@h", "h"),
    ],
)
def test_credentials_query_and_fragment_are_removed_from_a_url(url: str, reported: str) -> None:
    assert strip_credentials_and_query(url) == reported


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:18777", "http://127.0.0.1:18777"),
        ("[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("localhost:8000", "http://localhost:8000"),
        ("192.168.0.2", "http://192.168.0.2"),
        ("vllm:8000/v1", "http://vllm:8000/v1"),
        ("gpu.local", "http://gpu.local"),
        ("api.example.com/v1", "https://api.example.com/v1"),
        ("8.8.8.8:443", "https://8.8.8.8"),
        ("h.example?key=secret", "https://h.example"),
        ("me:pw@h.example", ""),
        ("nonsense", ""),
        ("https:/h.example", ""),
        ("ftp://h.example", ""),
    ],
)
def test_the_error_for_a_missing_scheme_proposes_a_base_url_with_one(text: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_base_url(text)
    guess = f"; did you mean {meant}?" if meant else ""
    assert caught.value.why == f"it must be http:// or https:// with a host and a path{guess}"
