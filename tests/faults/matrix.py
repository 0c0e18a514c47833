"""What a row of the fault matrix is, and the commands that each fault is put to.

A fault breaks what a sound server answers: the same break for a stream, for one JSON object and for the
list of models. A command is one entry of COMMANDS; a row that does not name it is not run for it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.support.run import Result
from tests.support.server import USAGE, Reply, Step, chunk, event, head, token

HALF, END = token("half"), token("", reason="stop")
WHOLE = {"id": "cmpl-1", "choices": [{"index": 0, "text": "half", "logprobs": None, "finish_reason": "stop"}]}
LIST = {"object": "list", "data": [{"id": "half", "object": "model", "context_length": 8192}]}

SSE, JSON = "text/event-stream", "application/json"


class Good(NamedTuple):
    """What a sound server answers: its type, and its body cut where a fault may happen."""

    content_type: str
    first: bytes
    rest: bytes

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.first + self.rest

    def head(self, status: int = 200, **headers: str) -> bytes:
        """Return the start of the answer, whose end is the connection's unless headers say else."""
        return head(status, self.content_type, **{"Connection": "close", **headers})

    def chunked(self, *steps: Step) -> Reply:
        """Return an answer in chunks: its head, its first half, and these steps."""
        return [self.head(Transfer_Encoding="chunked"), chunk(self.first), *steps]


Break = Callable[[Good], Reply]
# Where the request goes instead of to the scripted server → more words for the command line.
Place = Callable[[Any], list[str]]


class Seen(NamedTuple):
    """What must come of a fault: code, text kept on stdout, words on stderr, and whether nbx tried again."""

    code: int
    keeps: str = ""
    says: str = ""
    retried: bool = False


@dataclass(frozen=True)
class Fault:
    """A row: what goes wrong, and by the name of a command what must come of it."""

    name: str
    broken: Reply | Break
    seen: Mapping[str, Seen]
    args: tuple[str, ...] = ()
    place: Place | None = None
    requests: int = 1  # that one try takes

    def reply(self, good: Good) -> Reply:
        """Return what the server answers where it should answer `good`."""
        return self.broken(good) if callable(self.broken) else self.broken


class Command(NamedTuple):
    """A command that asks a server: its words, its answer, and how its output tells what was kept."""

    words: tuple[str, ...]
    good: Good
    kept: Callable[[Result], str]


def _texts(result: Result) -> str:
    return "".join(f"{choice['text']}\n" for choice in result.json["choices"]) if result.out else ""


def _ids(result: Result) -> str:
    return "".join(line.partition("\t")[0] + "\n" for line in result.out.splitlines())


def _cut(value: Any) -> Good:
    data = json.dumps(value).encode()
    return Good(JSON, data[:40], data[40:])


_EVENTS = tuple(event(value) for value in (HALF, END, USAGE, b"[DONE]"))
COMMANDS = {
    "streamed": Command(
        ("complete", "x"), Good(SSE, _EVENTS[0], b"".join(_EVENTS[1:])), lambda result: result.out
    ),
    "buffered": Command(("complete", "x", "--json"), _cut(WHOLE), _texts),
    "models": Command(("models", "list"), _cut(LIST), _ids),
}


def everywhere(code: int, keeps: str = "", says: str = "", *, retried: bool = False) -> dict[str, Seen]:
    """Return the same outcome for every command."""
    return dict.fromkeys(COMMANDS, Seen(code, keeps, says, retried))


def completing(code: int, keeps: str = "", says: str = "", *, retried: bool = False) -> dict[str, Seen]:
    """Return the same outcome for every way to complete; no other command can meet this fault."""
    return dict.fromkeys(("streamed", "buffered"), Seen(code, keeps, says, retried))


def differs(streamed: Seen | None, buffered: Seen | None, models: Seen | None) -> dict[str, Seen]:
    """Return an outcome for each command; None where it cannot meet this fault."""
    all_three = {"streamed": streamed, "buffered": buffered, "models": models}
    return {name: seen for name, seen in all_three.items() if seen is not None}
