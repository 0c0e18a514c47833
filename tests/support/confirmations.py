"""What commands that change the configuration say they did."""

import re

from tests.support.run import Result

_DONE = re.compile(r"^nbx: (\S+ is (no longer )?set in .*|now using (no )?profile.*)\n", re.MULTILINE)


def done(result: Result, err: str = "") -> None:
    """Fail unless a run went well and said `err`, and what was done."""
    said = result.err if "is set in" in err else without(result.err)
    assert (result.code, result.out, said) == (0, "", err)


def without(err: str) -> str:
    """Return messages without those that say what was done."""
    return _DONE.sub("", err)
