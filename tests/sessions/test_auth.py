"""A key typed on a terminal is not shown, and the state of the terminal is always restored."""

import signal
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.run import Runner
from tests.support.server import FakeServer, answer
from tests.support.terminal import Terminal

Open = Callable[..., Terminal]
WHERE = "nbx: create a key at https://tokenfactory.nebius.com"
QUESTION = "Token Factory API key (not shown):"
ENTER, ERASE, CLEAR, CTRL_C, CTRL_D, CTRL_Z = "\r", "\x7f", "\x15", "\x03", "\x04", "\x1a"


@pytest.fixture
def config(nbx: Runner, key_files: set[Path]) -> Path:
    """The config file, which may contain the key; the environment does not contain it."""
    del nbx.environ["NEBIUS_API_KEY"]
    key_files.add(nbx.config_path)
    return nbx.config_path


def modes(screen: Terminal) -> int:
    """Return the local modes of a terminal; one of them, ECHO, shows what is typed."""
    return int(termios.tcgetattr(screen._master.child_fd)[3])


def login(terminal: Open, keys: str, *args: str) -> tuple[int, Terminal]:
    """Log in, typing `keys`; check that the terminal is restored; return the exit code and the terminal."""
    screen = terminal("auth", "login", "--no-verify", *args)
    before = modes(screen) | termios.ECHO
    screen.wait_for(QUESTION)
    assert not modes(screen) & termios.ECHO
    screen.type(keys)
    code = screen.end()
    assert modes(screen) == before
    return code, screen


def test_a_typed_key_is_stored_and_not_shown(terminal: Open, nbx: Runner, config: Path) -> None:
    code, screen = login(terminal, CANARY + ENTER)
    assert code == 0
    assert screen.rows[:2] == [WHERE, QUESTION]
    assert "stored as plain text" in " ".join(screen.rows)
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"


def test_typing_errors_can_be_corrected(terminal: Open, nbx: Runner, config: Path) -> None:
    code, _ = login(terminal, "wrong" + CLEAR + CANARY + "xy" + ERASE + ERASE + ENTER)
    assert code == 0
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"


def test_a_key_may_be_longer_than_a_line_of_the_terminal(terminal: Open, nbx: Runner, config: Path) -> None:
    key = "eyJ" + "a1B2" * 2000
    code, _ = login(terminal, key + ENTER)
    assert code == 0
    assert nbx("auth", "token").out == key + "\n"


def test_ctrl_c_at_the_prompt_stores_nothing(terminal: Open, config: Path) -> None:
    code, screen = login(terminal, "half a key" + CTRL_C)
    assert code == 130
    assert screen.rows == [WHERE, QUESTION, "nbx: stopped by Ctrl-C"]
    assert not config.exists()


def test_a_signal_at_the_prompt_restores_the_terminal(terminal: Open, config: Path) -> None:
    screen = terminal("auth", "login", "--no-verify")
    before = modes(screen) | termios.ECHO
    screen.wait_for(QUESTION)
    screen.kill(signal.SIGTERM)
    assert screen.end() == 143
    assert modes(screen) == before


@pytest.mark.parametrize("keys", [ENTER, CTRL_D, CTRL_Z + ENTER, "a key" + ENTER], ids=repr)
def test_an_invalid_key_is_not_stored(terminal: Open, config: Path, keys: str) -> None:
    code, _ = login(terminal, keys)
    assert code == 4
    assert not config.exists()


def test_a_key_for_a_single_run_can_be_typed(terminal: Open, server: FakeServer, config: Path) -> None:
    server.script(answer(" Paris"))
    screen = terminal("complete", "The capital of France is", "--api-key-file", "-")
    screen.wait_for(QUESTION)
    screen.type(CANARY + ENTER)
    screen.wait_for("Paris")
    assert screen.end() == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


def test_doctor_restores_the_terminal_after_ctrl_c(terminal: Open, config: Path) -> None:
    screen = terminal("doctor", "--base-url", "http://127.0.0.1:9", "--api-key-file", "-")
    before = modes(screen) | termios.ECHO
    screen.wait_for(QUESTION)
    screen.type("half a key" + CTRL_C)
    assert screen.end() == 130
    assert modes(screen) == before


def test_the_prompt_is_shown_on_the_terminal_even_if_stderr_is_redirected(
    terminal: Open, nbx: Runner, config: Path, tmp_path: Path
) -> None:
    screen = terminal("auth", "login", "--no-verify", redirect=f"2>{tmp_path}/messages")
    screen.wait_for(QUESTION)
    screen.type(CANARY + ENTER)
    assert screen.end() == 0
    assert "not shown" not in (tmp_path / "messages").read_text()
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"


def test_config_set_does_not_show_a_typed_key(terminal: Open, nbx: Runner, config: Path) -> None:
    screen = terminal("config", "set", "api_key", "-")
    screen.wait_for("api_key (not shown):")
    screen.type(CANARY + ENTER)
    assert screen.end() == 0
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"
