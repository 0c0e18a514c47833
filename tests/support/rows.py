"""A server that answers each prompt with its own text, for any number of clients, and rows to send to it."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.row_source import RowSource
from nebius_cli.request.read_prompt import DecodeOptions
from tests.support.factory import model_list
from tests.support.server import FakeServer, Reply, Request, head

TEST_TIMEOUT_S = 30  # seconds; only a failing test waits this long

# Returns the answer to a prompt, None for the usual one.
Answer = Callable[[str], Reply | None]


class RowServer(FakeServer):
    """Answers each prompt with a space and its text in capitals, with 3 prompt and 2 completion tokens."""

    def __init__(self, answer: Answer = lambda _: None, models: Reply = ()) -> None:
        self.answer = answer
        self.models = models or model_list()
        self.asked: Counter[str] = Counter()
        self.open = self.most_open = 0
        self._counting = threading.Lock()
        super().__init__(keep_alive=True)

    @property
    def bodies(self) -> list[Any]:
        """The bodies of all completion requests."""
        return [request.json for request in self.requests if request.method == "POST"]

    def _reply(self, request: Request) -> Reply:
        if request.method == "GET":
            return self.models
        body = request.json
        many = isinstance(body["prompt"], list) and isinstance(body["prompt"][0], str | list)
        prompts = body["prompt"] if many else [body["prompt"]]
        with self._counting:
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            self.asked.update(map(str, prompts))
        special = [reply for prompt in prompts if (reply := self.answer(str(prompt))) is not None]
        with self._counting:
            self.open -= 1
        return special[0] if special else [self.complete(body, prompts)]

    def complete(self, body: Mapping[str, Any], prompts: list[Any]) -> bytes:
        """Return the complete HTTP answer to a request."""
        return completion(prompts, body.get("n", 1))


def completion(prompts: list[Any], n: int = 1, **more: Any) -> bytes:
    """Return the complete HTTP answer to these prompts."""
    texts = [f" {str(prompt).upper()}" for prompt in prompts for _ in range(n)]
    choices = [
        {"index": index, "text": text, "logprobs": None, "finish_reason": "stop"}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 3 * len(prompts), "completion_tokens": 2 * len(texts)}
    usage["total_tokens"] = sum(usage.values())
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": choices}
    data = json.dumps({**body, "usage": usage, **more}).encode()
    return head(200, "application/json", Content_Length=str(len(data))) + data


def refuse(code: int, message: str, **headers: str) -> Reply:
    """Return an error answer that leaves the connection open."""
    data = json.dumps({"detail": message}).encode()
    return [head(code, "application/json", Content_Length=str(len(data)), **headers) + data]


def late(prompt: str, other: str) -> Answer:
    """Return an `Answer` that delays one prompt until `other`, sent at the same time, has been received."""
    came = threading.Event()

    def answer(asked: str) -> None:
        if asked == other:
            came.set()
        elif asked == prompt:
            assert came.wait(TEST_TIMEOUT_S), f"{other} never came"

    return answer


class Held:
    """Holds all answers back until `let_go` is called, then answers as usual."""

    def __init__(self, after: int = 0) -> None:
        self._after = after
        self._count = 0
        self._lock = threading.Lock()
        self._waiting = threading.Event()
        self._let_go = threading.Event()

    def __call__(self, prompt: str) -> None:
        """Wait for `let_go`, except for the first `after` prompts. The server calls this."""
        del prompt
        with self._lock:
            self._count += 1
            held = self._count > self._after
        if held:
            self._waiting.set()
            self._let_go.wait(TEST_TIMEOUT_S)

    def reached(self) -> None:
        """Wait until a prompt is held back."""
        assert self._waiting.wait(TEST_TIMEOUT_S), "no prompt ever came"

    def let_go(self) -> None:
        """Answer everything from now on."""
        self._let_go.set()


def write_rows(path: Path, rows: int | list[Any]) -> Path:
    """Write JSONL: the given rows, or the given number of rows with different prompts."""
    listed = [{"prompt": f"prompt {number}"} for number in range(rows)] if isinstance(rows, int) else rows
    path.write_text("".join(json.dumps(row) + "\n" for row in listed), "utf-8")
    return path


def save_rows(*rows: Any) -> None:
    """Write rows.jsonl. Rows from a pipe may arrive too late to share a request."""
    write_rows(Path("rows.jsonl"), list(rows))


def source_of(path: Path) -> RowSource:
    """Return an input file opened as by a run."""

    def open_file() -> RowFile:
        return open_rows(str(path), None, nul=False, reading=DecodeOptions(), stdin=None)

    return RowSource(open_file, RowReader({"model": "m"}, {}))


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of an output file, one per line."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def complete_records(path: Path) -> list[dict[str, Any]]:
    """Return the records with complete lines in an output file that a run may still be writing."""
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def texts(path: Path) -> Mapping[Any, str]:
    """Return the text of each answered row by the row's id; fail if an id has two answers."""
    answered = [record for record in records(path) if record["error"] is None]
    found = {record["id"]: record["response"]["choices"][0]["text"] for record in answered}
    assert len(found) == len(answered)
    return found
