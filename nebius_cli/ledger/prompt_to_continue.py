"""Builds the prompt that continues an earlier answer, and returns the fields of the earlier request."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.ledger.entry import StoredText
from nebius_cli.ledger.find_by_id import find_text, last_id, parse_id, ran_locally, whole_number
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.request import read_prompt, request_body
from nebius_cli.request.parse_and_check_values import Value

# Fields that do not affect the text, only the number of answers and how they are sent and shown.
_DROPPED = ("n", "logprobs", "echo", "stream", "stream_options")


class Continuation(NamedTuple):
    """An earlier request: its row in the ledger, and what to send to continue it.

    `prompt` is the prompt as sent plus the answer as received. `ended` is true if the model itself
    ended the answer, so that there may be nothing to continue.
    """

    row: Mapping[str, Any]
    prompt: str
    fields: Mapping[str, Value]
    params: Mapping[str, Any]
    ended: bool

    def fields_without(self, unset: Collection[str]) -> dict[str, Value]:
        """Return the fields that were sent and are not in `unset`."""
        return {name: value for name, value in self.fields.items() if name not in unset}

    def ran_locally(self, model_file: str | None) -> bool:
        """Return whether the embedded engine ran it. Raises UsageError if its model file is needed."""
        return ran_locally(self.row, model_file)


def continuation(ledger: Ledger, typed_id: str | None, choice: str | None) -> Continuation:
    """Return how to continue the request `typed_id`, or the last request if that is None.

    `choice` is the number of an answer, from 1, in the order of printing. Raises UsageError if there is no
    such request, its text is not stored, or it has several answers and none is chosen.
    """
    ledger.write_pending()
    number = last_id(ledger) if typed_id is None else parse_id(typed_id)
    row, text = find_text(ledger, str(number), "continue")
    sent = request_body.from_body(text.body, text.query)
    name = f"request {row['id']}"
    fields = {name: value for name, value in sent.fields.items() if name not in _DROPPED}
    answer, asked = _chosen(text, sent.prompt, choice, name)
    if not isinstance(asked, str):
        raise UsageError(f"cannot continue {name}", "its prompt is token IDs, but the answer is text")
    echoed = sent.fields.get("echo") is True and answer.startswith(asked)
    prompt = answer if echoed else asked + answer
    return Continuation(row, prompt, fields, sent.params, ended="stop" in row["finish"].split(","))


def _chosen(text: StoredText, sent: read_prompt.Prompt, choice: str | None, name: str) -> tuple[str, Any]:
    """Return an answer and the prompt that it belongs to. Raises UsageError."""
    answers = text.answers or ("",)  # a request that failed has no answer
    if choice is None and len(answers) > 1:
        hint = f"--choice N, 1 to {len(answers)}, chooses one of them"
        raise UsageError(f"cannot continue {name}", f"it has {len(answers)} answers", hint)
    number = whole_number(choice) if choice else 1
    if not 1 <= number <= len(answers):
        count = "1 answer" if len(answers) == 1 else f"{len(answers)} answers"
        raise UsageError(f"--choice {choice}", f"{name} has {count}")
    prompts = read_prompt.as_list(sent)
    # With an array of prompts, all answers to the first prompt come first, then those to the second.
    index = min((number - 1) // max(1, len(answers) // len(prompts)), len(prompts) - 1)
    return answers[number - 1], prompts[index]
