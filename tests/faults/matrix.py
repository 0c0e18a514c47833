"""Defines the rows of the fault matrix, and the commands that each fault is tested with.

A fault breaks the answer of a working server in the same way for a stream, for a single JSON object, for the
list of models and for scores. A command is an entry of COMMANDS; it runs only the rows that name it.

For `nbx bulk` the fault is in the answer to the second of three rows: `keeps` lists the records of its
output, and if the run continues, the record of that row contains the error.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.echo import choice
from tests.support.rows import records
from tests.support.run import Result
from tests.support.server import USAGE, Reply, Step, chunk, event, head, token

HALF, END = token("half"), token("", reason="stop")
WHOLE = {"id": "cmpl-1", "choices": [{"index": 0, "text": "half", "logprobs": None, "finish_reason": "stop"}]}
LIST = {"object": "list", "data": [{"id": "half", "object": "model", "context_length": 8192}]}

ECHOED = {**USAGE, "choices": [choice("a half!", [("a ", None), ("half", -0.5), ("!", -2.0)])]}

SSE, JSON = "text/event-stream", "application/json"


class Good(NamedTuple):
    """The answer of a working server: its type, and its body in two parts; a fault may occur in between."""

    content_type: str
    first: bytes
    rest: bytes

    @property
    def body(self) -> bytes:
        """The complete body."""
        return self.first + self.rest

    def head(self, status: int = 200, **headers: str) -> bytes:
        """Return the head of the answer; unless headers change that, the answer ends with the connection."""
        return head(status, self.content_type, **{"Connection": "close", **headers})

    def chunked(self, *steps: Step) -> Reply:
        """Return a chunked answer: its head, its first part, and these steps."""
        return [self.head(Transfer_Encoding="chunked"), chunk(self.first), *steps]


Break = Callable[[Good], Reply]
# Sets up what the request is sent to instead of the scripted server; returns more command-line arguments.
Place = Callable[[Any], list[str]]


class Seen(NamedTuple):
    """The expected outcome of a fault.

    The exit code, the text that is kept, a part of the message, the number of retries, and the beginning of
    the hint, which is only on stderr.
    """

    code: int
    keeps: str = ""
    says: str = ""
    retried: int = 0
    hint: str = ""


AS_BUFFERED = Seen(-1)  # placeholder: derived from the outcome of the buffered command


@dataclass(frozen=True)
class Fault:
    """A row: what goes wrong, and the expected outcome by the name of the command."""

    name: str
    broken: Reply | Break
    seen: Mapping[str, Seen]
    args: tuple[str, ...] = ()
    place: Place | None = None
    requests: int = 1  # per attempt

    def reply(self, good: Good) -> Reply:
        """Return the faulty answer in place of `good`."""
        return self.broken(good) if callable(self.broken) else self.broken


def _stderr(result: Result) -> str:
    return result.err


@dataclass(frozen=True)
class Command:
    """A command that sends requests: arguments, valid answer, and functions that return text and messages.

    With `rows` it sends one request for each of the three rows in `files`.
    """

    words: tuple[str, ...]
    good: Good
    kept: Callable[[Result], str]
    reported: Callable[[Result], str] = _stderr
    files: Mapping[str, str] = field(default_factory=dict)
    rows: bool = False


def _texts(result: Result) -> str:
    return "".join(f"{choice['text']}\n" for choice in result.json["choices"]) if result.out else ""


def _ids(result: Result) -> str:
    return "".join(line.partition("\t")[0] + "\n" for line in result.out.splitlines())


def _tokens(result: Result) -> str:
    return "".join(f"{one['token']}\n" for one in result.json["token_logprobs"]) if result.out else ""


OUT = Path("out.jsonl")


def _answers(result: Result) -> str:
    """Return for each row, in input order, its text or the exit code of its error."""
    del result
    kept = ""
    for record in sorted(records(OUT), key=lambda record: int(record["index"])):
        response, error = record["response"], record["error"]
        texts = [one["text"] for one in response["choices"]] if response else [f"exit {error['exit']}"]
        kept += "".join(f"{text}\n" for text in texts)
    return kept


def _bulk_messages(result: Result) -> str:
    """Return the messages on stderr, without the summary table, and those in the records in the same form."""
    said = re.sub(r"^[a-z_ ]+\t.*\n", "", result.err, flags=re.MULTILINE)
    errors = [record["error"]["message"] for record in records(OUT) if record["error"]]
    return said + "".join("nbx: {}\n".format(message.replace(": ", "\n  ", 1)) for message in errors)


def _cut(value: Any) -> Good:
    data = json.dumps(value).encode()
    return Good(JSON, data[:40], data[40:])


_EVENTS = tuple(event(value) for value in (HALF, END, USAGE, b"[DONE]"))
COMMANDS = {
    "streamed": Command(
        ("complete", "x"), Good(SSE, _EVENTS[0], b"".join(_EVENTS[1:])), lambda result: result.out
    ),
    "buffered": Command(("complete", "x", "--json"), _cut(WHOLE), _texts),
    "bulk": Command(
        ("bulk", "rows.jsonl", "-o", str(OUT), "--concurrency", "1"),
        _cut(WHOLE),
        _answers,
        _bulk_messages,
        {"rows.jsonl": '"x"\n"y"\n"z"\n'},
        rows=True,
    ),
    "models": Command(("models", "list"), _cut(LIST), _ids),
    "score": Command(("score", "half", "--context", "a ", "--json", "--tokens"), _cut(ECHOED), _tokens),
}


def of_a_row(seen: Seen) -> Seen:
    """Return the outcome of a bulk run for a fault with the outcome `seen` in a single unstreamed answer.

    A fault that affects all rows ends the run; an incomplete answer is retried; other faults fail one row.
    """
    if seen.code == 0:
        return seen._replace(keeps=f"half\n{seen.keeps}half\n")
    if seen.code == 4:
        return seen._replace(keeps="half\n")
    return Seen(9, f"half\nexit {seen.code}\nhalf\n", seen.says, seen.retried or seen.code == 8)


def everywhere(
    code: int,
    keeps: str = "",
    says: str = "",
    *,
    retried: bool = False,
    hint: str = "",
    bulk: Seen | None = AS_BUFFERED,
) -> dict[str, Seen]:
    """Return the same outcome for every command; that of bulk is derived from it unless given."""
    seen = Seen(code, keeps, says, retried, hint)
    return differs(seen, seen, seen, bulk=bulk)


def unreached(says: str, *, retried: bool = False) -> dict[str, Seen]:
    """Return the outcome of an unreachable server, which ends a bulk run."""
    seen = Seen(7, "", says, retried)
    return differs(seen, seen, seen, bulk=seen)


def both_ways(
    code: int,
    keeps: str = "",
    says: str = "",
    *,
    retried: bool = False,
    hint: str = "",
    bulk: Seen | None = AS_BUFFERED,
) -> dict[str, Seen]:
    """Return the same outcomes as `everywhere`, but only for a stream and for bulk.

    All other commands use the same code as the stream, which similar rows test with `everywhere`.
    """
    seen = everywhere(code, keeps, says, retried=retried, hint=hint, bulk=bulk)
    return {name: seen[name] for name in ("streamed", "bulk") if name in seen}


def completing(
    code: int,
    keeps: str = "",
    says: str = "",
    *,
    hint: str = "",
    bulk: Seen | None = AS_BUFFERED,
) -> dict[str, Seen]:
    """Return the same outcome for streamed, buffered and bulk completion; others cannot have this fault."""
    seen = Seen(code, keeps, says, hint=hint)
    return differs(seen, seen, None, bulk=bulk, score=None)


def differs(
    streamed: Seen | None,
    buffered: Seen | None,
    models: Seen | None,
    *,
    bulk: Seen | None = AS_BUFFERED,
    score: Seen | None = AS_BUFFERED,
) -> dict[str, Seen]:
    """Return an outcome for each command; None for commands that cannot have this fault."""
    if bulk is AS_BUFFERED:
        bulk = of_a_row(buffered) if buffered else None
    if score is AS_BUFFERED:
        score = buffered
    every = {"streamed": streamed, "buffered": buffered, "bulk": bulk, "models": models, "score": score}
    return {name: seen for name, seen in every.items() if seen is not None}
