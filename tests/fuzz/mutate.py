"""Inputs made of the corpus, a target's words and chance: the same for the same seed."""

import random
from collections.abc import Iterator, Sequence

LONGEST = 4096  # bytes of an input, but for what one word adds
LONG_WORD = 100  # bytes; longer ones make slow inputs, so they are taken more rarely
MAX_CHANGES = 8


def inputs(corpus: Sequence[bytes], words: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Yield inputs without end; the corpus itself comes first."""
    yield from corpus
    chance = random.Random(seed)
    short = [word for word in words if len(word) <= LONG_WORD]
    while True:
        data = bytearray(chance.choice(corpus))
        for _ in range(chance.randint(1, MAX_CHANGES)):
            _change(data, corpus, words if chance.random() < 0.02 else short, chance)
        if len(data) > LONGEST and chance.random() < 0.99:
            del data[LONGEST:]
        yield bytes(data)


def _change(data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    end = min(len(data), start + chance.choice((0, 1, 2, 4, 16, 64)))
    match chance.randrange(8):
        case 0 | 1:
            data[start:start] = chance.choice(words)
        case 2:
            data[start:end] = chance.choice(words)
        case 3:
            data[start : start + 1] = bytes([chance.randrange(256)])
        case 4:
            del data[start:end]
        case 5:
            data[start:start] = data[start:end] * chance.choice((1, 2, 9))
        case 6:
            other = chance.choice(corpus)
            cut = chance.randint(0, len(other))
            data[start:] = other[cut:]
        case _:
            if start < len(data):
                data[start] ^= 1 << chance.randrange(8)
