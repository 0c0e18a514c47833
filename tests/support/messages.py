"""Checks the rules that every message on stderr must follow."""

import re

from tests.conftest import CANARY

ECHO = "what-the-prompt-was"  # a server may send the prompt back in an error; it is never shown
MAX_LINE_CHARS = 500  # even if a server sends more


def check_message(err: str) -> None:
    """Fail if a message is too long, or if the key, the prompt or a traceback is shown."""
    assert CANARY not in err
    assert ECHO not in err
    assert "Traceback" not in err
    assert max(map(len, err.split("\n"))) < MAX_LINE_CHARS
    assert re.fullmatch(r"(nbx: [^\n]*\n(  [^\n]*\n){0,2})*", err), err
