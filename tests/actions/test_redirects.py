"""Which redirects the key and the prompt may follow, and which are refused."""

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, status


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("where", ["/v1/elsewhere?a=b", "{server}/elsewhere?a=b"])
def test_a_redirect_on_the_same_host_gets_the_same_request(
    nbx: Runner, server: FakeServer, code: int, where: str
) -> None:
    server.script(status(code, b"moved", Location=where.format(server=server.url)), answer("hi"))
    result = nbx("complete", "x")
    assert (result.code, result.out, result.err) == (0, "hi\n", "")
    first, second = server.requests
    assert (second.method, second.target, second.body) == ("POST", "/v1/elsewhere?a=b", first.body)
    assert second.headers == first.headers


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_to_another_server_gets_neither_key_nor_prompt(
    nbx: Runner, server: FakeServer, code: int, host: str
) -> None:
    other = FakeServer()
    server.script(status(code, b"moved", Location=f"http://{host}:{other.port}/v1/completions"))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (3, "")
    assert f"answered {code}, a redirect to http://{host}:{other.port}/v1/completions\n" in result.err
    assert "does not send the key" in result.err
    assert (len(server.requests), other.requests) == (1, [])
    check_message(result.err)
    other.close()


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{other}\\@127.0.0.1:{server}/v1/completions",
        "http://127.0.0.1:{other}\t@127.0.0.1:{server}/v1/completions",
        "http://u@127.0.0.1:{server}/v1/completions",
        "//127.0.0.1:{other}#@127.0.0.1:{server}/",
        "/\\127.0.0.1:{other}/v1/completions",
        "http:/\\127.0.0.1:{other}/v1/completions",
    ],
)
def test_a_redirect_that_parsers_understand_differently_is_refused(
    nbx: Runner, server: FakeServer, location: str
) -> None:
    other = FakeServer()
    location = location.format(other=other.port, server=server.port)
    server.script(status(307, b"", Location=location))
    result = nbx("complete", "x", "--retries", "0")
    assert (result.code, result.out, other.requests, len(server.requests)) == (3, "", [], 1)
    check_message(result.err)
    other.close()


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:99999/", "http://[", "ftp://127.0.0.1/", "//elsewhere.invalid/"]
)
def test_a_redirect_to_an_unusable_url_is_refused(nbx: Runner, server: FakeServer, location: str) -> None:
    server.script(status(307, b"", Location=location))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (3, "")
    assert "the server answered 307, a redirect to " in result.err
    check_message(result.err)


def test_a_303_is_refused_because_it_would_drop_the_prompt(nbx: Runner, server: FakeServer) -> None:
    server.script(status(303, b"", Location="/v1/completions"))
    assert "answered 303, a redirect" in nbx("complete", "x").err


def test_a_redirect_loop_ends_after_three_redirects(nbx: Runner, server: FakeServer) -> None:
    server.script(*[status(307, b"", Location="/v1/completions")] * 4)
    result = nbx("complete", "x")
    assert (result.code, result.out) == (3, "")
    assert "more than 3 redirects" in result.err
    assert len(server.requests) == 4
