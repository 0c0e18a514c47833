"""What a record took that is dropped, added to the record of the same row that takes its place."""

import re
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.output.record import Head
from nebius_cli.core import jsontext, money

_BEFORE = rb'\{"id":(?:-?\d+|"[^"\\]*(?:\\.[^"\\]*)*"),"index":\d+,"body_hash":"[^"]*","attempts":\d+,'
_USAGE = re.compile(_BEFORE + rb'"latency_s":[\d.]+,"usage":(null|\{[^{}]*\}),')


def add_usage(line: bytes, own: Head, dropped: Head) -> tuple[bytes, Head]:
    """Return a record, a line, and its head, with the usage of the dropped one added.

    The cost is not known where one of them names none for its tokens.
    """
    prompt = own.prompt_tokens + dropped.prompt_tokens
    completion = own.completion_tokens + dropped.completion_tokens
    if (prompt, completion) == (own.prompt_tokens, own.completion_tokens) and not dropped.cost:
        return line, own
    total = money.add(_cost(own), _cost(dropped))
    cost = None if total is None else money.exact(total)
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion, "cost": cost}
    head = own._replace(
        prompt_tokens=prompt, completion_tokens=completion, cost=cost.encode("ascii") if cost else b""
    )
    if match := _USAGE.match(line):
        return line[: match.start(1)] + jsontext.encode(usage) + line[match.end(1) :], head
    return jsontext.encode(jsontext.decode(line) | {"usage": usage}) + b"\n", head


def _cost(head: Head) -> Decimal | None:
    if not head.cost and not (head.prompt_tokens or head.completion_tokens):
        return money.ZERO
    return money.parse_amount(head.cost.decode("ascii"))
