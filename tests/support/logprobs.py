"""Answers with log probabilities in the shapes that servers send."""

import math
from typing import Any

from nebius_cli.response.answer_events import TextDelta
from tests.support.server import token

# A token's text, its probability, and the alternatives at its position.
TokenSpec = tuple[str, float | None, dict[str, float]]

FRANCE: tuple[TokenSpec, ...] = (
    (" Paris", 0.95, {" the": 0.03}),
    (".", 0.75, {",": 0.125}),
    (" It", 0.55, {" The": 0.25}),
    (" is", 0.35, {" was": 0.4}),
    (" a", 0.15, {" the": 0.5}),
    (" city", 0.05, {" town": 0.01}),
    ("!", 0.002, {".": 0.9}),
)


def completions(*tokens: TokenSpec, offset: int = 0) -> dict[str, Any]:
    """Return the `logprobs` member as vLLM sends it: four lists, with the chosen token among the top ones."""
    texts = [text for text, _, _ in tokens]
    return {
        "tokens": texts,
        "token_logprobs": [None if p is None else math.log(p) for _, p, _ in tokens],
        "top_logprobs": [
            None if p is None else {name: math.log(q) for name, q in {text: p, **others}.items()}
            for text, p, others in tokens
        ],
        "text_offset": [offset + len("".join(texts[:place])) for place in range(len(texts))],
    }


def delta(*tokens: TokenSpec, index: int = 0) -> TextDelta:
    """Return the TextDelta event of these tokens."""
    return TextDelta(index, "".join(text for text, _, _ in tokens), completions(*tokens))


def frame(
    *tokens: TokenSpec, index: int = 0, text: str | None = None, reason: str | None = None
) -> dict[str, Any]:
    """Return a frame of a stream with these tokens; its text is that of the tokens unless given."""
    own = "".join(name for name, _, _ in tokens) if text is None else text
    return token(own, index, reason, logprobs=completions(*tokens) if tokens else None)
