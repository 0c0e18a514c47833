"""What every message on stderr must be."""

import re

from tests.conftest import CANARY

ECHO = "what-the-prompt-was"  # a server may send the prompt back in an error; it is never shown
MAX_LINE_CHARS = 500  # characters, whatever a server sends


def check_message(err: str) -> None:
    """Fail unless each message is at most three lines and nothing is shown that must not be."""
    assert CANARY not in err
    assert ECHO not in err
    assert "Traceback" not in err
    assert max(map(len, err.split("\n"))) < MAX_LINE_CHARS
    assert re.fullmatch(r"(nbx: [^\n]*\n(  [^\n]*\n){0,2})*", err), err
