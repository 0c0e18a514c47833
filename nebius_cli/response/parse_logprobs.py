"""Parses log probabilities from both wire formats.

The completions format has four parallel lists: `tokens`, `token_logprobs`, `top_logprobs`, `text_offset`
(OpenAI's first completions API, vLLM). llama.cpp sends the format of the chat endpoint instead:
`content[]` of `{token, logprob, bytes, top_logprobs[{token, logprob, bytes}]}`. Nothing here trusts the
server: any member may be missing, null, short, or of another type. Unknown values are None. A list that is
not as long as `tokens` is ignored, because there is no way to tell which of its values are missing.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nebius_cli.response.token_logprobs import Alternative, TokenLogprob

# JSON has no infinity: vLLM sends -9999.0 for it, llama.cpp the lowest float.
MIN_LOGPROB = -9999.0

MAX_ROUNDING_ERROR = 1e-3  # a number that exceeds 0 by more than this is not a log probability

_ESCAPED = r"bytes:(?:\\x[0-9a-fA-F]{2}|[^\\])*\\x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}|[^\\])*"

_BYTE = re.compile(r"\\x([0-9a-fA-F]{2})")


def parse(logprobs: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a choice's `logprobs` member, in order; empty if there is none."""
    if not isinstance(logprobs, Mapping):
        return ()
    content = logprobs.get("content")
    if isinstance(content, list):
        return tuple(_from_entry(entry) for entry in content if isinstance(entry, Mapping))
    return _from_lists(logprobs)


def parse_prompt_logprobs(positions: Sequence[Any]) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a choice's `prompt_logprobs` member (vLLM).

    Each position is {token ID: {logprob, rank, decoded_token}} with the token of the prompt first, or null.
    """
    return tuple(_from_position(position) for position in positions)


def _from_lists(lists: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    texts = lists.get("tokens")
    if not isinstance(texts, list):
        return ()
    logprobs, tops, offsets = (
        _of_length(lists.get(name), len(texts)) for name in ("token_logprobs", "top_logprobs", "text_offset")
    )
    tokens = []
    for index in range(len(texts)):
        text, raw = _text(texts[index])
        top = tops[index]
        found: list[Alternative] = []
        for name, value in top.items() if isinstance(top, Mapping) else ():
            if (logprob := _logprob(value)) is not None:
                found.append(_alternative(name, logprob, chosen=name == texts[index]))
        offset = offsets[index]
        offset = offset if type(offset) is int and offset >= 0 else None
        tokens.append(TokenLogprob(text, _logprob(logprobs[index]), _likeliest_first(found), offset, raw))
    return tuple(tokens)


def _from_position(position: Any) -> TokenLogprob:
    entries = position.values() if isinstance(position, Mapping) else ()
    found = [
        _alternative(entry.get("decoded_token"), logprob, chosen=not index)
        for index, entry in enumerate(entries)
        if isinstance(entry, Mapping) and (logprob := _logprob(entry.get("logprob"))) is not None
    ]
    if not found or not found[0].chosen:
        return TokenLogprob("")
    chosen = found[0]
    return TokenLogprob(chosen.text, chosen.logprob, _likeliest_first(found), None, chosen.raw)


def _alternative(name: Any, logprob: float, *, chosen: bool) -> Alternative:
    text, raw = _text(name)
    return Alternative(text, logprob, raw, chosen=chosen)


def _from_entry(entry: Mapping[str, Any]) -> TokenLogprob:
    text, raw = _text(entry.get("token"), entry.get("bytes"))
    tops = entry.get("top_logprobs")
    found: list[Alternative] = []
    for top in tops if isinstance(tops, list) else ():
        if isinstance(top, Mapping) and (logprob := _logprob(top.get("logprob"))) is not None:
            other, other_raw = _text(top.get("token"), top.get("bytes"))
            # llama.cpp joins the last part of a character with the parts before it, so compare IDs.
            ids = entry.get("id"), top.get("id")
            same = (other, other_raw) == (text, raw) if None in ids else ids[0] == ids[1]
            taken = any(alternative.chosen for alternative in found)
            found.append(Alternative(other, logprob, other_raw, chosen=same and not taken))
    return TokenLogprob(text, _logprob(entry.get("logprob")), _likeliest_first(found), None, raw)


def _likeliest_first(found: Iterable[Alternative]) -> tuple[Alternative, ...]:
    return tuple(sorted(found, key=lambda alternative: -alternative.logprob))


def _of_length(values: Any, count: int) -> Sequence[Any]:
    """Return a list of `count` values, None for each if it has another length."""
    return values if isinstance(values, list) and len(values) == count else [None] * count


def _logprob(value: Any) -> float | None:
    """Return a log probability as a float of at most 0; None for anything else, such as a logit."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not value <= MAX_ROUNDING_ERROR:
        return None  # NaN is not <= anything
    return -math.inf if value <= MIN_LOGPROB else min(0.0, float(value))


def _text(text: Any, numbers: Any = None) -> tuple[str, bytes | None]:
    r"""Return a token's text and its bytes if reported, as numbers or in the form `bytes:\xe2\x80`."""
    text = text if isinstance(text, str) else ""
    raw: bytes | None = None
    if isinstance(numbers, list) and all(type(n) is int and 0 <= n < 256 for n in numbers):
        raw = bytes(numbers)
    elif re.fullmatch(_ESCAPED, text):
        # The split alternates between literal text and bytes.
        parts = _BYTE.split(text.removeprefix("bytes:"))
        raw = b"".join(
            bytes.fromhex(part) if index % 2 else part.encode("utf-8", "surrogatepass")
            for index, part in enumerate(parts)
        )
    return (text if raw is None else raw.decode("utf-8", "replace")), raw
