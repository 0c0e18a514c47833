"""Defines a fuzz target: a function that takes any bytes, and the words its inputs are built from."""

import random
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"


class Target(NamedTuple):
    """`run` raises only for a defect. Inputs are built from `words` and from the corpus."""

    run: Callable[[bytes], None]
    words: tuple[bytes, ...] = ()


def corpus(name: str) -> dict[str, bytes]:
    """Return the committed inputs of a target by their names."""
    return {path.name: path.read_bytes() for path in sorted((CORPUS / name).iterdir())}


def pieces(data: bytes, most: int = 6) -> Iterator[bytes]:
    """Yield `data` in pieces; the cut positions depend only on the data."""
    rng = random.Random(zlib.crc32(data))
    places = sorted(rng.randint(0, len(data)) for _ in range(rng.randint(0, most)))
    yield from (data[start:end] for start, end in pairwise((0, *places, len(data))))


def head(data: bytes) -> tuple[int, bytes]:
    """Return the first byte as a number, which selects a variant of the test, and the rest as its input."""
    return (data[0], data[1:]) if data else (0, b"")
