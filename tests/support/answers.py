"""Rows and output records of bulk runs, for tests of the code that processes them."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result, encode
from nebius_cli.core.errors_and_exit_codes import NbxError, ServerError

FAILED = ServerError("the server answered 500", "it broke", status=500)
USED = {"prompt_tokens": 3, "completion_tokens": 4, "cost": "0.25"}


def row(index: int, prompt: Any = "Say it", own_id: str | int | None = None, body: bytes = b"{}") -> Row:
    """Return a row; rows with different `body` values count as different requests."""
    name = blake2b(body, digest_size=16).hexdigest()
    return Row(index, index if own_id is None else own_id, prompt, body, "", name, 10, 10, 1, b"{}", "")


def response(*texts: str) -> dict[str, Any]:
    """Return a response with these choices."""
    choices = [{"index": i, "text": text, "finish_reason": "stop"} for i, text in enumerate(texts)]
    return {"id": "cmpl-1", "object": "text_completion", "choices": choices}


def answer(of: Row, *texts: str) -> bytes:
    """Return the record of a row that was answered."""
    return encode(Result(of, 1, 0.5, dict(USED), None, response(*(texts or ("said",)))), with_prompt=True)


def failure(of: Row, error: NbxError = FAILED) -> bytes:
    """Return the record of a row that failed."""
    return encode(Result(of, 3, 0.5, dict(USED), error, None), with_prompt=True)


def write(path: Path, *records: bytes) -> Path:
    """Write records to a file."""
    path.write_bytes(b"".join(records))
    return path
