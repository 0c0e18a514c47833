"""The base URL in its one form, and what of a URL may be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors import ConfigError
from nebius_cli.core.urls import (
    endpoint_url,
    is_plain_http,
    parse_base_url,
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
    "HTTPS://h.example/v1",
]


@pytest.mark.parametrize("text", FORMS)
def test_every_way_to_write_a_base_url_is_the_same_one(text: str) -> None:
    assert endpoint_url(parse_base_url(text), "/completions", "") == "https://h.example/v1/completions"


OTHERS = [
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/models?a=b"),
    ("http://[::1]:80/v1", "http://[::1]:80/v1/models?a=b"),
    ("https://h/proxy/nebius/", "https://h/proxy/nebius/v1/models?a=b"),
    ("https://u:p@h/v1", "https://u:p@h/v1/models?a=b"),
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
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_base_url_is_a_config_error_that_shows_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_base_url(text)
    reported = text.replace("?a=b", "?…").replace("#x", "#…")
    assert caught.value.what == f"base_url {reported}"


@pytest.mark.parametrize("text", ["ftp://u:canary@h", "http://u:canary@[", "u:canary@h"])
def test_a_password_in_a_wrong_url_is_not_shown(text: str) -> None:
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


@pytest.mark.parametrize(
    "url", ["http://h/v1", "http://192.168.0.1/v1", "http://localhost.example/v1", "http://1270.0.0.1/"]
)
def test_http_to_another_machine_is_plain(url: str) -> None:
    assert is_plain_http(parse_base_url(url))


@pytest.mark.parametrize(
    "url", ["https://h", "http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:2"]
)
def test_https_and_http_on_this_machine_are_not(url: str) -> None:
    assert not is_plain_http(parse_base_url(url))


def test_a_password_is_taken_out_of_a_url() -> None:
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
def test_what_asks_and_who_asks_is_not_shown_of_a_url(url: str, reported: str) -> None:
    assert strip_credentials_and_query(url) == reported
