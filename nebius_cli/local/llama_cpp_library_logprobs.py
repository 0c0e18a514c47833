"""Gets the log probabilities of a text's tokens from llama.cpp's C library, in a separate process.

One evaluation of the text returns the logits of all its tokens, which the engine's server does not offer: it
is many times as fast as llama_cpp_server_logprobs.py. If the library is missing or has another version than
expected, entering raises LibraryUnavailableError.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from nebius_cli.core.errors_and_exit_codes import BadInputError, RejectedError, ServerError
from nebius_cli.local.llama_cpp_server_logprobs import VocabularyToken
from nebius_cli.local.start_llama_cpp_server import LOAD_TIMEOUT_S, EngineChild, context_tokens
from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.response.token_logprobs import TokenLogprob

MAX_TOKEN_S = 1.0  # to evaluate a token of a text, even with a large model on a slow machine


class LibraryUnavailableError(Exception):
    """The C library cannot be used on this machine, or not with this model."""


class LibraryScoring:
    """A process with a GGUF file loaded, for the duration of a `with` block.

    Raises UsageError for an unreadable file, ConfigError for one that is not GGUF.
    """

    def __init__(self, path: Path) -> None:
        self._options = {"path": str(path.absolute()), "context": context_tokens(path)}
        self.context_tokens = 0  # the maximum for a text; known once the process runs

    def __enter__(self) -> Self:
        self._child = EngineChild("llama_cpp_scoring_script.py")
        try:
            answer = self._ask(self._options)
        except ServerError as error:
            self._child.stop()
            raise LibraryUnavailableError(error.why) from None
        except BaseException:
            self._child.stop()
            raise
        if "ready" not in answer:
            self._child.stop()
            raise LibraryUnavailableError(str(answer.get("unavailable")))
        self.context_tokens = answer["context"]
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()

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
                what = (
                    f"the text has {len(pieces):,} tokens; the model accepts at most {answer['too_long']:,}"
                )
                raise BadInputError(what, "", "split it into several texts, or use nbx score --stride N")
            if "rejected" in answer:
                raise RejectedError("the model cannot score this text", answer["rejected"], status=400)
            if "logprobs" not in answer:
                raise ServerError("the engine cannot score this text", answer["failed"])
            found = answer["logprobs"]
        known = len(pieces) - len(found)
        for index, piece in enumerate(pieces):
            logprob = None if index < known else max(MIN_LOGPROB, found[index - known])
            yield TokenLogprob(piece.raw.decode("utf-8", "replace"), logprob, raw=piece.raw)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        child, line = self._child, b""
        limit_s = LOAD_TIMEOUT_S + len(request.get("ids", ())) * MAX_TOKEN_S
        with contextlib.suppress(OSError), child.watch.limit(limit_s):
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
            line = child.stdout.readline()
        if not line:
            why = child.watch.reason or f"exit code {child.process.wait()}"
            raise ServerError("the local engine stopped unexpectedly", why, "run the command again")
        answer: dict[str, Any] = json.loads(line)
        return answer
