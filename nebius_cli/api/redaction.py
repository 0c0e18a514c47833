"""Removes the key from text that a server sends: a header, a redirect or an error message can repeat it."""

import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.core.short_text import shorten

# A shorter key is not a secret, but some word that a user set for a server that needs no key.
MIN_KEY_CHARS = 8
WRITTEN = ("text", "logprobs")  # the members of a choice that contain output of the model
# JSON that contains one of these may have escaped characters in the key, or the whole key in UTF-16.
ESCAPES = (b"\\u00", b"\\/", b"\0")


class Redactor:
    """Replaces `secrets` of at least `min_chars` characters, such as the key, with ***.

    Output of the model is not changed: the prompt may have contained them. `in_errors` is a context manager
    that redacts the NbxErrors raised in its block.
    """

    def __init__(self, *secrets: Secret, min_chars: int = MIN_KEY_CHARS) -> None:
        texts = {secret.reveal() for secret in secrets if len(secret.reveal()) >= min_chars}
        spellings = {spelling for text in texts for spelling in _spellings(text)}
        self._spellings = tuple(sorted(spellings, key=len, reverse=True))
        self.in_errors = _InErrors(self)
        self._in_json = tuple(json.dumps(spelling)[1:-1].encode() for spelling in self._spellings)

    def text(self, text: str) -> str:
        """Return text of a server without the key. Shorten it afterwards: part of a key is not recognized."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def line(self, text: str) -> str:
        """Return text of a server without the key, on one line and shortened for a message."""
        return shorten(self.text(text))

    def value(self, value: Any) -> Any:
        """Return a JSON value of a server without the key; the same object if the key is not in it."""
        if not self._spellings:
            return value
        choices = value.get("choices") if isinstance(value, dict) else None
        if not isinstance(choices, list):
            return jsontext.redact(value, self._spellings)
        around = {**value, "choices": [_part(choice, written=False) for choice in choices]}
        clean = jsontext.redact(around, self._spellings)
        if clean is around:
            return value
        both = zip(clean["choices"], choices, strict=True)
        return {**clean, "choices": [_joined(one, _part(other, written=True)) for one, other in both]}

    def may_be_in(self, body: bytes) -> bool:
        """Return whether the JSON in `body` may contain the key, in any spelling."""
        if not self._spellings:
            return False
        return any(mark in body for mark in (*self._in_json, *ESCAPES))


class _InErrors:
    """Removes the key from an NbxError that is raised in a block, and shortens the rest.

    It has no state, so all threads can share one.
    """

    def __init__(self, redactor: "Redactor") -> None:
        self._redactor = redactor

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, NbxError):
            redactor = self._redactor
            error.what, error.why = redactor.line(error.what), redactor.line(error.why)
            error.hint = redactor.text(error.hint)


def _spellings(key: str) -> set[str]:
    """Return the key as written in JSON, URLs, HTML and Python; for most keys these are equal."""
    in_json = json.dumps(key)[1:-1]
    in_urls = (quote(key), quote(key, safe=""), quote_plus(key))
    in_html = key.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    found = {key, in_json, in_json.replace("/", "\\/"), json.dumps(in_json)[1:-1], repr(key)[1:-1]}
    found |= {*in_urls, *map(_with_small_digits, in_urls), in_html, in_html.replace("'", "&#x27;")}
    found.add(in_html.replace("'", "&#39;"))
    return found


def _with_small_digits(text: str) -> str:
    return re.sub("%..", lambda code: code[0].lower(), text)


def _part(choice: Any, *, written: bool) -> Any:
    if not isinstance(choice, dict):
        return choice
    return {name: value for name, value in choice.items() if (name in WRITTEN) is written}


def _joined(clean: Any, written: Any) -> Any:
    return {**written, **clean} if isinstance(clean, dict) else clean
