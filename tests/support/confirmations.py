"""What commands that change the configuration say they did."""

import re

_DONE = re.compile(r"^nbx: (\S+ is (no longer )?set in .*|now using (no )?profile.*)\n", re.MULTILINE)


def without(err: str) -> str:
    """Return messages without those that say what was done."""
    return _DONE.sub("", err)
