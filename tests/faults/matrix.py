"""What a row of the fault matrix is, and the commands that each fault is put to.

A fault breaks what a sound server answers: the same break for a stream, for one JSON object, for the list of
models, for scores. A command is one entry of COMMANDS; a row that does not name it is not run for it.

For `nbx bulk` the fault is in the answer to the second of three rows: the records of its output are what is
kept, and where the run goes on, the record of that row says what went wrong.
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
    """What must come of a fault.

    The exit code, what is kept, the words that tell of it, how often nbx tried again, and the words that
    begin the hint, which only stderr has.
    """

    code: int
    keeps: str = ""
    says: str = ""
    retried: int = 0
    hint: str = ""


AS_BUFFERED = Seen(-1)  # stands for what comes of the buffered outcome


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


def _said(result: Result) -> str:
    return result.err


@dataclass(frozen=True)
class Command:
    """A command that asks a server: its words, its answer, and how to tell what was kept and what was said.

    With `rows` the server is asked once for each of three of them, and `files` hold them.
    """

    words: tuple[str, ...]
    good: Good
    kept: Callable[[Result], str]
    reported: Callable[[Result], str] = _said
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
    """Return what each row has, in their order: its text, or the exit code of its error."""
    del result
    kept = ""
    for record in sorted(records(OUT), key=lambda record: int(record["index"])):
        response, error = record["response"], record["error"]
        texts = [one["text"] for one in response["choices"]] if response else [f"exit {error['exit']}"]
        kept += "".join(f"{text}\n" for text in texts)
    return kept


def _said_of_rows(result: Result) -> str:
    """Return the messages on stderr, without the figures, and in the same form those in the records."""
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
        _said_of_rows,
        {"rows.jsonl": '"x"\n"y"\n"z"\n'},
        rows=True,
    ),
    "models": Command(("models", "list"), _cut(LIST), _ids),
    "score": Command(("score", "half", "--context", "a ", "--json", "--tokens"), _cut(ECHOED), _tokens),
}


def of_a_row(seen: Seen) -> Seen:
    """Return what comes of a bulk run where `seen` comes of one whole answer.

    What no other row can go better with ends the run; a cut answer is asked for again; a row fails alone.
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
    """Return the same outcome for every command, and what it means to bulk, unless that is given."""
    seen = Seen(code, keeps, says, retried, hint)
    return differs(seen, seen, seen, bulk=bulk)


def unreached(says: str, *, retried: bool = False) -> dict[str, Seen]:
    """Return the outcome of a server that is out of reach, which is no row's fault."""
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
    """Return what `everywhere` does, for a stream and for bulk.

    Every other command comes to its outcome by the way of the stream, which rows of the same kind show.
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
    """Return the same outcome for every way to complete; no other command can meet this fault."""
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
    """Return an outcome for each command; None where it cannot meet this fault."""
    if bulk is AS_BUFFERED:
        bulk = of_a_row(buffered) if buffered else None
    if score is AS_BUFFERED:
        score = buffered
    every = {"streamed": streamed, "buffered": buffered, "bulk": bulk, "models": models, "score": score}
    return {name: seen for name, seen in every.items() if seen is not None}
