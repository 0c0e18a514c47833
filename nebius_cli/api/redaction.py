"""The key, taken out of what a server says: it can repeat it in a header, a redirect, in what is no HTTP."""

import contextlib
from collections.abc import Iterator
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import NbxError
from nebius_cli.core.secret import Secret

# What is shorter is no secret but a word, which stands for a key where a server wants none.
SHORTEST = 8  # characters
WRITTEN = ("text", "logprobs")  # by the model, of what a choice holds
# Where JSON may hold a plain letter in another way than as itself: escapes, and the zeros of UTF-16.
SPELLINGS = (b"\\u00", b"\\/", b"\0")


class Redactor:
    """Puts *** in the place of `key`; what the model wrote is left alone, as the prompt may have held it."""

    def __init__(self, key: Secret) -> None:
        self._key = key
        self._hides = len(key.reveal()) >= SHORTEST

    def text(self, text: str) -> str:
        """Return a server's words without the key."""
        return text.replace(self._key.reveal(), "***") if self._hides else text

    def value(self, value: Any) -> Any:
        """Return a server's JSON value without the key; itself where the key is not in it."""
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
        """Return whether the JSON in `body` may hold the key, in whatever spelling."""
        key = self._key.reveal().encode()
        return self._hides and (key in body or any(mark in body for mark in SPELLINGS))

    @contextlib.contextmanager
    def in_errors(self) -> Iterator[None]:
        """Take the key out of an error that ends the block."""
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
