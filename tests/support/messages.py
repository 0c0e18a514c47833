"""What every message on stderr must be."""

import re

from tests.conftest import CANARY

ECHO = "what-the-prompt-was"  # a server may send the prompt back in an error; it is never shown
LONGEST_LINE = 500  # characters, whatever a server sends


def check_message(err: str) -> None:
    """Fail unless each message is at most three lines and nothing is shown that must not be."""
    assert CANARY not in err
    assert ECHO not in err
    assert "Traceback" not in err
    assert max(map(len, err.split("\n"))) < LONGEST_LINE
    assert re.fullmatch(r"(nbx: [^\n]*\n(  [^\n]*\n){0,2})*", err), err
