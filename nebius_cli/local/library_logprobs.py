"""Gets the log probabilities of a text's tokens from llama.cpp's C library, in a process of its own.

One evaluation of the text has the logits of all its tokens, which the engine's server does not offer: it is
many times as fast as engine_server_logprobs.py. Where the library is missing or has another version than
expected, entering raises LibraryUnavailableError.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nebius_cli.core.errors import BadInputError, RejectedError, ServerError
from nebius_cli.local.engine_server_logprobs import VocabularyToken
from nebius_cli.local.start_engine import LOAD_TIMEOUT_S, context_tokens
from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.system import child_process
from nebius_cli.system.end_stuck_child import ChildWatch

MAX_TOKEN_S = 1.0  # to evaluate a token of a text, even with a large model on a slow machine


class LibraryUnavailableError(Exception):
    """The C library cannot be used on this machine, or not with this model."""


class LibraryScoring:
    """A process with a GGUF file loaded, for the duration of a `with` block.

    Raises UsageError for an unreadable file, ConfigError for one that is not GGUF.
    """

    def __init__(self, path: Path) -> None:
        self._options = {"path": str(path.absolute()), "context": context_tokens(path)}
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: ChildWatch | None = None

    def __enter__(self) -> Self:
        child = Path(__file__).with_name("library_process.py")
        self._process = child_process.start(
            [sys.executable, "-P", str(child)],
            failure="cannot start the local engine",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._watch = ChildWatch(self._process)
        try:
            answer = self._ask(self._options)
        except ServerError as error:
            self._stop()
            raise LibraryUnavailableError(error.why) from None
        except BaseException:
            self._stop()
            raise
        if "ready" not in answer:
            self._stop()
            raise LibraryUnavailableError(str(answer.get("unavailable")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt, including special tokens that the model adds, as completions use."""
        return [VocabularyToken(number, bytes(raw)) for number, raw in self._ask({"text": text})["tokens"]]

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability given the tokens before it, None before index `first`.

        Raises BadInputError if the text is too long, ServerError if the library fails.
        """
        found: list[float] = []
        if first < len(pieces):
            answer = self._ask({"ids": [piece.id for piece in pieces], "first": max(1, first)})
            if "too_long" in answer:
                what = f"the text has {len(pieces):,} tokens; the model takes {answer['too_long']:,}"
                raise BadInputError(what, "", "split it into several texts")
            if "rejected" in answer:
                raise RejectedError("the model cannot score this text", answer["rejected"], status=400)
            if "logprobs" not in answer:
                raise ServerError("the engine cannot score", answer["failed"])
            found = answer["logprobs"]
        known = len(pieces) - len(found)
        for place, piece in enumerate(pieces):
            logprob = None if place < known else max(MIN_LOGPROB, found[place - known])
            yield TokenLogprob(piece.raw.decode("utf-8", "replace"), logprob, raw=piece.raw)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        process, watch = self._process, self._watch
        if process is None or process.stdin is None or process.stdout is None or watch is None:
            raise RuntimeError("the engine has not been started")
        line = b""
        with (
            contextlib.suppress(OSError),
            watch.limit(LOAD_TIMEOUT_S + len(order.get("ids", ())) * MAX_TOKEN_S),
        ):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            code = process.wait()
            raise ServerError(
                "the engine stopped unexpectedly", watch.reason or f"exit code {code}", "start it again"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stop(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # unsent bytes for a process that ended
                        pipe.close()
        self._process = None
