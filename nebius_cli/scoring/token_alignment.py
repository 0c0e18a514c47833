"""Aligns the tokens of an echoed answer with the bytes of the prompt.

Servers display tokens in several ways, so each interpretation is tried until the tokens make up the prompt.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import cache

from nebius_cli.response.logprobs import TokenLogprob

_UNKNOWN = "\ufffd"  # what a server shows for a part of a character
_MAX_PART_BYTES = 3  # of one part; a complete character would have been shown
_MAX_SPECIAL_TOKENS = 4  # before the tokens of the prompt


class UnknownBytes(Enum):
    """Bytes that a displayed token leaves open."""

    BYTES = auto()  # part of a character: one to three bytes that are not ASCII
    BLANK = auto()  # an optional space before the token


TokenParts = list[bytes | UnknownBytes]  # the bytes of one token


def interpretations(tokens: Sequence[TokenLogprob]) -> Iterator[list[TokenParts]]:
    """Yield the possible bytes of the displayed tokens, the most common interpretation first."""
    shown = [_parts(token) for token in tokens]
    yield shown
    table = _byte_level_alphabet()
    if all(character in table for token in tokens for character in token.text):
        yield [[bytes(table[character] for character in token.text)] for token in tokens]
    # SentencePiece writes a space as U+2581, and puts one before the first word.
    marked = [_parts(replace(token, text=token.text.replace("\u2581", " "))) for token in tokens]
    yield marked
    for place, first in enumerate(marked[:_MAX_SPECIAL_TOKENS]):
        if isinstance(first[0], bytes) and first[0].startswith(b" "):
            yield [*marked[:place], [first[0][1:], *first[1:]], *marked[place + 1 :]]
    # Decoded one at a time, SentencePiece tokens lose the space before them.
    yield [[UnknownBytes.BLANK, *parts] for parts in shown]


def _parts(token: TokenLogprob) -> TokenParts:
    if token.raw is not None:
        return [token.raw]
    first, *others = token.text.split(_UNKNOWN)
    parts: TokenParts = [utf8(first)]
    for other in others:
        parts += [UnknownBytes.BYTES, utf8(other)]
    return parts


def token_ends(interpretation: Sequence[TokenParts], prompt: bytes) -> list[int] | None:
    """Return the byte offset in the prompt at which each token ends; None if they do not make it up.

    The first tokens, as few as possible, may be special ones that are not part of the prompt.
    """
    ways = (_align(interpretation, prompt, special) for special in range(_MAX_SPECIAL_TOKENS + 1))
    return next((ends for ends in ways if ends is not None), None)


def _align(interpretation: Sequence[TokenParts], prompt: bytes, special: int) -> list[int] | None:
    ways: list[dict[int, int]] = []  # for each token: where it may end, and where it begins then
    reached = {0: 0}
    for place, parts in enumerate(interpretation):
        step = {end: start for start in reached for end in _possible_ends(parts, start, prompt)}
        if place < special and 0 in reached:
            step.setdefault(0, 0)
        ways.append(step)
        reached = step
    if len(prompt) not in reached:
        return None
    ends = [len(prompt)]
    for step in reversed(ways):
        ends.append(step[ends[-1]])
    return ends[-2::-1]


def _possible_ends(parts: TokenParts, start: int, prompt: bytes) -> set[int]:
    """Return the offsets at which a token that begins at `start` may end."""
    places = {start}
    for part in parts:
        if isinstance(part, bytes):
            places = {place + len(part) for place in places if prompt.startswith(part, place)}
        elif part is UnknownBytes.BLANK:
            places |= {place + 1 for place in places if prompt.startswith(b" ", place)}
        else:
            places = {
                place + size
                for place in places
                for size in range(1, _MAX_PART_BYTES + 1)
                if len(run := prompt[place : place + size]) == size and _is_part(run)
            }
    return places


def _is_part(run: bytes) -> bool:
    """Return whether `run` can be what a server shows as U+FFFD.

    That is a part of a character (a complete one would be shown), or U+FFFD itself.
    """
    return run == utf8(_UNKNOWN) or (min(run) >= 0x80 and not run.decode("utf-8", "ignore"))


@cache
def _byte_level_alphabet() -> Mapping[str, int]:
    """Return the alphabet of byte-level BPE, character to byte (GPT-2, `bytes_to_unicode`)."""
    same = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in same]
    return {chr(byte): byte for byte in same} | {chr(256 + n): byte for n, byte in enumerate(others)}


def utf8(text: str) -> bytes:
    """Return the UTF-8 of a text, in which a lone surrogate becomes three bytes."""
    return text.encode("utf-8", "surrogatepass")
