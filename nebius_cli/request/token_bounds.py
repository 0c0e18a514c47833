"""Computes upper bounds of the tokens that a request uses, for caps and budgets."""

from collections.abc import Mapping
from typing import Any

from nebius_cli.request.read_prompt import as_list

MAX_EXTRA_PROMPT_TOKENS = 8  # special tokens, such as begin-of-text, that a server may add to a prompt
_ANSWERS = ("n", "best_of")  # either makes the server generate that many answers


def max_prompt_tokens(prompt: object) -> int:
    """Return the maximum number of tokens of one prompt: a token is at least one byte of a text."""
    if isinstance(prompt, str) and not prompt.isascii():
        return len(prompt.encode("utf-8", "surrogatepass")) + MAX_EXTRA_PROMPT_TOKENS
    return (len(prompt) if isinstance(prompt, str | list) else 0) + MAX_EXTRA_PROMPT_TOKENS


def max_completion_tokens(fields: Mapping[str, Any], params: Mapping[str, Any]) -> int | None:
    """Return the maximum number of billed tokens of all answers to one prompt, None without max_tokens.

    vLLM generates and bills one token for each choice even if max_tokens is 0.
    """
    limit = params.get("max_tokens", fields.get("max_tokens"))
    return max(1, limit) * _answers(fields, params) if isinstance(limit, int) and limit >= 0 else None


def max_tokens(prompt: object, fields: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[int, int]:
    """Return the maximum numbers of prompt and completion tokens of a request for one or more prompts.

    Without max_tokens there is no bound; the completion then counts as one token for each answer.
    """
    prompts = as_list(prompt)
    completion = max_completion_tokens(fields, params) or _answers(fields, params)
    return sum(map(max_prompt_tokens, prompts)), len(prompts) * completion


def _answers(fields: Mapping[str, Any], params: Mapping[str, Any]) -> int:
    counts = [params.get(name, fields.get(name)) for name in _ANSWERS]
    return max([1, *(count for count in counts if isinstance(count, int))])
