"""Request bodies that differ only in their prompt: everything else is encoded once."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nebius_cli.bulk.input.row_forms import RowRequest
from nebius_cli.core import jsontext
from nebius_cli.request.fields import Value
from nebius_cli.request.prompt import Prompt
from nebius_cli.request.request import CompletionRequest

_ANSWERS = ("n", "best_of")  # either makes the server write that many answers
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class BodyTemplate:
    """Everything of a request but its prompt, encoded once."""

    def __init__(self, fields: Mapping[str, Value], params: Mapping[str, Any]) -> None:
        self._fields, self._params = fields, params
        probe = CompletionRequest("é", fields, params)
        head = probe.body()
        rest = {name: head.pop(name) for name in list(head)[list(head).index("prompt") + 1 :]}
        del head["prompt"]
        self._prefix = jsontext.encode(head)[:-1] + (b',"prompt":' if head else b'"prompt":')
        self._suffix = (b"," if rest else b"") + jsontext.encode(rest)[1:]
        # Not so where a lone surrogate somewhere makes the whole body ASCII.
        self._splits = probe.encode() == self._prefix + '"é"'.encode() + self._suffix
        self.common = jsontext.encode({**head, **rest})
        self.query = probe.query()
        self.n = probe.n
        self.model = probe.model
        limit = params.get("max_tokens", fields.get("max_tokens"))
        answers = [params.get(name, fields.get(name)) for name in _ANSWERS]
        most = max([1, *(count for count in answers if isinstance(count, int))])
        self.most_completion = limit * most if isinstance(limit, int) and limit >= 0 else None

    def body(self, prompt: Prompt) -> bytes:
        """Return what `CompletionRequest.encode` does."""
        if self._splits:
            try:
                return self._prefix + _ENCODER.encode(prompt).encode("utf-8") + self._suffix
            except UnicodeEncodeError:
                pass
        return CompletionRequest(prompt, self._fields, self._params).encode()


class BodyEncoder:
    """Frames of rows: the run's own, and the last one of a row with own fields, which others often repeat."""

    def __init__(self, own: BodyTemplate, merged: Callable[[RowRequest], BodyTemplate]) -> None:
        self._plain, self._merged = own, merged
        self._key, self._last = b"", own

    def of(self, asked: RowRequest) -> BodyTemplate:
        """Return the frame for a row. Raises ValueError for a member that cannot be JSON."""
        if not asked.fields and not asked.params:
            return self._plain
        key = jsontext.encode([asked.fields, asked.params])
        if key != self._key:
            self._last = self._merged(asked)
            self._key = key
        return self._last
