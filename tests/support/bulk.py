"""Rows with requests, and complete answers to them, for tests of how a bulk run sends its requests."""

import json
from hashlib import blake2b
from typing import Any

from nebius_cli.bulk.input.row import Row


def make_row(
    index: int,
    prompt: Any = None,
    *,
    max_prompt_tokens: int = 10,
    max_completion_tokens: int | None = 10,
    n: int = 1,
    common: bytes = b'{"model":"m"}',
    query: str = "",
) -> Row:
    """Return a row; its prompt is its index unless given."""
    prompt = str(index) if prompt is None else prompt
    members = json.loads(common)
    body = json.dumps({**members, "prompt": prompt}, separators=(",", ":")).encode()
    name = blake2b(body, digest_size=16).hexdigest()
    bounds = (max_prompt_tokens, max_completion_tokens, n)
    return Row(index, index, prompt, body, query, name, *bounds, common, members.get("model", ""))


def completed(body: bytes, n: int = 1) -> dict[str, Any]:
    """Return a valid answer to a request: the text of each choice repeats its prompt."""
    prompt = json.loads(body)["prompt"]
    prompts = prompt if isinstance(prompt, list) and not isinstance(prompt[0], int) else [prompt]
    choices = [
        {"index": place * n + k, "text": f"{one}!", "logprobs": None, "finish_reason": "stop"}
        for place, one in enumerate(prompts)
        for k in range(n)
    ]
    usage = {"prompt_tokens": 3 * len(prompts), "completion_tokens": len(choices), "total_tokens": 0}
    return {"id": "cmpl-1", "object": "text_completion", "choices": choices, "usage": usage}
