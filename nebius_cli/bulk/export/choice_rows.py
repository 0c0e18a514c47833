"""Splits records into rows of a table: one for each choice, with nested columns for usage and logprobs."""

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.prices_and_costs import parse_amount
from nebius_cli.response.parse_logprobs import parse
from nebius_cli.response.token_logprobs import Alternative, TokenLogprob
from nebius_cli.terminal.sanitize import to_bytes

COST_DIGITS, COST_DECIMALS = 38, 18  # of a cost in USD; a price has at most 18 decimals per token
TOKEN_BYTES = 400  # roughly what a token with its log probability takes in memory

Row = dict[str, Any]


def choices_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a record, sorted by index."""
    response = record.get("response")
    choices = response.get("choices") if isinstance(response, dict) else None
    found = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return sorted(found, key=lambda choice: i if type(i := choice.get("index")) is int else 0)


def choice_rows(record: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row for each choice of a record, or one row without a choice if it has none.

    `usage` and `cost` are on the first row only, so that sums over the column are right. IDs become text, and
    a lone surrogate in a text becomes U+FFFD.
    """
    response = record.get("response")
    common = {
        "id": text_of(str(record["id"])),
        "index": record["index"],
        "error": _error(record["error"]),
        "model": text_of(response.get("model")) if isinstance(response, dict) else None,
        **_prompt(record.get("prompt")),
        "attempts": count_of(record.get("attempts")),
        "latency_s": value if isinstance(value := record.get("latency_s"), float | int) else None,
    }
    usage = usage_of(record.get("usage"))
    for number, choice in enumerate(choices_of(record) or [{}]):
        index = choice.get("index", number) if choice else None
        yield {
            **common,
            "choice": count_of(index),
            "text": text_of(choice.get("text")),
            "finish_reason": text_of(choice.get("finish_reason")),
            **usage,
            "logprobs": logprob_rows(choice.get("logprobs")),
        }
        usage = {"usage": None, "cost": None}


def usage_of(usage: Any) -> Row:
    """Return the tokens of a record's `usage`, and its cost as a decimal that fits the column."""
    if not isinstance(usage, dict):
        return {"usage": None, "cost": None}
    names = ("prompt_tokens", "completion_tokens")
    cost = parse_amount(usage.get("cost"))
    return {"usage": {name: count_of(usage.get(name)) for name in names}, "cost": cost and _fitting(cost)}


def logprob_rows(logprobs: Any) -> list[Row] | None:
    """Return the tokens of a choice, whatever shape the server used; None if it sent none."""
    tokens = parse(logprobs)
    return [
        {**_token(token), "top": [_token(other) for other in token.alternatives]} for token in tokens
    ] or None


def size_of(row: Row) -> int:
    """Return roughly how many bytes a row takes in memory."""
    tokens = sum(1 + len(token["top"]) for token in row["logprobs"] or ())
    prompt = len(row["prompt"] or "") + 8 * len(row["prompt_token_ids"] or ())
    return 200 + len(row["text"] or "") + prompt + TOKEN_BYTES * tokens


def flat_size_of(row: Row) -> int:
    """Return roughly how many bytes a row of texts and numbers takes in memory."""
    return sum(50 + (len(value) if isinstance(value, str) else 0) for value in row.values())


def text_of(value: Any) -> str | None:
    """Return a text as Parquet can hold it, None for anything else."""
    return to_bytes(value).decode("utf-8") if isinstance(value, str) else None


def count_of(value: Any) -> int | None:
    """Return a non-negative integer of at most 63 bits, None for anything else."""
    return value if type(value) is int and 0 <= value < 2**63 else None


def text_or_json(value: Any) -> str | None:
    """Return a text or None unchanged, and anything else, such as a prompt of token ids, as JSON."""
    return value if value is None or isinstance(value, str) else jsontext.encode(value).decode("utf-8")


def _token(token: TokenLogprob | Alternative) -> Row:
    return {"token": text_of(token.text), "bytes": token.raw, "logprob": token.logprob}


def _prompt(prompt: Any) -> Row:
    ids = prompt if isinstance(prompt, list) and all(type(one) is int for one in prompt) else None
    return {"prompt": text_of(prompt), "prompt_token_ids": ids}


def _error(error: Any) -> Row | None:
    if not isinstance(error, dict):
        return None
    return {
        "exit": count_of(error.get("exit")),
        "status": count_of(error.get("status")),
        "message": text_of(error.get("message")),
    }


def _fitting(cost: Decimal) -> Decimal | None:
    """Return a cost with the decimals of the column, None for an amount that no request can cost."""
    if cost.adjusted() >= COST_DIGITS - COST_DECIMALS:
        return None
    return cost.quantize(Decimal(1).scaleb(-COST_DECIMALS), context=Context(prec=COST_DIGITS))
