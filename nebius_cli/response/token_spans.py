"""Matches the tokens of an answer with the parts of its text that they produced.

Servers send text and tokens side by side, and the two may differ: a character can be split between tokens, a
special token has a name but no text, text is delayed while it may begin a stop sequence, and vocabularies
write spaces in different ways. No text is ever lost or changed; tokens that cannot be matched one by one
share a span.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from nebius_cli.response.token_logprobs import TokenLogprob

# The characters for space and newline in the byte alphabet of GPT-2, and for space in SentencePiece.
_MARKS = str.maketrans({"Ġ": " ", "Ċ": "\n", "▁": " "})
# Characters of text, for each unmatched token, in which the next token is searched for.
MAX_LOOKAHEAD_CHARS = 64
MAX_UNMATCHED_TOKENS = 64  # after this many tokens, the search is given up


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """A part of the text and the tokens that produced it: usually one, none if unknown."""

    text: str
    tokens: tuple[TokenLogprob, ...] = ()

    @property
    def logprob(self) -> float | None:
        """Natural log probability of all tokens together; None if one of them is unknown.

        None also if the tokens share more text than the parts of one character would.
        """
        known = [token.logprob for token in self.tokens if token.logprob is not None]
        shown = sum(not token.is_hidden for token in self.tokens)
        shared = shown > 1 and len(self.text) > len(self.tokens)
        return sum(known) if known and len(known) == len(self.tokens) and not shared else None


class TokenSpans:
    """Yields the spans of one choice as it arrives; their texts, joined, are the text that was fed."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0  # start of the text that is in no span yet
        self._tokens: deque[TokenLogprob] = deque()

    def feed(self, text: str, tokens: Sequence[TokenLogprob]) -> Iterator[TokenSpan]:
        """Yield the spans that are final now: text with its tokens, and text without tokens."""
        self._text, self._at = self._text[self._at :] + text, 0
        self._tokens += tokens
        # The second half of a surrogate pair arrives with the next token.
        half = self._text[-1:] if "\ud800" <= self._text[-1:] <= "\udbff" else ""
        self._text = self._text.removesuffix(half)
        yield from self._finished_spans()
        self._text += half

    def close(self) -> Iterator[TokenSpan]:
        """Yield the rest: text that a stop sequence cut off inside a token, and tokens without text."""
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
            hidden = self._hidden_count()
            if hidden == len(self._tokens):
                yield self._take(self._left, hidden)
            elif found := _matched_length(self._tokens[hidden], self._text, self._at):
                yield from self._with_hidden(found, hidden)
            elif _starts_token(self._tokens[hidden], self._text, self._at):
                return  # the rest of this token's text has not arrived
            else:
                yield self._take(*self._shared_span())

    def _hidden_count(self) -> int:
        """Return how many tokens without text are first in the queue."""
        return sum(1 for _ in takewhile(lambda token: token.is_hidden, self._tokens))

    def _with_hidden(self, characters: int, hidden: int) -> Iterator[TokenSpan]:
        """Yield the next token with the tokens before it that have no text.

        They are parts of a character that this token completes. Before ASCII text, they are special tokens.
        """
        if self._text[self._at : self._at + characters].isascii():
            for _ in range(hidden):
                yield self._take(0, 1)
            hidden = 0
        yield self._take(characters, hidden + 1)

    def _shared_span(self) -> tuple[int, int]:
        """Return how many characters and how many tokens form one span that cannot be divided."""
        made = b""
        for count, token in enumerate(islice(self._tokens, MAX_UNMATCHED_TOKENS), start=1):
            made += token.exact
            text = made.decode("utf-8", "ignore")
            if text.encode("utf-8", "surrogatepass") == made and self._text.startswith(text, self._at):
                return len(text), count  # parts that make up complete characters
            reach = self._text[self._at : self._at + MAX_LOOKAHEAD_CHARS * count]
            following = self._tokens[count].text.translate(_MARKS) if count < len(self._tokens) else ""
            if following and "\ufffd" not in following and (length := reach.find(following)) >= 0:
                return length, count
        return self._left, len(self._tokens)

    def _take(self, characters: int, count: int) -> TokenSpan:
        start, self._at = self._at, self._at + characters
        return TokenSpan(self._text[start : self._at], tuple(self._tokens.popleft() for _ in range(count)))


def token_spans(text: str, tokens: Sequence[TokenLogprob]) -> list[TokenSpan]:
    """Return the spans of a complete choice."""
    spans = TokenSpans()
    return [*spans.feed(text, tokens), *spans.close()]


def _forms(token: TokenLogprob) -> tuple[str, ...]:
    marked = token.text.translate(_MARKS)
    # SentencePiece drops the space before the first word.
    return tuple(form for form in dict.fromkeys((token.text, marked, marked.removeprefix(" "))) if form)


def _matched_length(token: TokenLogprob, text: str, at: int) -> int:
    """Return how many characters of `text` from `at` on are this token's, 0 if they do not match."""
    if token.raw is not None and "\ufffd" in token.text:
        return 0  # part of a character
    return next((len(form) for form in _forms(token) if text.startswith(form, at)), 0)


def _starts_token(token: TokenLogprob, text: str, at: int) -> bool:
    """Return whether `text` from `at` on is the beginning of this token's text."""
    return any(len(text) - at <= len(form) and form.startswith(text[at:]) for form in _forms(token))
