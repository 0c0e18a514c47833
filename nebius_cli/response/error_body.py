"""Finds the message in the body of an error response.

The message is returned whole: it may hold the key, which must be removed before the message is shortened.
Nothing here trusts the server: any member may be missing, null, or of another type.
"""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core import jsontext


def has_error(value: Mapping[str, Any]) -> bool:
    """Return whether a response object, one event or a whole answer, reports an error."""
    reported = value.get("detail") or value.get("object") == "error"
    return bool(value.get("error") or (reported and not value.get("choices")))


def error_message(value: Any) -> str:
    """Return the server's own message from an error object, or an empty string.

    Token Factory answers `{"detail": text}` or, for 422, `{"detail": [{"loc", "msg", "type", "input"}]}`;
    other servers answer `{"error": {"message"}}`. `input` can hold the whole request and is never shown.
    """
    if not isinstance(value, dict):
        return ""
    detail = value.get("detail")
    if isinstance(detail, list):
        return "; ".join(filter(None, map(_validation_message, detail)))
    error = value.get("error")
    nested = error.get("message") if isinstance(error, dict) else None
    for text in (detail, nested, error, value.get("message")):
        if isinstance(text, str) and text:
            return text
    return ""


def body_message(body: bytes) -> str:
    """Return the message in the body of an error response, from JSON or text, or an empty string."""
    try:
        value = jsontext.decode(body)
    except ValueError:
        text = body.decode("utf-8-sig", "replace").strip()
        if text.startswith("<"):
            return "the body is HTML: a proxy or gateway answered, not the API"
        # Truncated JSON can hold the `input` of an error, which is never shown.
        return "the body is JSON that is broken or cut" if text.startswith(("{", "[")) else text
    return value if isinstance(value, str) else error_message(value)


def _validation_message(entry: Any) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("msg"), str):
        return ""
    loc = entry.get("loc")
    place = ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else ""
    return f"{place}: {entry['msg']}" if place else str(entry["msg"])
