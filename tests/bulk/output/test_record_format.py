"""A record is one line of JSON, and its head can be read without parsing the line."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.output.record_format import (
    RecordHead,
    Result,
    could_be_cut,
    encode,
    encode_bad,
    failed_line,
    id_bytes,
    row_key,
    scan_head,
    scan_heads,
)
from nebius_cli.core.errors_and_exit_codes import UsageError
from tests.support.answers import FAILED, USED, response, row

ORDER = ["id", "index", "body_hash", "attempts", "latency_s", "usage", "error", "prompt", "response"]

TEXTS = st.one_of(st.text(), st.text(st.sampled_from('a"\\\n\x7f\u2028é😀\ud800')))
IDS = st.one_of(st.integers(), TEXTS)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
    max_leaves=10,
)
COUNTS = st.one_of(st.none(), st.integers(0, 10**12))
LONG_COST = "1.3041833748729366642660293227540E-11"  # the sum of two prices with many digits
COSTS = st.one_of(st.none(), st.decimals(0, 1000, allow_nan=False).map(str), st.just("0E-8"))
USAGES = st.one_of(
    st.none(), st.builds(lambda p, c, x: dict(zip(USED, (p, c, x), strict=True)), COUNTS, COUNTS, COSTS)
)
PROMPTS = st.one_of(TEXTS, st.lists(st.integers(0, 10**6)))


def result(of: Row, usage: dict[str, Any] | None = None, answer: Any = None) -> Result:
    return Result(of, 2, 0.12345, usage, None if answer is not None else FAILED, answer)


def strict(line: bytes) -> Any:
    """Parse strict JSON, which every parser accepts."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(line.decode("utf-8"), parse_constant=refuse)


@given(
    own=IDS,
    prompt=PROMPTS,
    usage=USAGES,
    answer=st.one_of(st.none(), st.dictionaries(TEXTS, JSON)),
    with_prompt=st.booleans(),
)
@example(
    own=7, prompt="", usage=dict(zip(USED, (1, 1, LONG_COST), strict=True)), answer=None, with_prompt=False
)
def test_a_record_is_one_line_of_json_and_its_head_reads_back(
    own: str | int, prompt: Any, usage: dict[str, Any] | None, answer: Any, *, with_prompt: bool
) -> None:
    of = row(7, prompt, own)
    line = encode(result(of, usage, answer), with_prompt=with_prompt)
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    record = strict(line)
    assert [name for name in ORDER if name in record] == list(record)
    assert ("prompt" in record) == with_prompt
    assert (record["id"], record["index"], record["body_hash"]) == (own, 7, of.body_hash)
    assert (record["attempts"], record["latency_s"], record["usage"]) == (2, 0.123, usage)
    assert record.get("prompt", prompt) == prompt
    assert record["error"] == (None if answer is not None else strict_error())
    head = scan_head(line)
    assert head is not None
    counts = [(usage or {}).get(name) or 0 for name in USED]
    assert head[:5] == (id_bytes(own), 7, of.body_hash.encode(), *counts[:2])
    assert (head.cost, head.ok) == (str(counts[2] or "").encode(), answer is not None)
    assert head.row_key == row_key(own)


def strict_error() -> dict[str, Any]:
    return {"exit": 6, "status": 500, "message": "the server answered 500: it broke"}


@given(value=st.dictionaries(TEXTS, JSON), indent=st.sampled_from([None, 2]), escaped=st.booleans())
def test_the_raw_bytes_and_the_parsed_object_of_a_response_give_the_same_record(
    value: dict[str, Any], indent: int | None, *, escaped: bool
) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    from_bytes = encode(result(row(0), answer=body), with_prompt=False)
    from_object = encode(result(row(0), answer=value), with_prompt=False)
    assert strict(from_bytes) == strict(from_object)
    assert from_bytes.count(b"\n") == 1


def test_a_valid_body_is_written_unchanged() -> None:
    body = b'{ "choices" : [ ], "n":1e999, "text":"\xc3\xa9\\u2028" }'
    assert encode(result(row(0), answer=body), with_prompt=False).endswith(b'"response":' + body + b"}\n")


@pytest.mark.parametrize(
    "body", [b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":"\xed\xa0\x80"}', '{"a":null}'.encode("utf-16-le")]
)
def test_json_that_only_python_accepts_is_made_strict_json(body: bytes) -> None:
    record = strict(encode(result(row(0), answer=body), with_prompt=False))
    assert record["response"] in ({"a": None}, {"a": "\ud800"})


def test_a_carriage_return_between_members_is_removed() -> None:
    line = encode(result(row(0), answer=b'{"a":\r1}'), with_prompt=False)
    assert (strict(line)["response"], b"\r" in line) == ({"a": 1}, False)


def test_an_error_without_a_status_has_the_status_null() -> None:
    line = encode(Result(row(0), 1, 0, None, UsageError("no"), None), with_prompt=False)
    assert strict(line)["error"] == {"exit": 2, "status": None, "message": "no"}


def test_the_record_of_a_bad_row_is_not_an_answer() -> None:
    line = encode_bad(BadRow(4, 9, "not JSON\n"))
    error = {"exit": 65, "status": None, "message": "not JSON\n", "line": 9}
    assert (line.count(b"\n"), strict(line)["error"]) == (1, error)
    assert scan_head(line) == RecordHead(b"4", 4, b"", 0, 0, b"", ok=False)


@given(own=IDS, escaped=st.booleans(), comma=st.sampled_from([None, ", "]))
def test_a_record_rewritten_by_another_tool_has_the_same_head(
    own: str | int, comma: str | None, *, escaped: bool
) -> None:
    line = encode(result(row(3, own_id=own), dict(USED), response("a")), with_prompt=True)
    separators = (comma, ": ") if comma else (",", ":")
    again = json.dumps(strict(line), ensure_ascii=escaped, separators=separators)
    again_bytes = again.encode("utf-8", "surrogatepass") if not escaped else again.encode()
    assert scan_head(again_bytes + b"\r\n") == scan_head(line)
    backwards = json.dumps(dict(reversed(strict(line).items())))
    assert scan_head(backwards.encode()) == scan_head(line)


@pytest.mark.parametrize(
    "line",
    [
        b'"a prompt"',
        b'{"id":1,"prompt":"x"}',
        b'{"id":1,"index":0,"body_hash":"","error":null,"x":[]} ',
        b'{"id":true,"index":0,"body_hash":"","error":null}',
        b'{"id":1,"index":-1,"body_hash":"","error":null}',
        b'{"id":1,"index":0.0,"body_hash":"","error":null}',
        b'{"id":1,"index":0,"body_hash":7,"error":null}',
    ],
)
def test_json_that_is_not_a_record_has_no_head(line: bytes) -> None:
    assert (scan_head(line) is None) == (b"[]" not in line)


@pytest.mark.parametrize(
    ("usage", "cost", "tokens"),
    [
        ("7", "", 0),
        ('{"prompt_tokens":-4,"completion_tokens":true,"cost":"NaN"}', "", 0),
        ('{"prompt_tokens":5,"cost":0.5}', "0.5", 5),
    ],
)
def test_the_valid_values_of_a_malformed_usage_are_counted(usage: str, cost: str, tokens: int) -> None:
    line = f'{{"id":1,"index":0,"body_hash":"","usage":{usage},"error":null}}'
    assert scan_head(line.encode()) == RecordHead(b"1", 0, b"", tokens, 0, cost.encode(), ok=True)


@pytest.mark.parametrize("line", [b"", b"{", b"\0" * 20, b'{"id":1}\xff'])
def test_invalid_json_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        scan_head(line)


def test_nul_bytes_in_a_response_are_an_error() -> None:
    line = encode(result(row(0), answer=response("abcdefgh")), with_prompt=False)
    with pytest.raises(ValueError, match="control character"):
        scan_head(line.replace(b"cdef", b"\0\0\0\0"))


@given(IDS, PROMPTS)
def test_every_prefix_of_a_record_is_recognized_as_cut_off(own: str | int, prompt: Any) -> None:
    line = encode(result(row(3, prompt, own), answer={}), with_prompt=True)
    assert all(could_be_cut(line[:length]) for length in range(len(line)))


@pytest.mark.parametrize(
    "line",
    [b"Hello", b'{"id": 1', b'{"prompt":"x', b'{"id":"a","prompt":"x', b"[", b'{"id":1}', b'{"id":null'],
)
def test_the_prefix_of_another_line_is_not_taken_for_a_cut_off_record(line: bytes) -> None:
    assert not could_be_cut(line)


def test_a_failed_line_has_the_fields_that_the_row_itself_set() -> None:
    body = {"model": "m", "prompt": "é", "max_tokens": 5, "top_k": 4, "n": 2, "min_p": 0.1}
    of = Row(3, "a", "é", json.dumps(body).encode(), "ai_project_id=p", "0", 1, 1, 2, b"", "m")
    line = failed_line(of, FAILED, {"model": "m", "max_tokens": 6, "min_p": 0.1, "ai_project_id": "p"})
    own = {"id": "a", "prompt": "é", "max_tokens": 5, "n": 2, "params": {"top_k": 4}}
    assert strict(line) == {**own, "error": strict_error()}
    assert line.endswith(b"}\n")
    plain = strict(failed_line(of, FAILED, body))
    assert list(plain) == ["id", "prompt", "ai_project_id", "error"]


ODD = [
    *(b"\n", b"  \n", b"[]\n", b"{\n", b'x{"id":"a"}\n', b"\0\0\n"),
    encode(result(row(3, "x", "\\")), with_prompt=False),
]
BILLED = {"prompt_tokens": 1, "completion_tokens": None, "cost": "1E-7"}
PLAIN = [
    encode(result(row(0, "x", "a"), BILLED), with_prompt=True),
    encode(result(row(1, "x", -5)), with_prompt=True),
    encode(result(row(2, "x", "é"), None, {}), with_prompt=True),
    encode_bad(BadRow(4, 9, "no")),
]


@given(st.lists(st.sampled_from(PLAIN + ODD)), st.sampled_from([b"", b'{"id":"a"', PLAIN[0][:-1]]))
def test_scan_heads_finds_the_same_heads_as_scan_head(lines: list[bytes], tail: bytes) -> None:
    heads = scan_heads(b"".join(lines) + tail)
    if heads is None:
        assert tail or not lines or any(line in ODD or line in PLAIN[3:] for line in lines)
        return
    assert not tail
    alone = [scan_head(line) for line in lines]
    assert [
        RecordHead(own, int(index), body_hash, int(asked or 0), int(answered or 0), cost, ok=bool(ok))
        for own, index, body_hash, asked, answered, cost, ok in heads
    ] == alone


def test_a_record_within_another_line_is_not_recognized() -> None:
    assert scan_heads(b"x" + PLAIN[0]) is None
    assert scan_heads(PLAIN[0] + b" " + PLAIN[0]) is None
    assert scan_heads(PLAIN[0].replace(b"broke", b"br\0ke")) is None
