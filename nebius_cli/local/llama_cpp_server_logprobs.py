"""Gets the log probabilities of a text's tokens from the embedded engine.

The engine's `/v1/completions` ignores echo, so its own endpoints are used (documented in the README of
llama.cpp's server). `/completion` reports the log probability of the chosen token from the raw logits, before
bias and sampling (`post_sampling_probs` is off). So each token of the text is forced, one per request, by a
`logit_bias` above every logit, and the answer is checked. With `cache_prompt` this evaluates each token once.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import ServerError, from_status
from nebius_cli.core.short_text import shorten
from nebius_cli.local.start_llama_cpp_server import Engine
from nebius_cli.response.error_message_in_body import body_message
from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.response.token_logprobs import TokenLogprob

FORCING_BIAS = 1e6  # above every logit
MAX_LIKELY_TOKENS = 1000  # listing a whole vocabulary takes half a second
MAX_VOCABULARY_TOKENS = 1 << 24
ANSWER_TIMEOUT_S = 36_000.0  # a full context at a token per second; a stopped engine is noticed much sooner


@dataclass(frozen=True, slots=True)
class VocabularyToken:
    """A token of the model's vocabulary and its bytes."""

    id: int
    raw: bytes


class EngineScoring:
    """A connection to a running engine that sends one request at a time.

    Requests in parallel would be batched, and other batch sizes use other kernels: the score of a text would
    depend on the texts scored with it.
    """

    def __init__(self, engine: Engine) -> None:
        self.context_tokens = engine.context_tokens  # the maximum for a text; 0 if it is not known
        address = urlsplit(engine.base_url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=ANSWER_TIMEOUT_S
        )
        self._headers = {"Authorization": f"Bearer {engine.key.reveal()}", "Content-Type": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt, including special tokens that the model adds, as completions use."""
        answer = self._post("/tokenize", {"content": text, "add_special": True, "with_pieces": True})
        return [VocabularyToken(entry["id"], _raw(entry["piece"])) for entry in answer["tokens"]]

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability given the tokens before it, None before index `first`.

        Raises RejectedError if the context is too small, ServerError if the engine fails.
        """
        ids = [piece.id for piece in pieces]
        for index, piece in enumerate(pieces):
            # The first evaluation must not use the cache of another text, which would change the rounding.
            logprob = (
                None if index < first else max(MIN_LOGPROB, self._logprob(ids, index, cached=index > first))
            )
            yield TokenLogprob(piece.raw.decode("utf-8", "replace"), logprob, raw=piece.raw)

    def _logprob(self, ids: list[int], index: int, *, cached: bool) -> float:
        wanted = ids[index]
        chosen = self._force_token(wanted, ids[:index], 1, cached=cached)
        if chosen is not None:
            if chosen["id"] != wanted:
                why = f"it chose token {chosen['id']} instead of {wanted}"
                raise ServerError("the engine cannot score this text", why)
            return float(chosen["logprob"])
        # The engine does not return a token that ends inside a character, so look it up in the likely tokens.
        for count in (MAX_LIKELY_TOKENS, MAX_VOCABULARY_TOKENS):
            other = self._force_token(self._complete_token, ids[:index], count, cached=cached)
            for top in other["top_logprobs"] if other else ():
                if top["id"] == wanted:
                    return float(top["logprob"])
        raise ServerError("the engine cannot score this text", f"it did not return token {wanted}")

    def _force_token(
        self, token: int, prompt: list[int], count: int, *, cached: bool
    ) -> dict[str, Any] | None:
        """Force a token; return its entry with the `count` likeliest tokens, None if the engine omits it."""
        request = {
            "prompt": prompt,
            "n_predict": 1,
            "n_probs": count,
            "temperature": 0,
            "logit_bias": [[token, FORCING_BIAS]],
            "cache_prompt": cached,
            "id_slot": 0,
            "response_fields": ["completion_probabilities"],
        }
        answer = self._post("/completion", request)
        return answer["completion_probabilities"][0] if "completion_probabilities" in answer else None

    @cached_property
    def _complete_token(self) -> int:
        """The id of a token that is a complete character."""
        return int(self._post("/tokenize", {"content": "a"})["tokens"][-1])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            self._connection.request("POST", path, jsontext.encode(body), self._headers)
            response = self._connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(
                "the local engine stopped unexpectedly", str(error), "run the command again"
            ) from None
        if response.status != 200:
            raise from_status(response.status, shorten(body_message(data)))
        return jsontext.decode(data)


def _raw(piece: Any) -> bytes:
    """Return the bytes of a piece: a string, or a list of numbers if it is not valid UTF-8."""
    return piece.encode("utf-8") if isinstance(piece, str) else bytes(piece)
