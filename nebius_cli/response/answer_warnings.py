"""Warns about oddities of a complete answer, such as a field that the server ignored."""

from collections.abc import Iterator
from typing import Any

from nebius_cli.response.events_to_answer import Completion

CHAT_SHAPED = "the answer has the format of the chat endpoint, not of completions: check base_url"


def oddities(completion: Completion, prompt: Any, *, echo: bool) -> Iterator[str]:
    """Yield a warning for each oddity of the answer to `prompt`; `echo` tells whether echo was requested."""
    if completion.chat_shaped:
        yield CHAT_SHAPED
    prompts = prompt if isinstance(prompt, list) else [prompt]
    if echo and all(isinstance(text, str) for text in prompts):
        each = max(1, completion.expected // len(prompts)) if prompts else 1
        asked = {
            index: prompts[index // each] for index in completion.choices if index // each < len(prompts)
        }
        if any(not completion.choices[index].text.startswith(text) for index, text in asked.items()):
            yield "the server ignored echo: the answer does not begin with the prompt"
