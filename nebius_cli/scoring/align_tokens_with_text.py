"""Aligns the tokens of an echoed answer with the bytes of the prompt.

Servers display tokens in several ways, so each interpretation is tried until the tokens make up the prompt.
A token that ends inside a character is often displayed as an empty text, and the complete character with the
token that completes it (vLLM). It is not known where such a token ends, so all alignments are returned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, IntEnum, auto
from functools import cache
from itertools import product
from typing import NamedTuple

from nebius_cli.response.token_logprobs import TokenLogprob

CONTINUATION_BYTES = bytes(range(0x80, 0xC0))  # the second and later bytes of UTF-8 characters

UNKNOWN = "\ufffd"  # servers show it for a part of a character
_MAX_PART_BYTES = 3  # limit for a part of a character; a complete one would be displayed
_MAX_HIDDEN_BYTES = 24  # limit for a token that ends inside a character and is shown as an empty text
_MAX_SPECIAL_BYTES = 64  # limit for a special token that is shown as an empty text
_MAX_JOINED_TOKENS = 4  # empty texts in a row whose bytes the next text may include (vLLM)
MAX_SPECIAL_TOKENS = 4  # special tokens before the tokens of the prompt


class UnknownBytes(Enum):
    """Kinds of bytes that the displayed text of a token does not determine."""

    BYTES = auto()  # part of a character: one to three bytes that are not ASCII
    BLANK = auto()  # an optional space before the token
    HIDDEN = auto()  # the token is displayed as an empty text
    ANY = auto()  # the token is not in the answer


TokenParts = list[bytes | UnknownBytes]  # the bytes of one token
Extent = tuple[int, int]  # the byte offsets in the prompt at which a token begins and ends
Extents = frozenset[Extent]  # the possible extents of a token; a single one if it is certain


class ReadingRule(IntEnum):
    """Where a token that is displayed as an empty text may end; each rule includes those before it."""

    # Inside a character, after U+FFFD, or with the character that the first token begins (vLLM).
    INSIDE = auto()
    COMPLETING = auto()  # also at the end of a character that began in an earlier token (llama-cpp-python)
    ANYWHERE = auto()  # anywhere: special tokens without a text


class _State(NamedTuple):
    """A point in an alignment, after some tokens."""

    end: int  # byte offset in the prompt
    run: int  # start of the empty texts before it that the next displayed text may include; else `end`
    opened: bool  # whether `end` is inside a character that the first token of the answer begins


def align(
    tokens: Sequence[TokenLogprob], counts: Sequence[int], prompt: bytes, *, first_missing: bool = False
) -> list[Extents] | None:
    """Return the possible extents of the first tokens; None if they do not make up the prompt.

    `counts` are the possible numbers of tokens in the prompt, the likeliest first. The first tokens, as few
    as possible, may be special tokens that are not in the prompt; their extent is (0, 0). If
    `first_missing`, the text of the first token is not known.
    """
    unclear = any(token.is_hidden or UNKNOWN in token.text for token in tokens)
    for rule in ReadingRule if unclear else (ReadingRule.INSIDE,):
        for interpretation in _interpretations(tokens):
            known: list[TokenParts] = (
                [[UnknownBytes.ANY], *interpretation[1:]] if first_missing else interpretation
            )
            for count, special in product(counts, range(MAX_SPECIAL_TOKENS + 1)):
                extents = _Aligner(prompt, rule, special).align(known[:count])
                if extents is not None:
                    return extents
    return None


def _interpretations(tokens: Sequence[TokenLogprob]) -> Iterator[list[TokenParts]]:
    """Yield the possible bytes of the displayed tokens, the most common interpretation first."""
    shown = [_parts(token) for token in tokens]
    yield shown
    table = _byte_level_alphabet()
    if all(character in table for token in tokens for character in token.text):
        plain = [bytes(table[character] for character in token.text) for token in tokens]
        yield [[known or UnknownBytes.HIDDEN] for known in plain]
    # SentencePiece writes a space as U+2581, and puts one before the first word.
    marked = [_parts(replace(token, text=token.text.replace("\u2581", " "))) for token in tokens]
    yield marked
    for index, first in enumerate(marked[:MAX_SPECIAL_TOKENS]):
        if isinstance(first[0], bytes) and first[0].startswith(b" "):
            yield [*marked[:index], [first[0][1:], *first[1:]], *marked[index + 1 :]]
    # Decoded one at a time, SentencePiece tokens lose the space before them.
    yield [[UnknownBytes.BLANK, *parts] for parts in shown]


def _parts(token: TokenLogprob) -> TokenParts:
    if token.raw is not None:
        return [token.raw]
    if token.is_hidden:
        return [UnknownBytes.HIDDEN]
    first, *others = token.text.split(UNKNOWN)
    parts: TokenParts = [utf8(first)]
    for other in others:
        parts += [UnknownBytes.BYTES, utf8(other)]
    return parts


class _Aligner:
    """Finds all alignments of tokens with a prompt."""

    def __init__(self, prompt: bytes, rule: ReadingRule, special: int) -> None:
        self._prompt = prompt
        self._rule = rule
        self._special = special  # how many special tokens may precede the prompt

    def align(self, interpretation: Sequence[TokenParts]) -> list[Extents] | None:
        """Return the possible extents of each token, None if there is no alignment."""
        following = _following(interpretation)
        steps: list[dict[_State, list[_State]]] = []  # for each token: the states after it, those before it
        states: Iterable[_State] = [_State(0, 0, opened=False)]
        for index, parts in enumerate(interpretation):
            step: dict[_State, list[_State]] = {}
            for before in states:
                for after in self._after(index, parts, before, following[index]):
                    step.setdefault(after, []).append(before)
            if not step:
                return None
            steps.append(step)
            states = step
        left = {state for state in states if state.end == len(self._prompt)}
        extents: list[Extents] = []
        for step in reversed(steps):
            pairs = [(before, after) for after in left for before in step[after]]
            extents.append(frozenset((before.end, after.end) for before, after in pairs))
            left = {before for before, _ in pairs}
        return extents[::-1] if left else None

    def _after(
        self, index: int, parts: TokenParts, state: _State, following: tuple[int, bytes]
    ) -> Iterator[_State]:
        """Yield the states after a token. `following` is the token's entry from `_following`."""
        if index < self._special and state.end == 0:
            yield _State(0, 0, opened=False)
        if parts[-1] is UnknownBytes.HIDDEN:
            distance, text = following
            for end in self._hidden_ends(state, self._reach(state, distance, text)):
                opened = self._is_open(index, state, end)
                # A run of empty texts that is too long to be joined is not tracked.
                yield _State(end, state.end if distance <= _MAX_JOINED_TOKENS else end, opened)
                if state.run < state.end:
                    yield _State(end, state.run, opened)
            return
        for end in self._ends(parts, state.end):
            yield _State(end, end, self._is_open(index, state, end))
        if state.run < state.end and self._inside(state.end):
            # The displayed text is a character whose first bytes belong to the empty texts.
            end = self._character_end(state.end)
            if end in self._ends(parts, state.run):
                yield _State(end, end, opened=False)

    def _is_open(self, index: int, state: _State, end: int) -> bool:
        """Return whether `end` is inside a character that the first token of the answer begins."""
        if not self._inside(end):
            return False
        return index == 0 or (state.opened and end < self._character_end(state.end))

    @property
    def _max_hidden(self) -> int:
        return _MAX_SPECIAL_BYTES if self._rule is ReadingRule.ANYWHERE else _MAX_HIDDEN_BYTES

    def _reach(self, state: _State, distance: int, text: bytes) -> int:
        """Return the last offset at which a hidden token may end, so that the text displayed later fits."""
        last = min(len(self._prompt), state.end + self._max_hidden)
        if not text:
            return last
        found = self._prompt.rfind(text, state.run, state.end + distance * self._max_hidden + len(text))
        return min(last, found + len(text)) if found >= 0 else -1

    def _hidden_ends(self, state: _State, last: int) -> Iterator[int]:
        """Yield the offsets up to `last` at which a token that is displayed as an empty text may end."""
        completed = self._character_end(state.end) if self._inside(state.end) else -1
        for end in range(state.end + 1, last + 1):
            if (
                self._inside(end)
                or self._prompt.endswith(UNKNOWN.encode(), 0, end)
                or (end == completed and (state.opened or self._rule >= ReadingRule.COMPLETING))
                or self._rule >= ReadingRule.ANYWHERE
            ):
                yield end

    def _inside(self, offset: int) -> bool:
        """Return whether an offset is inside a character."""
        return offset < len(self._prompt) and self._prompt[offset] in CONTINUATION_BYTES

    def _character_end(self, offset: int) -> int:
        """Return the end of the character that an offset is in."""
        while self._inside(offset):
            offset += 1
        return offset

    def _ends(self, parts: TokenParts, start: int) -> set[int]:
        """Return the offsets at which the text of a token that begins at `start` may end."""
        ends = {start}
        for part in parts:
            if isinstance(part, bytes):
                ends = {end + len(part) for end in ends if self._prompt.startswith(part, end)}
            elif part is UnknownBytes.BLANK:
                ends |= {end + 1 for end in ends if self._prompt.startswith(b" ", end)}
            elif part is UnknownBytes.ANY:
                ends = set(range(start, min(len(self._prompt), start + _MAX_SPECIAL_BYTES) + 1))
            else:
                ends = {
                    end + size
                    for end in ends
                    for size in range(1, _MAX_PART_BYTES + 1)
                    if len(run := self._prompt[end : end + size]) == size and _is_part(run)
                }
        if UnknownBytes.BYTES in parts and self._rule is ReadingRule.INSIDE:
            text = _text(parts)
            return {end for end in ends if self._prompt[start:end].decode("utf-8", "replace") == text}
        return ends


def _following(interpretation: Sequence[TokenParts]) -> list[tuple[int, bytes]]:
    """Return for each token how many tokens later the next text is displayed, and its bytes if known."""
    found: list[tuple[int, bytes]] = []
    distance, text = _MAX_JOINED_TOKENS + 1, b""
    for parts in reversed(interpretation):
        found.append((distance, text))
        distance += 1
        if parts[-1] is not UnknownBytes.HIDDEN:
            known = all(isinstance(part, bytes) for part in parts)
            distance, text = 1, b"".join(part for part in parts if isinstance(part, bytes)) if known else b""
    return found[::-1]


def _text(parts: TokenParts) -> str:
    """Return the displayed text that `_parts` has split."""
    return "".join(
        part.decode("utf-8", "surrogatepass") if isinstance(part, bytes) else UNKNOWN
        for part in parts
        if part is not UnknownBytes.BLANK
    )


def _is_part(run: bytes) -> bool:
    """Return whether `run` can be what a server shows as U+FFFD.

    That is a part of a character (a complete one would be shown), or U+FFFD itself.
    """
    return run == utf8(UNKNOWN) or (min(run) >= 0x80 and not run.decode("utf-8", "ignore"))


@cache
def _byte_level_alphabet() -> Mapping[str, int]:
    """Return the alphabet of byte-level BPE, character to byte (GPT-2, `bytes_to_unicode`)."""
    same = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in same]
    return {chr(byte): byte for byte in same} | {chr(256 + n): byte for n, byte in enumerate(others)}


def utf8(text: str) -> bytes:
    """Return the UTF-8 of a text, in which a lone surrogate becomes three bytes."""
    return text.encode("utf-8", "surrogatepass")
