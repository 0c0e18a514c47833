"""Finds the message in the body of an error response.

The full message is returned: it may contain the key, which must be removed before shortening the message.
Nothing here trusts the server: any member may be missing, null, or of another type.
"""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core import jsontext

# Types of errors that imply a status, in lower case and without underscores.
_STATUS_OF_TYPE = {
    "badrequesterror": 400,
    "invalidrequesterror": 400,
    "authenticationerror": 401,
    "permissiondeniederror": 403,
    "permissionerror": 403,
    "notfounderror": 404,
    "unprocessableentityerror": 422,
    "ratelimiterror": 429,
    "ratelimitexceeded": 429,
    "internalservererror": 500,
    "servererror": 500,
    "apierror": 500,
    "serviceunavailableerror": 503,
    "overloadederror": 529,
}


def has_error(value: Mapping[str, Any]) -> bool:
    """Return whether a response object, one event or a whole answer, reports an error."""
    reported = value.get("detail") or value.get("object") == "error"
    return bool(value.get("error") or (reported and not value.get("choices")))


def error_message(value: Any) -> str:
    """Return the server's own message from an error object, or an empty string.

    Token Factory answers `{"detail": text}` or, for 422, `{"detail": [{"loc", "msg", "type", "input"}]}`;
    other servers answer `{"error": {"message"}}`. `input` can contain the whole request and is never shown.
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


def error_status(value: Mapping[str, Any]) -> int:
    """Return the HTTP status that an error object names, from 400 to 599; 0 if it names none.

    vLLM: `{"error": {"code": 400, "type": "BadRequestError"}}`; others: `status`, digits in text, or a type.
    """
    for holder in (value.get("error"), value):
        if not isinstance(holder, Mapping):
            continue
        inner = holder.get("error")
        nested = error_status(holder) if holder is not value and isinstance(inner, Mapping) else 0
        for member in (holder.get("code"), holder.get("status"), holder.get("status_code"), nested):
            number = int(member) if isinstance(member, str) and member.isdecimal() else member
            if type(number) is int and 400 <= number <= 599:
                return number
        for name in (holder.get("type"), holder.get("code")):
            if isinstance(name, str) and (known := _STATUS_OF_TYPE.get(name.lower().replace("_", ""))):
                return known
    return 0


def body_message(body: bytes) -> str:
    """Return the message in the body of an error response, from JSON or text, or an empty string."""
    try:
        value = jsontext.decode(body)
    except ValueError:
        text = body.decode("utf-8-sig", "replace").strip()
        if is_html(body):
            return "the body is HTML: a proxy or gateway answered, not the API"
        # Truncated JSON can contain the `input` of an error, which is never shown.
        return "the body is JSON that is invalid or truncated" if text.startswith(("{", "[")) else text
    return value if isinstance(value, str) else error_message(value)


def is_html(body: bytes) -> bool:
    """Return whether a body is an HTML page instead of an answer of the API."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _validation_message(entry: Any) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("msg"), str):
        return ""
    loc = entry.get("loc")
    place = ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else ""
    return f"{place}: {entry['msg']}" if place else str(entry["msg"])
