"""Scores the usual echo, whose tokens are displayed as their exact text. This takes a tenth of the time.

The result is the same as with the alignment of align_tokens_with_text.py, which handles all other cases.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.scoring.align_tokens_with_text import MAX_SPECIAL_TOKENS, UNKNOWN, utf8


class PlainEcho(NamedTuple):
    """The sums of a score, as in Score; `tokens` is the number of the text's tokens."""

    log_likelihood: float
    scored: int
    bytes: int
    spanning: str
    tokens: int


def score_plain(
    prompt: str, boundary: int, lists: Mapping[str, Any] | None, max_tokens: int
) -> PlainEcho | None:
    """Return the sums of the text that begins at character `boundary` of the prompt.

    `lists` is the `logprobs` member of an answer to a request with this `max_tokens`, 0 or 1. Return None if
    it holds anything unusual.
    """
    lists = lists if isinstance(lists, Mapping) else {}
    texts, logprobs = lists.get("tokens"), lists.get("token_logprobs")
    if not isinstance(texts, list) or not isinstance(logprobs, list) or len(logprobs) != len(texts):
        return None
    count = len(texts) - max_tokens
    if count <= 0 or logprobs[0] is not None or not _are_plain(texts):
        return None
    joined = "".join(texts[:count])
    extra = len(joined) - len(prompt)  # characters of special tokens that the server puts before the prompt
    edges = list(accumulate(map(len, texts[:count]), initial=0))  # starts of the tokens, and end of the last
    special = bisect_left(edges, extra)
    if not joined.endswith(prompt) or special > MAX_SPECIAL_TOKENS or edges[special] != extra:
        return None
    first = bisect_right(edges, extra + boundary) - 1
    begin = edges[first] - extra
    spanning = texts[first] if first < count and begin < boundary and first else ""
    unscored = boundary
    scored = first
    if not first:  # the very first token has no prediction
        scored, unscored = 1, max(boundary, edges[1] - extra)
    return _sums(logprobs[scored:count], prompt[unscored:], spanning, count - first)


def _are_plain(texts: list[Any]) -> bool:
    """Return whether these are tokens with their exact text: no parts of characters, no bytes in hex."""
    if set(map(type, texts)) != {str} or "" in texts:
        return False
    joined = "".join(texts)
    return UNKNOWN not in joined and "bytes:" not in joined


def _sums(logprobs: list[Any], text: str, spanning: str, count: int) -> PlainEcho | None:
    if not text or set(map(type, logprobs)) != {float}:
        return None
    if not (max(logprobs) <= 0 and min(logprobs) > MIN_LOGPROB):
        return None
    total = math.fsum(logprobs)
    if not total <= 0:  # NaN, which max and min may overlook
        return None
    return PlainEcho(total, len(logprobs), len(utf8(text)), spanning, count)
