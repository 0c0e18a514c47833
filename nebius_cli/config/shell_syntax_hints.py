"""Recognizes shell syntax in commands and keys, which nbx reads without a shell."""

import re
from collections.abc import Sequence

_OPERATOR = re.compile(r"&&|\|\|?|;|&|[0-9]?(>>?|<<?)(?![^ ]*>)")
_ASSIGNMENT = re.compile(r"(export\s+|set\s+)?[A-Z][A-Z0-9_]*\s*=\s*[^\s=]")


def shell_hint(words: Sequence[str]) -> str:
    """Return a hint about shell syntax in a command that runs without a shell, empty if it has none.

    The hint does not show the words of the command: its arguments may hold a secret.
    """
    if "-c" in words:  # it runs a shell itself
        return ""
    for word in words:
        operator = _OPERATOR.match(word)
        sign = operator.group() if operator else next((one for one in ("$(", "`") if one in word), "")
        sign = sign or (";" if word.endswith(";") else "")
        if sign:
            why = f"no shell runs the command, so {sign} is passed as an ordinary argument"
            return f"{why}; write sh -c 'COMMAND'"
    return ""


def is_assignment(text: str) -> bool:
    """Return whether a text is a line of an environment file, such as `NEBIUS_API_KEY=KEY`."""
    return _ASSIGNMENT.match(text) is not None
