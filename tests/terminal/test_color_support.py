"""When a stream is coloured, and when nbx draws on it."""

import sys

import pytest

from nebius_cli.system.streams import Streams
from nebius_cli.terminal.color_support import draws, use_color
from tests.support.screen import streams_on


@pytest.mark.parametrize(
    ("wish", "environ", "tty", "coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": ""}, True, False),
        ("auto", {"TERM": "Unknown"}, True, False),
        ("auto", {"TERM": "", "FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_color_follows_the_flag_then_the_environment_then_the_terminal(
    wish: str, environ: dict[str, str], *, tty: bool, coloured: bool
) -> None:
    assert use_color(streams_on(environ=environ), wish, tty=tty) == coloured


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no TERM")
def test_nothing_is_drawn_on_a_terminal_without_term() -> None:
    assert not draws(Streams(None, None, None), tty=True)
