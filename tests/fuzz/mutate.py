"""Generates inputs from the corpus and a target's words; the same seed gives the same inputs."""

import random
from collections.abc import Iterator, Sequence

LONGEST = 4096  # bytes; most longer inputs are cut to this length
LONG_WORD = 100  # bytes; longer words make slow inputs, so they are chosen less often
MAX_CHANGES = 8


def inputs(corpus: Sequence[bytes], words: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Yield inputs without end; the corpus itself comes first."""
    yield from corpus
    rng = random.Random(seed)
    short = [word for word in words if len(word) <= LONG_WORD]
    while True:
        data = bytearray(rng.choice(corpus))
        for _ in range(rng.randint(1, MAX_CHANGES)):
            _change(data, corpus, words if rng.random() < 0.02 else short, rng)
        if len(data) > LONGEST and rng.random() < 0.99:
            del data[LONGEST:]
        yield bytes(data)


def _change(data: bytearray, corpus: Sequence[bytes], words: Sequence[bytes], rng: random.Random) -> None:
    start = rng.randint(0, len(data))
    end = min(len(data), start + rng.choice((0, 1, 2, 4, 16, 64)))
    match rng.randrange(8):
        case 0 | 1:
            data[start:start] = rng.choice(words)
        case 2:
            data[start:end] = rng.choice(words)
        case 3:
            data[start : start + 1] = bytes([rng.randrange(256)])
        case 4:
            del data[start:end]
        case 5:
            data[start:start] = data[start:end] * rng.choice((1, 2, 9))
        case 6:
            other = rng.choice(corpus)
            cut = rng.randint(0, len(other))
            data[start:] = other[cut:]
        case _:
            if start < len(data):
                data[start] ^= 1 << rng.randrange(8)
