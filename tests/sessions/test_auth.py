"""A key typed on a terminal: nobody sees it, and the terminal is as before whatever happens."""

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
    """The config file, in which the key may be; the environment has none."""
    del nbx.environ["NEBIUS_API_KEY"]
    key_files.add(nbx.config_path)
    return nbx.config_path


def modes(screen: Terminal) -> int:
    """Return the local modes of a terminal, of which one is whether it shows what is typed."""
    return int(termios.tcgetattr(screen._master.child_fd)[3])


def login(terminal: Open, keys: str, *args: str) -> tuple[int, Terminal]:
    """Log in, typing `keys`; return the exit code. The terminal must be as before."""
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


def test_what_is_typed_can_be_mended(terminal: Open, nbx: Runner, config: Path) -> None:
    code, _ = login(terminal, "wrong" + CLEAR + CANARY + "xy" + ERASE + ERASE + ENTER)
    assert code == 0
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"


def test_a_key_may_be_longer_than_a_line_of_the_terminal(terminal: Open, nbx: Runner, config: Path) -> None:
    key = "eyJ" + "a1B2" * 2000
    code, _ = login(terminal, key + ENTER)
    assert code == 0
    assert nbx("auth", "token").out == key + "\n"


def test_ctrl_c_ends_it_cleanly(terminal: Open, config: Path) -> None:
    code, screen = login(terminal, "half a key" + CTRL_C)
    assert code == 130
    assert screen.rows == [WHERE, QUESTION, "nbx: stopped by Ctrl-C"]
    assert not config.exists()


def test_a_signal_leaves_the_terminal_as_it_was(terminal: Open, config: Path) -> None:
    screen = terminal("auth", "login", "--no-verify")
    before = modes(screen) | termios.ECHO
    screen.wait_for(QUESTION)
    screen.kill(signal.SIGTERM)
    assert screen.end() == 143
    assert modes(screen) == before


@pytest.mark.parametrize("keys", [ENTER, CTRL_D, CTRL_Z + ENTER, "a key" + ENTER], ids=repr)
def test_what_is_no_key_is_not_stored(terminal: Open, config: Path, keys: str) -> None:
    code, _ = login(terminal, keys)
    assert code == 4
    assert not config.exists()


def test_a_key_for_one_run_can_be_typed_too(terminal: Open, server: FakeServer, config: Path) -> None:
    server.script(answer(" Paris"))
    screen = terminal("complete", "The capital of France is", "--api-key-file", "-")
    screen.wait_for(QUESTION)
    screen.type(CANARY + ENTER)
    screen.wait_for("Paris")
    assert screen.end() == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


def test_doctor_leaves_the_terminal_as_it_was(terminal: Open, config: Path) -> None:
    screen = terminal("doctor", "--base-url", "http://127.0.0.1:9", "--api-key-file", "-")
    before = modes(screen) | termios.ECHO
    screen.wait_for(QUESTION)
    screen.type("half a key" + CTRL_C)
    assert screen.end() == 130
    assert modes(screen) == before


def test_the_question_is_on_the_terminal_also_when_the_messages_are_not(
    terminal: Open, nbx: Runner, config: Path, tmp_path: Path
) -> None:
    screen = terminal("auth", "login", "--no-verify", redirect=f"2>{tmp_path}/messages")
    screen.wait_for(QUESTION)
    screen.type(CANARY + ENTER)
    assert screen.end() == 0
    assert "not shown" not in (tmp_path / "messages").read_text()
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"


def test_a_key_that_is_set_like_any_setting_is_not_shown_either(
    terminal: Open, nbx: Runner, config: Path
) -> None:
    screen = terminal("config", "set", "api_key", "-")
    screen.wait_for("api_key (not shown):")
    screen.type(CANARY + ENTER)
    assert screen.end() == 0
    assert nbx("auth", "token", may_show_key=True).out == CANARY + "\n"
