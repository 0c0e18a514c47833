"""Answers with an echoed prompt and its log probabilities, as vLLM sends them."""

import json
from collections.abc import Sequence
from typing import Any

from tests.support.server import USAGE, Reply, status

Pair = tuple[str, float | None]

TEXT = "The sky is blue"
PAIRS: list[Pair] = [("The", None), (" sky", -4.0), (" is", -0.5), (" blue", -1.5), ("!", -2.0)]


def logprobs(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the four lists. As in vLLM, offsets count the characters of the tokens as shown."""
    texts = [text for text, _ in pairs]
    return {
        "tokens": texts,
        "token_logprobs": [logprob for _, logprob in pairs],
        "top_logprobs": [None if logprob is None else {text: logprob, "!": -9.5} for text, logprob in pairs],
        "text_offset": [sum(map(len, texts[:place])) for place in range(len(texts))],
    }


def choice(text: str, pairs: Sequence[Pair], index: int = 0, **more: Any) -> dict[str, Any]:
    """Return one choice."""
    own = {"index": index, "text": text, "logprobs": logprobs(pairs), "finish_reason": "length"}
    return {**own, "stop_reason": None, "prompt_logprobs": None, **more}


def echoed(*choices: dict[str, Any]) -> Reply:
    """Return a complete answer."""
    return status(200, json.dumps({**USAGE, "choices": choices}).encode())
