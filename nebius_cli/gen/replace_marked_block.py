"""Replaces a generated block in a Markdown file.

A block is between `<!-- nbx:NAME -->` and `<!-- /nbx:NAME -->`; the rest of the file is written by hand.
"""


class MarkerError(ValueError):
    """A file lacks a marker or has it twice; the message names the markers."""


def markers(name: str) -> str:
    """Return both markers of a block, for a message."""
    return f"<!-- nbx:{name} --> and <!-- /nbx:{name} -->"


def replace_block(text: str, name: str, block: str) -> str:
    """Return `text` with `block` between the markers called `name`. Raises MarkerError."""
    start, end = f"<!-- nbx:{name} -->", f"<!-- /nbx:{name} -->"
    if (text.count(start), text.count(end)) != (1, 1) or text.index(start) > text.index(end):
        raise MarkerError(f"must contain the markers {markers(name)}, once each and in this order")
    head, _, rest = text.partition(start)
    return f"{head}{start}\n{block.strip()}\n{end}{rest.partition(end)[2]}"
