"""Rows of a bulk run: request bodies, token limits, ids, and rows that cannot be sent."""

import json
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.parse_row import RawRow, UnreadableRow
from nebius_cli.bulk.input.row import BadRow, Row, RowIds
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import NOTHING
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.request_body import CompletionRequest

MODEL = {"model": "m"}
_PROMPTS = st.text(st.characters(), min_size=1) | st.lists(st.integers(0, 10**6), min_size=1)


def lines(*values: Any) -> list[RawRow]:
    return [(n, json.dumps(value).encode()) for n, value in enumerate(values, 1)]


def read(*values: Any, reader: RowReader | None = None) -> list[Row | BadRow]:
    return list((reader or RowReader(MODEL, {})).rows(lines(*values)))


def one(value: Any, reader: RowReader | None = None) -> Row:
    (row,) = read(value, reader=reader)
    assert isinstance(row, Row), row
    return row


def why(row: Row | BadRow) -> str:
    assert isinstance(row, BadRow)
    return row.why


def test_a_row_holds_its_request_body_and_its_token_limits() -> None:
    body = b'{"model":"m","prompt":"\xc3\xa9t\xc3\xa9","max_tokens":5,"n":2}'
    row = one({"id": "a", "prompt": "été", "n": 2}, RowReader({**MODEL, "max_tokens": 5}, {}))
    assert row == Row(
        index=0,
        id="a",
        prompt="été",
        body=body,
        query="",
        body_hash=blake2b(body, digest_size=16).hexdigest(),
        max_prompt_tokens=5 + 8,
        max_completion_tokens=10,
        n=2,
        common=b'{"model":"m","max_tokens":5,"n":2}',
        model="m",
    )


def test_the_fields_of_a_row_override_those_of_the_run() -> None:
    reader = RowReader({**MODEL, "temperature": 1, "ai_project_id": "p"}, {"top_k": 1, "seed": 1})
    own = {"model": "o", "temperature": 0, "ai_project_id": "q", "params": {"top_k": 2}}
    row = one({"prompt": "x", **own}, reader)
    assert row.body == b'{"model":"o","prompt":"x","temperature":0,"top_k":2,"seed":1}'
    assert (row.query, one("x", reader).query) == ("ai_project_id=q", "ai_project_id=p")


def test_the_defaults_of_a_reader_are_the_fields_of_a_row_with_only_a_prompt() -> None:
    reader = RowReader({**MODEL, "n": 2}, {"top_k": 4})
    assert reader.defaults == one("x", reader).common == b'{"model":"m","n":2,"top_k":4}'
    assert reader.model == "m"
    assert RowReader({}, {"model": "o"}, validate=False).model == "o"
    assert RowReader({}, {}).model == ""


def test_streaming_fields_are_left_out_of_the_body() -> None:
    reader = RowReader({**MODEL, "stream": True, "stream_options": {"include_usage": True}}, {})
    plain = one("x", reader)
    assert plain.body == b'{"model":"m","prompt":"x"}'
    assert one({"prompt": "x", "stream": True, "stream_options": {}}, reader).body == plain.body
    assert one({"body": {"prompt": "x", "stream": False}}, reader).body == plain.body


@given(
    prompt=_PROMPTS, temperature=st.none() | st.sampled_from([0, 0.0, 1, 1.0]), param=st.none() | st.text()
)
def test_the_body_is_the_same_as_that_of_a_single_request(prompt: Any, temperature: Any, param: Any) -> None:
    fields: dict[str, Any] = {"model": "mé", "max_tokens": 3}
    params = {} if param is None else {"guide": param}
    own = {} if temperature is None else {"temperature": temperature}
    for at_run, at_row in (({}, own), (own, {})):
        for row_params in ({}, params):
            run = RowReader({**fields, **at_run}, params if not row_params else {})
            row = one({"prompt": prompt, **at_row, "params": row_params}, run)
            assert row.body == CompletionRequest(prompt, {**fields, **own}, params).encode()
            assert json.loads(row.body)["prompt"] == prompt
            assert json.loads(row.common) == {**fields, **own, **params}


def test_equal_numbers_written_differently_keep_their_form_in_the_body() -> None:
    rows = read(*({"prompt": "x", "temperature": value} for value in (1, 1.0, 0, 0.0, 1)))
    assert [row.body[-4:] for row in rows if isinstance(row, Row)] == [
        b'":1}',
        b"1.0}",
        b'":0}',
        b"0.0}",
        b'":1}',
    ]


@given(st.lists(st.text(st.characters(), min_size=1), min_size=2), st.booleans())
def test_rows_that_differ_only_in_the_prompt_can_share_a_request(prompts: list[str], limited: bool) -> None:  # noqa: FBT001
    reader = RowReader({**MODEL, "max_tokens": 3} if limited else MODEL, {})
    rows = [row for row in read(*prompts, reader=reader) if isinstance(row, Row)]
    assert len({(row.common, row.query) for row in rows}) == 1
    assert json.loads(Batch(rows, NOTHING).body) == {**json.loads(rows[0].body), "prompt": prompts}


def test_rows_without_fields_before_the_prompt_can_share_a_request() -> None:
    (row,) = RowReader({}, {"model": "m"}).rows(lines("x"))
    assert isinstance(row, Row)
    assert (row.body, row.model) == (b'{"prompt":"x","model":"m"}', "m")
    alone = Row(0, 0, "x", b'{"prompt":"x"}', "", "", 9, None, 1, b"{}", "")
    assert Batch([alone, alone], NOTHING).body == b'{"prompt":["x","x"]}'


@given(_PROMPTS, st.sampled_from([{}, {"temperature": 0.5}, {"stop": ["a", "b"]}]))
def test_the_body_of_a_row_read_as_a_batch_line_gives_the_same_row(prompt: Any, own: Any) -> None:
    reader = RowReader({**MODEL, "max_tokens": 3}, {"top_k": 4})
    row = one({"id": "a", "prompt": prompt, **own}, reader)
    again = one({"custom_id": "a", "body": json.loads(row.body), "error": {"exit": 6}}, reader)
    assert again == row


BOUNDS = [
    ({}, {}, None, 1),
    ({"max_tokens": 0, "echo": True}, {}, 1, 1),  # servers still generate one token
    ({"max_tokens": 0, "echo": True, "n": 2}, {}, 2, 2),
    ({"max_tokens": 5}, {}, 5, 1),
    ({"max_tokens": 5, "n": 3}, {}, 15, 3),
    ({"max_tokens": 5, "n": 2}, {"best_of": 4}, 20, 2),
    ({"max_tokens": 5, "n": 2}, {"best_of": "4"}, 10, 2),
]


@pytest.mark.parametrize(("fields", "params", "most", "n"), BOUNDS)
def test_the_longest_possible_answer_is_computed(fields: Any, params: Any, most: int | None, n: int) -> None:
    row = one("x", RowReader({**MODEL, **fields}, params))
    assert (row.max_completion_tokens, row.n) == (most, n)
    loose = one({"body": {"prompt": "x", **fields, **params}}, RowReader(MODEL, {}))
    assert (loose.max_completion_tokens, loose.n) == (most, n)


def test_a_negative_max_tokens_is_not_used_as_a_bound() -> None:
    reader = RowReader({**MODEL, "max_tokens": -1}, {}, validate=False)
    assert one("x", reader).max_completion_tokens is None
    reader = RowReader({**MODEL, "max_tokens": 4}, {"max_tokens": 7}, validate=False)
    assert one("x", reader).max_completion_tokens == 7


def test_the_prompt_is_bounded_by_its_bytes_or_its_token_ids() -> None:
    assert one("é" * 10).max_prompt_tokens == 28
    assert one("\ud800").max_prompt_tokens == 11
    assert one({"prompt": [1, 2, 3]}).max_prompt_tokens == 11


def test_a_body_with_a_lone_surrogate_is_sent_as_ascii_json() -> None:
    assert one("é\ud800").body == b'{"model":"m","prompt":"\\u00e9\\ud800"}'
    reader = RowReader(MODEL, {"guide": "\ud800"})
    assert one("é", reader).body == b'{"model":"m","prompt":"\\u00e9","guide":"\\ud800"}'


def test_bad_rows_are_numbered_like_the_others() -> None:
    rows = read("a", {}, "b", 3, "c")
    assert [row.index for row in rows] == [0, 1, 2, 3, 4]
    assert [row.id for row in rows if isinstance(row, Row)] == [0, 2, 4]
    assert rows[1] == BadRow(1, 2, "no prompt")
    assert [why(row) for row in RowReader(MODEL, {}).rows([(9, UnreadableRow("torn"))])] == ["torn"]


def test_an_id_that_is_used_twice_makes_the_row_bad() -> None:
    rows = read(*({"id": own, "prompt": "x"} for own in ("a", 5, "5", "a", 5, "\ud800", "\ud800")))
    assert [why(row) for row in rows if isinstance(row, BadRow)] == [
        "id 'a' is used twice",
        "id 5 is used twice",
        "id '\\ud800' is used twice",
    ]
    assert [row.id for row in rows if isinstance(row, Row)] == ["a", 5, "5", "\ud800"]


def test_a_number_as_id_must_not_be_the_index_of_a_row_without_an_id() -> None:
    own = {"id": 1, "prompt": "x"}
    mixed = "id 1 may also be the index of a row without an id"
    number = f"{mixed}; give every row an id, or write numeric ids as strings"
    assert [row.id for row in read("a", own, "b") if isinstance(row, Row)] == [0, 1, 2]
    assert why(read("a", "b", own)[2]) == number
    unnamed = "the row has no id, but other rows have numeric ids"
    assert why(read(own, "b")[1]) == number.replace(mixed, unnamed)


def test_rows_with_and_without_ids_may_be_mixed_if_the_run_is_not_resumable() -> None:
    ids = RowIds(mixed=True)
    ids.claim(0, 1)
    ids.claim(1, None)
    ids.claim(2, 7)
    with pytest.raises(RowError, match="id 7 is used twice"):
        ids.claim(3, 7)


def test_a_row_with_an_invalid_field_is_bad() -> None:
    assert why(read({"prompt": "x", "max_tokens": 0})[0]).startswith(
        "--max-tokens 0: the answer would be empty"
    )
    endless = [(1, b'{"body":{"prompt":"x","guide":1e999}}')]
    (row,) = RowReader(MODEL, {}).rows(endless)
    assert why(row).startswith("Out of range float values")


DEEP = [
    '{"url":%s,"body":{}}',
    '{"prompt":"x","params":{"a":%s}}',
    '{"body":{"prompt":"x","a":%s}}',
    '{"q":%s}',
]


@pytest.mark.parametrize("line", DEEP)
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_deeply_nested_json_makes_a_row_or_a_bad_row(line: str, begin: str, end: str) -> None:
    data: list[RawRow] = [(n, (line % (begin * n + "1" + end * n)).encode()) for n in range(700, 1050)]
    for reader in (RowReader(MODEL, {}), RowReader(MODEL, {}, fill_template.parse("{q}"))):
        assert len(list(reader.rows(data))) == len(data)


def test_the_model_may_be_set_in_the_rows() -> None:
    reader = RowReader({"max_tokens": 5}, {})
    rows = read({"prompt": "x", "model": "o"}, {"body": {"prompt": "x", "model": "o"}}, "x", reader=reader)
    assert [isinstance(row, Row) for row in rows] == [True, True, False]
    assert why(rows[2]) == "no model: set it in the row, or with -m MODEL"
    assert len(list(reader.rows([(2, {"prompt": "x", "model": "o"})]))) == 1
    assert one({"prompt": "x", "params": {"model": "o"}}, RowReader({}, {}, validate=False)).body.endswith(
        b'"o"}'
    )


@pytest.mark.parametrize("columns", [("prompt",), ("prompt", "id")])
def test_a_missing_model_is_a_usage_error_if_the_table_has_no_model_column(columns: tuple[str, ...]) -> None:
    RowReader({}, {}).check_columns((*columns, "model"), "in.csv")
    with pytest.raises(UsageError) as caught:
        RowReader({}, {}).check_columns(columns, "in.csv")
    assert caught.value.what == "no model is set"
    with pytest.raises(UsageError, match="no model is set"):
        RowReader({}, {}, fill_template.parse("{model}")).check_columns(("model",), "in.csv")


def test_the_fields_of_the_run_are_checked_before_any_row() -> None:
    with pytest.raises(UsageError, match="--max-tokens 0"):
        RowReader({**MODEL, "max_tokens": 0}, {})
    assert one("", RowReader({**MODEL, "max_tokens": 0}, {}, validate=False, allow_empty=True)).prompt == ""
