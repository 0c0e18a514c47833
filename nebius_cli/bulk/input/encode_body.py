"""Encodes request bodies; the fields that many bodies share are encoded only once."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nebius_cli.bulk.input.parse_row import RowRequest
from nebius_cli.core import jsontext
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.read_prompt import Prompt
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.request.token_bounds import max_completion_tokens

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class BodyTemplate:
    """An encoded request body with a gap for the prompt."""

    def __init__(self, fields: Mapping[str, Value], params: Mapping[str, Any]) -> None:
        self._fields, self._params = fields, params
        probe = CompletionRequest("é", fields, params)
        head = probe.body()
        rest = {name: head.pop(name) for name in list(head)[list(head).index("prompt") + 1 :]}
        del head["prompt"]
        self._prefix = jsontext.encode(head)[:-1] + (b',"prompt":' if head else b'"prompt":')
        self._suffix = (b"," if rest else b"") + jsontext.encode(rest)[1:]
        # False if a lone surrogate in a field makes the whole body ASCII.
        self._splits = probe.encode() == self._prefix + '"é"'.encode() + self._suffix
        self.common = jsontext.encode({**head, **rest})
        self.query = probe.query()
        self.n = probe.n
        self.model = probe.model
        self.max_completion_tokens = max_completion_tokens(fields, params)

    def body(self, prompt: Prompt) -> bytes:
        """Return the same bytes as `CompletionRequest.encode`."""
        if self._splits:
            try:
                return self._prefix + _ENCODER.encode(prompt).encode("utf-8") + self._suffix
            except UnicodeEncodeError:
                pass
        return CompletionRequest(prompt, self._fields, self._params).encode()


class BodyEncoder:
    """Caches two templates: that of the run, and that of the last row with fields of its own."""

    def __init__(self, own: BodyTemplate, merged: Callable[[RowRequest], BodyTemplate]) -> None:
        self._plain, self._merged = own, merged
        self._key, self._last = b"", own

    def template_of(self, request: RowRequest) -> BodyTemplate:
        """Return the template of a row. Raises ValueError for a value that JSON cannot express."""
        if not request.fields and not request.params:
            return self._plain
        key = jsontext.encode([request.fields, request.params])
        if key != self._key:
            self._last = self._merged(request)
            self._key = key
        return self._last
