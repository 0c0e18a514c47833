"""A server that echoes prompts with log probabilities and accepts any number of requests at once."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.echo import Pair, choice
from tests.support.rows import RowServer
from tests.support.server import head

_WORD = re.compile(r"\s*\S+|\s+")


class EchoServer(RowServer):
    """Scores each word of a prompt -1/4 per character, or -1/2 per character for the model "other".

    Options make it ignore echo (for all or for some models), not know some models, and not support
    prompt_logprobs or arrays of prompts.
    """

    echoes = True
    without_echo: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    has_prompt_logprobs = False
    accepts_arrays = True

    def complete(self, body: Mapping[str, Any], prompts: list[Any]) -> bytes:
        """Return the complete HTTP answer to a request."""
        if body["model"] in self.unknown:
            return _http(404, {"detail": f"no model {body['model']}"})
        if len(prompts) > 1 and not self.accepts_arrays:
            return _http(500, {"detail": "prompt must be a string"})
        if "prompt_logprobs" in body and not self.has_prompt_logprobs:
            return _http(400, {"detail": "unknown field"})
        choices = [self._choice(body, prompt, index) for index, prompt in enumerate(prompts)]
        usage = {"prompt_tokens": 5 * len(prompts), "completion_tokens": len(prompts), "total_tokens": 6}
        return _http(200, {"object": "text_completion", "model": "m", "choices": choices, "usage": usage})

    def _choice(self, body: Mapping[str, Any], prompt: str, index: int) -> dict[str, Any]:
        weight = 2 if body["model"] == "other" else 4
        pairs: list[Pair] = [(word, -len(word) / weight) for word in _WORD.findall(prompt)]
        pairs[0] = (pairs[0][0], None)
        if "prompt_logprobs" in body:
            positions = [
                None if logprob is None else {"1": {"logprob": logprob, "rank": 1, "decoded_token": token}}
                for token, logprob in pairs
            ]
            return choice("!", [("!", -1.0)], index, prompt_logprobs=positions)
        if not self.echoes or body["model"] in self.without_echo:
            return choice("!", [("!", -1.0)], index)
        if body.get("max_tokens") == 0:  # vLLM also generates a token, bills it and leaves it out
            return choice(prompt, pairs, index)
        return choice(prompt + "!", [*pairs, ("!", -1.0)], index)


def _http(code: int, value: Any) -> bytes:
    data = json.dumps(value).encode()
    return head(code, "application/json", Content_Length=str(len(data))) + data
