"""The embedded engine's own endpoints, which score where its `/v1/completions` does not: it ignores echo.

llama.cpp's `/completion` gives the chosen token's log probability as the softmax of the raw logits has it,
before any bias or sampling (`post_sampling_probs` is off). So each token of a text is forced, one a request,
by a `logit_bias` that none can beat, and what came is checked. `cache_prompt` makes this one evaluation a
token. Both endpoints are in the README of llama.cpp's server.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from nebius_cli.core import jsontext
from nebius_cli.core.errors import ServerError, from_status
from nebius_cli.local.engine import Engine
from nebius_cli.response.error_body import body_message
from nebius_cli.response.logprobs import MIN_LOGPROB, TokenLogprob

FORCING_BIAS = 1e6  # above every logit
MAX_LIKELY_TOKENS = 1000  # tokens; the list of all of a vocabulary takes half a second
MAX_VOCABULARY_TOKENS = 1 << 24


@dataclass(frozen=True, slots=True)
class VocabularyToken:
    """A token of the model's vocabulary, and the bytes it stands for."""

    id: int
    raw: bytes


class EngineScoring:
    """A connection to a running engine, one request at a time.

    One at a time not for want of slots: batches of other sizes go through other kernels, and what a text
    scores would depend on what is scored beside it.
    """

    def __init__(self, engine: Engine) -> None:
        address = urlsplit(engine.base_url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self._headers = {
            "Authorization": f"Bearer {engine.key.reveal()}",
            "Content-Type": "application/json",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens that `/v1/completions` makes of a prompt, with what the model wants in front."""
        answer = self._post("/tokenize", {"content": text, "add_special": True, "with_pieces": True})
        return [VocabularyToken(entry["id"], _raw(entry["piece"])) for entry in answer["tokens"]]

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each piece with its log probability after those before it, None before the `first` one.

        Raises RejectedError for more pieces than the context holds, ServerError where the engine fails.
        """
        ids = [piece.id for piece in pieces]
        for place, piece in enumerate(pieces):
            # The first evaluation starts from nothing: a cache that another text left would change rounding.
            logprob = (
                None if place < first else max(MIN_LOGPROB, self._logprob(ids, place, cached=place > first))
            )
            yield TokenLogprob(piece.raw.decode("utf-8", "replace"), logprob, raw=piece.raw)

    def _logprob(self, ids: list[int], place: int, *, cached: bool) -> float:
        wanted = ids[place]
        chosen = self._force_token(wanted, ids[:place], 1, cached=cached)
        if chosen is not None:
            if chosen["id"] != wanted:
                raise ServerError("the engine cannot score", f"it took token {chosen['id']}, not {wanted}")
            return float(chosen["logprob"])
        # It keeps back a token that ends inside a character. Others are shown with all that were likely.
        for count in (MAX_LIKELY_TOKENS, MAX_VOCABULARY_TOKENS):
            other = self._force_token(self._complete_token, ids[:place], count, cached=cached)
            for top in other["top_logprobs"] if other else ():
                if top["id"] == wanted:
                    return float(top["logprob"])
        raise ServerError("the engine cannot score", f"it does not show token {wanted}")

    def _force_token(
        self, token: int, prompt: list[int], count: int, *, cached: bool
    ) -> dict[str, Any] | None:
        """Return what the engine shows of a token it is made to choose, with the `count` likeliest ones."""
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
        """A token that is no part of a character."""
        return int(self._post("/tokenize", {"content": "a"})["tokens"][-1])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            self._connection.request("POST", path, jsontext.encode(body), self._headers)
            response = self._connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError("the engine ended by itself", str(error), "start it again") from None
        if response.status != 200:
            raise from_status(response.status, body_message(data))
        return jsontext.decode(data)


def _raw(piece: Any) -> bytes:
    """Return a piece's bytes: it is a text, or a list of bytes where those are none."""
    return piece.encode("utf-8") if isinstance(piece, str) else bytes(piece)
