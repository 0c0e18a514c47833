"""Removes the key from what a server sends: a header, a redirect or an error message can repeat it."""

import contextlib
from collections.abc import Iterator
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import NbxError
from nebius_cli.core.secret import Secret

# A shorter key is no secret but a word that users set for a server that needs no key.
MIN_KEY_CHARS = 8
WRITTEN = ("text", "logprobs")  # the members of a choice that the model wrote
# In JSON that holds one of these, the key may be spelled in another way: with escapes, or in UTF-16.
SPELLINGS = (b"\\u00", b"\\/", b"\0")


class Redactor:
    """Replaces `key` with ***, but not in text of the model: the prompt may have contained it."""

    def __init__(self, key: Secret) -> None:
        self._key = key
        self._hides = len(key.reveal()) >= MIN_KEY_CHARS

    def text(self, text: str) -> str:
        """Return text of a server without the key."""
        return text.replace(self._key.reveal(), "***") if self._hides else text

    def value(self, value: Any) -> Any:
        """Return a JSON value of a server without the key; the same object where the key is not in it."""
        if not self._hides:
            return value
        choices = value.get("choices") if isinstance(value, dict) else None
        if not isinstance(choices, list):
            return jsontext.redact(value, self._key.reveal())
        around = {**value, "choices": [_part(choice, written=False) for choice in choices]}
        clean = jsontext.redact(around, self._key.reveal())
        if clean is around:
            return value
        both = zip(clean["choices"], choices, strict=True)
        return {**clean, "choices": [_joined(one, _part(other, written=True)) for one, other in both]}

    def may_be_in(self, body: bytes) -> bool:
        """Return whether the JSON in `body` may contain the key, in any spelling."""
        key = self._key.reveal().encode()
        return self._hides and (key in body or any(mark in body for mark in SPELLINGS))

    @contextlib.contextmanager
    def in_errors(self) -> Iterator[None]:
        """Remove the key from an NbxError that is raised in the block."""
        try:
            yield
        except NbxError as error:
            error.what, error.why = self.text(error.what), self.text(error.why)
            raise


def _part(choice: Any, *, written: bool) -> Any:
    if not isinstance(choice, dict):
        return choice
    return {name: value for name, value in choice.items() if (name in WRITTEN) is written}


def _joined(clean: Any, written: Any) -> Any:
    return {**written, **clean} if isinstance(clean, dict) else clean
