"""Answers of a server that repeats the API key, one for each part of an answer that can contain it."""

import json
from typing import Any

from tests.support.canary import CANARY
from tests.support.server import USAGE, Reply, chunk, detail, head, sse, status, token

LOGPROBS = {"tokens": ["a"], "token_logprobs": [-0.5], "top_logprobs": [{"a": -0.5}], "text_offset": [0]}
CHOICE = {"index": 0, "text": "a", "logprobs": LOGPROBS, "finish_reason": "stop"}


def sound(choice: Any = None, **members: Any) -> bytes:
    """Return a complete answer with additional members, in the answer and in its choice."""
    return json.dumps({**USAGE, "choices": [{**CHOICE, **(choice or {})}], **members}).encode()


SPELT = "".join(f"\\u{ord(letter):04x}" for letter in CANARY)

# The part of the answer that repeats the key, and the answer.
REPEATED: dict[str, Reply] = {
    "in an error": detail(401, f"no {CANARY}"),
    "in an error of validation": detail(422, [{"loc": ["header", CANARY], "msg": CANARY}]),
    "in an error of text": status(400, CANARY.encode(), "text/plain"),
    "in a request id": detail(400, "x", x_request_id=CANARY),
    "in a redirect": status(307, b"", Location=f"http://127.0.0.1:1/{CANARY}?key={CANARY}"),
    "in a redirect on the same host": status(307, b"", Location=f"/v1/{CANARY}"),
    "as a user in a redirect": status(307, b"", Location=f"http://{CANARY}:{CANARY}@127.0.0.1:1/"),
    "in the status": [f"HTTP/1.1 {CANARY} x\r\n\r\n".encode()],
    "in place of HTTP": [f"{CANARY}\r\n\r\n".encode()],
    "in the size of a chunk": [head(Transfer_Encoding="chunked"), f"{CANARY}\r\n".encode()],
    "in the type": status(200, b"<", f"x/{CANARY}"),
    "in the coding": [head(Content_Encoding=f"gzip, {CANARY}"), b"x"],
    "in the date": status(200, b"[]", Date=CANARY),
    "in an error frame": sse(token("a"), {"error": {"message": CANARY, "param": CANARY}}),
    "as a member of an error frame": sse(token("a"), {"detail": CANARY, CANARY: [CANARY]}),
    "in an error event": [head(), b"event: error\ndata: " + CANARY.encode() + b"\n\n"],
    "in what is no JSON": status(200, CANARY.encode(), "application/json"),
    "in a model's name": status(200, sound(id=CANARY, model=CANARY, service_tier=CANARY)),
    "in the name of a member": status(
        200, sound(usage={"prompt_tokens": 1, CANARY: [CANARY]}, **{CANARY: 1})
    ),
    "in a finish reason": status(200, sound({"finish_reason": CANARY})),
    "in a choice": status(200, sound({"stop_reason": CANARY, CANARY: CANARY})),
    "in a choice too many": status(200, sound({"index": 1, "finish_reason": CANARY})),
    "in escapes": status(200, sound(model="-").replace(b'"-"', f'"{SPELT}", "x": NaN'.encode())),
    "in UTF-16": status(200, sound(model=CANARY).decode().encode("utf-16")),
    "in a stream's finish reason": sse(token("a", reason=CANARY), {**USAGE, "model": CANARY}),
    "in what limits": status(200, sound(), x_ratelimit_reset_requests=CANARY, Retry_After=CANARY),
    "in a trailer": [
        head(200, "application/json", Transfer_Encoding="chunked", Connection="close"),
        chunk(sound()),
        f"0\r\nX-Request-Id: {CANARY}\r\n\r\n".encode(),
    ],
    "in the list": status(200, f'{{"data": [{{"id": "{CANARY}", "{CANARY}": ["{CANARY}"]}}]}}'.encode()),
}
