"""`nbx auth login` checks a key before it stores it; without a key, messages say where to get one."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, detail, status

MODELS = status(200, b'{"object": "list", "data": []}')


def test_login_stores_a_key_that_the_server_accepts(bare: Runner, server: FakeServer, config: Path) -> None:
    server.script(MODELS)
    env = {"NEBIUS_BASE_URL": server.url}
    result = bare("auth", "login", "--with-token", "--no-keyring", stdin=CANARY.encode(), env=env)
    assert (result.code, result.err.splitlines()[0]) == (0, "nbx: the server accepts the key")
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY in config.read_text()


@pytest.mark.parametrize(
    ("reply", "code", "hint"),
    [
        (detail(401, "no"), 4, "the key was not stored; create a new one at https://tokenfactory.nebius.com"),
        (detail(503, "no"), 6, "the key was not stored; --no-verify stores it without asking the server"),
    ],
)
def test_login_does_not_store_a_key_that_the_server_did_not_accept(
    reply: Reply, code: int, hint: str, bare: Runner, server: FakeServer, config: Path
) -> None:
    server.script(reply)
    env = {"NEBIUS_BASE_URL": server.url}
    result = bare("auth", "login", "--with-token", "--no-keyring", stdin=CANARY.encode(), env=env)
    assert (result.code, hint in result.err, config.exists()) == (code, True, False)
    check_message(result.err)


@pytest.mark.parametrize("command", [["complete", "x", "-m", "m"], ["doctor"], ["auth", "token"]], ids=str)
def test_an_empty_key_variable_is_named_with_the_url_for_new_keys(command: list[str], bare: Runner) -> None:
    result = bare(*command, env={"NEBIUS_API_KEY": "", "NEBIUS_BASE_URL": "http://127.0.0.1:9"})
    told = result.out + result.err
    assert (result.code, "NEBIUS_API_KEY is set, but empty" in told) == (4, True)
    assert "create a key at https://tokenfactory.nebius.com" in told
