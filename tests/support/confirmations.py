"""Checks the confirmations of commands that change the configuration."""

import re

from tests.support.run import Result

_DONE = re.compile(r"^nbx: (\S+ is (no longer )?set in .*|now using (no )?profile.*)\n", re.MULTILINE)


def done(result: Result, err: str = "") -> None:
    """Fail unless a run succeeded and printed only `err` and confirmations on stderr."""
    said = result.err if "is set in" in err else without(result.err)
    assert (result.code, result.out, said) == (0, "", err)


def without(err: str) -> str:
    """Return messages without the confirmations."""
    return _DONE.sub("", err)
