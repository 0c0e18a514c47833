"""Which tokens made which piece of an answer's text.

Servers send text and tokens side by side, and the two need not agree: a character can be split between
tokens, a special token has a name and no text, text is held back while it may begin a stop sequence, and
vocabularies mark spaces in their own ways. The text is always kept to the character; where the tokens
cannot be laid on it, several share a piece.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nebius_cli.response.logprobs import TokenLogprob

# What vocabularies write for a space and a newline: GPT-2's byte alphabet, SentencePiece.
_MARKS = str.maketrans({"Ġ": " ", "Ċ": "\n", "▁": " "})
MAX_LOOKAHEAD_CHARS = (
    64  # characters of text, for each token that has none, in which the next token is looked for
)
MAX_UNMATCHED_TOKENS = 64  # tokens after which that is given up


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """A piece of text and the tokens that made it: mostly one; none where nothing is known."""

    text: str
    tokens: tuple[TokenLogprob, ...] = ()

    @property
    def logprob(self) -> float | None:
        """Natural log probability of all its tokens together; None where one is not known.

        None as well for tokens that share more text than the parts of a character do.
        """
        known = [token.logprob for token in self.tokens if token.logprob is not None]
        shared = len(self.tokens) > 1 and len(self.text) > len(self.tokens)
        return sum(known) if known and len(known) == len(self.tokens) and not shared else None


class TokenSpans:
    """Feed it one choice as it arrives; the texts of the spans it yields, joined, are the text it was fed."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0  # where what is not yet taken of it begins
        self._tokens: deque[TokenLogprob] = deque()

    def feed(self, text: str, tokens: Sequence[TokenLogprob]) -> Iterator[TokenSpan]:
        """Yield what is settled now: text that has its tokens, and text that came without any."""
        self._text, self._at = self._text[self._at :] + text, 0
        self._tokens += tokens
        # The first half of a surrogate pair: its second half comes with the next token.
        half = self._text[-1:] if "\ud800" <= self._text[-1:] <= "\udbff" else ""
        self._text = self._text.removesuffix(half)
        yield from self._finished_spans()
        self._text += half

    def close(self) -> Iterator[TokenSpan]:
        """Yield the rest: text that a stop sequence cut in the middle of a token, tokens without text."""
        yield from self._finished_spans()
        if self._left:
            yield self._take(self._left, 1)
        while self._tokens:
            yield self._take(0, 1)

    @property
    def _left(self) -> int:
        return len(self._text) - self._at

    def _finished_spans(self) -> Iterator[TokenSpan]:
        while self._left:
            if not self._tokens:
                yield self._take(self._left, 0)
            elif found := _matched_length(self._tokens[0], self._text, self._at):
                yield self._take(found, 1)
            elif _starts_token(self._tokens[0], self._text, self._at):
                return  # the rest of this token's text is on its way
            else:
                yield self._take(*self._shared_span())

    def _shared_span(self) -> tuple[int, int]:
        """Return how many characters how many tokens made that cannot be told apart."""
        made = b""
        for count, token in enumerate(islice(self._tokens, MAX_UNMATCHED_TOKENS), start=1):
            made += token.exact
            whole = made.decode("utf-8", "ignore")
            if whole.encode("utf-8", "surrogatepass") == made and self._text.startswith(whole, self._at):
                return len(whole), count  # parts of characters, whole together
            reach = self._text[self._at : self._at + MAX_LOOKAHEAD_CHARS * count]
            following = self._tokens[count].text.translate(_MARKS) if count < len(self._tokens) else ""
            if following and "\ufffd" not in following and (place := reach.find(following)) >= 0:
                return place, count
        return self._left, len(self._tokens)

    def _take(self, characters: int, count: int) -> TokenSpan:
        start, self._at = self._at, self._at + characters
        return TokenSpan(self._text[start : self._at], tuple(self._tokens.popleft() for _ in range(count)))


def token_spans(text: str, tokens: Sequence[TokenLogprob]) -> list[TokenSpan]:
    """Return the spans of a choice that is here as a whole."""
    whole = TokenSpans()
    return [*whole.feed(text, tokens), *whole.close()]


def _forms(token: TokenLogprob) -> tuple[str, ...]:
    marked = token.text.translate(_MARKS)
    # SentencePiece drops the space before the first word of a text.
    return tuple(form for form in dict.fromkeys((token.text, marked, marked.removeprefix(" "))) if form)


def _matched_length(token: TokenLogprob, text: str, at: int) -> int:
    """Return how many characters of `text` from `at` are this token's, 0 where they are not its own."""
    if token.raw is not None and "\ufffd" in token.text:
        return 0  # part of a character
    return next((len(form) for form in _forms(token) if text.startswith(form, at)), 0)


def _starts_token(token: TokenLogprob, text: str, at: int) -> bool:
    """Return whether `text` from `at` is the beginning of this token's."""
    return any(len(text) - at <= len(form) and form.startswith(text[at:]) for form in _forms(token))
