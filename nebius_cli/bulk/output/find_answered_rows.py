"""Determines from the records of earlier runs which rows are answered, and what they cost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from nebius_cli.bulk.input.row import BODY_HASH_DIGITS, Row
from nebius_cli.bulk.output.record_format import HeadFields, id_bytes
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import DigestSet, digest
from nebius_cli.core.prices_and_costs import parse_amount


class AnsweredRows:
    """Answered rows, each with its request; `len` is their number.

    Records of older versions do not show where a request was sent. Such an answer counts for a request with
    the same body, whatever its URL.
    """

    def __init__(self) -> None:
        self._digests = DigestSet()
        self._has_old = False

    def __len__(self) -> int:
        return len(self._digests)

    def update(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Add the id and the body hash of each answered record."""
        add = self._digests.add
        for row_id, body_hash in rows:
            if len(body_hash) <= BODY_HASH_DIGITS:
                self._has_old = True
            add(digest(row_id + body_hash))

    def __contains__(self, row: Row) -> bool:
        own, body_hash = id_bytes(row.id), row.body_hash.encode("ascii")
        if digest(own + body_hash) in self._digests:
            return True
        return self._has_old and digest(own + body_hash[:BODY_HASH_DIGITS]) in self._digests


def position_digest(row_id: bytes, index: int) -> int:
    """Return a number for a row at this index; the sums of two runs are equal if no row has moved."""
    return digest(b"%b %d" % (row_id, index))  # not a hash of a tuple: a swap of two rows would keep the sum


def prompt_key(row_id: bytes, line: bytes) -> int:
    """Return the digest of the id and the prompt, if any, of a record; --no-prompt leaves prompts out."""
    try:
        prompt = jsontext.encode(jsontext.decode(line)["prompt"])
    except (ValueError, KeyError):
        prompt = b""
    return digest(row_id + b" " + prompt)


def prompt_keys(row: Row) -> Iterator[int]:
    """Yield what `prompt_key` may return for an answer to this row: with its prompt, and without.

    A row without an id also has the digest of its request, because its index may have changed.
    """
    own = id_bytes(row.id) + b" "
    yield digest(own + jsontext.encode(row.prompt))
    yield digest(own)
    if row.is_unnamed:
        yield digest(row.body_hash.encode("ascii"))


@dataclass(slots=True)
class EarlierRuns:
    """The records of earlier runs on an output: counts, tokens, and cost in USD.

    `unpriced` counts the records with tokens but without a cost; `unpriced_tokens` are their prompt and
    completion tokens. `places` is the sum of `position_digest` over the answers.
    """

    records: int = 0
    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)
    unpriced: int = 0
    unpriced_tokens: tuple[int, int] = (0, 0)
    places: int = 0

    def count(self, heads: Iterable[HeadFields]) -> Iterator[tuple[bytes, bytes]]:
        """Count records; yield the id and the body hash of each answered row."""
        records = answers = prompt = completion = unpriced = unpriced_prompt = unpriced_completion = 0
        places, cost = 0, Decimal()
        for row_id, index, body_hash, prompt_tokens, completion_tokens, price, ok in heads:
            records += 1
            if prompt_tokens:
                prompt += int(prompt_tokens)
            if completion_tokens:
                completion += int(completion_tokens)
            if price and (amount := parse_amount(price.decode("ascii"))) is not None:
                cost += amount
            elif prompt_tokens or completion_tokens:
                unpriced += 1
                unpriced_prompt += int(prompt_tokens or 0)
                unpriced_completion += int(completion_tokens or 0)
            if ok:
                answers += 1
                places += position_digest(row_id, int(index))
                yield row_id, body_hash
        self.records, self.answers = records, answers
        self.prompt_tokens, self.completion_tokens, self.places = prompt, completion, places
        self.cost, self.unpriced = cost, unpriced
        self.unpriced_tokens = unpriced_prompt, unpriced_completion
