"""Every form that a row can have, and the error for each invalid row."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.bulk.input.format_names import FORMATS, format_of
from nebius_cli.bulk.input.parse_row import RowParser, RowRequest, UnreadableRow, own_id
from nebius_cli.core.errors_and_exit_codes import UsageError

CHECKED = RowParser(None, allow_empty=False, validate=True)
LOOSE = RowParser(None, allow_empty=True, validate=False)
QUESTION = RowParser(fill_template.parse("Q: {question}\nA:"), allow_empty=False, validate=True)


def line(value: Any, forms: RowParser = CHECKED) -> RowRequest:
    return forms.read(json.dumps(value).encode())


def flaw(raw: Any, forms: RowParser = CHECKED) -> str:
    with pytest.raises(RowError) as caught:
        forms.read(raw)
    return str(caught.value)


LINES = [
    ("a text", RowRequest(None, "a text", {}, {})),
    ({"prompt": "x"}, RowRequest(None, "x", {}, {})),
    ({"prompt": [1, 2]}, RowRequest(None, [1, 2], {}, {})),
    ({"id": "a", "prompt": "x", "max_tokens": 5}, RowRequest("a", "x", {"max_tokens": 5}, {})),
    ({"id": 7, "prompt": "x", "temperature": None}, RowRequest(7, "x", {}, {})),
    ({"prompt": "x", "stop": ["a"]}, RowRequest(None, "x", {"stop": "a"}, {})),
    ({"id": 7.0, "prompt": "x", "n": 2.0}, RowRequest(7, "x", {"n": 2}, {})),
    ({"prompt": [1.0, 2]}, RowRequest(None, [1, 2], {}, {})),
    ({"prompt": "x", "logit_bias": {"5.0": 1}}, RowRequest(None, "x", {"logit_bias": {"5": 1}}, {})),
    ({"prompt": "x", "params": {"top_k": 4}}, RowRequest(None, "x", {}, {"top_k": 4})),
    ({"prompt": "x", "params": None, "error": {"exit": 6}}, RowRequest(None, "x", {}, {})),
    ({"custom_id": "a", "body": {"prompt": "x"}}, RowRequest("a", "x", {}, {})),
    (
        {
            "custom_id": "a",
            "method": "POST",
            "url": "/v1/completions",
            "body": {"model": "m", "prompt": "x", "top_k": 4, "n": None},
        },
        RowRequest("a", "x", {"model": "m"}, {"top_k": 4}),
    ),
]


@pytest.mark.parametrize(("value", "asked"), LINES)
def test_a_line_is_parsed_into_a_request(value: Any, asked: RowRequest) -> None:
    assert line(value) == asked


def test_lines_of_text_and_rows_of_tables_are_parsed_too() -> None:
    assert CHECKED.read("x") == RowRequest(None, "x", {}, {})
    cells = {"id": "a", "prompt": "x", "temperature": "0.5", "echo": "yes", "stop": "", "mood": "good"}
    assert CHECKED.read(cells) == RowRequest("a", "x", {"temperature": 0.5, "echo": True}, {})
    typed = {"custom_id": 0, "prompt": [1, 2], "temperature": 0.5, "stop": None}
    assert CHECKED.read(typed) == RowRequest(0, [1, 2], {"temperature": 0.5}, {})
    assert CHECKED.read({"id": "", "prompt": "x"}).id is None


def test_with_a_template_everything_but_the_id_is_a_variable() -> None:
    asked = RowRequest("a", "Q: why?\nA:", {}, {})
    assert line({"id": "a", "question": "why?", "n": 3, "unknown": 1}, QUESTION) == asked
    assert line({"custom_id": "a", "question": "why?"}, QUESTION) == asked
    assert QUESTION.read({"id": "a", "question": "why?", "temperature": "hot"}) == asked
    lines = RowParser(fill_template.parse("<{prompt}>"), allow_empty=False, validate=True)
    assert (lines.read("x"), line("x", lines)) == (RowRequest(None, "<x>", {}, {}),) * 2


NO_NAME = "expecting property name enclosed in double quotes"
FLAWS = [
    (b"{ ", f"not JSON: {NO_NAME} at character 3; jq -c . puts each object on one line"),
    (b'{"a"', "not JSON: expecting ':' delimiter at character 5"),
    (b"\xff", "byte 0xff at offset 0 of the row is not UTF-8; set --encoding NAME or --invalid replace"),
    (b'{"prompt": "x"} {', "not JSON: extra data at character 17"),
    (b"[" * 100_000, "nested deeper than the limit of 100 levels"),
    (b"NaN", "not JSON: NaN; --format text reads each line as a prompt"),
    (b"1" * 5000, "too large: it has a number of more than 4,300 digits"),
    (b"[1, 2]", "a row must be a string or an object; jq -c '.[]' converts a JSON array to rows"),
    (b"[", "not JSON: expecting value at character 2; jq -c '.[]' converts a JSON array to rows"),
    (b"Once upon", "not JSON: expecting value at character 1; --format text reads each line as a prompt"),
    (b"null", "a row must be a string or an object; --format text reads each line as a prompt"),
    (b"{}", "no prompt"),
    (b'""', "the prompt is empty; --allow-empty sends it"),
    ("", "the prompt is empty; --allow-empty sends it"),
    ({"prompt": ""}, "the prompt is empty; --allow-empty sends it"),
    (UnreadableRow("unreadable"), "unreadable"),
]


@pytest.mark.parametrize(("raw", "why"), FLAWS)
def test_a_row_that_cannot_be_parsed_gives_the_reason(raw: Any, why: str) -> None:
    assert flaw(raw) == why


TOKENS = "prompt must be a string or an array of token IDs (integers from 0)"
HINT = "--template '{prompt}' builds prompts from members"
SEVERAL = "several prompts in one row; put each in its own row"
MEMBERS = [
    ({"prompt": []}, "the prompt is empty; --allow-empty sends it"),
    ({"prompt": ["a", "b"]}, SEVERAL),
    ({"prompt": [[1], [2]]}, SEVERAL),
    ({"prompt": [1, "a"]}, TOKENS),
    ({"prompt": [-1]}, TOKENS),
    ({"prompt": [True]}, TOKENS),
    ({"prompt": 0}, TOKENS),
    ({"prompt": {"a": 1}}, TOKENS),
    ({"prompt": None}, "no prompt"),
    ({"prompt": "x", "id": 1.5}, "id must be a string or an integer"),
    ({"prompt": "x", "id": True}, "id must be a string or an integer"),
    ({"prompt": "x", "id": ""}, "id is empty"),
    ({"prompt": "x", "id": "a", "custom_id": "b"}, "the row has both id and custom_id; keep one of them"),
    ({"prompt": "x", "temperature": 3}, "temperature must be between 0 and 2; --no-validate sends it"),
    ({"prompt": "x", "temperature": "0.5"}, "temperature must be a number"),
    ({"prompt": "x", "max_tokens": 10**30}, "max_tokens is larger than any server accepts"),
    ({"prompt": "x", "temperature": 10**400}, "temperature is larger than any server accepts"),
    ({"prompt": "x", "params": [1]}, "params must be an object"),
    ({"prompt": "x", "params": {"stream": True}}, "params must not contain stream; put it next to prompt"),
    ({"prompt": "x", "params": {"n": 2}}, "params must not contain n; put it next to prompt"),
    (
        {"prompt": "x", "temprature": 1},
        "unknown member 'temprature' (did you mean temperature?); engine parameters belong in \"params\"",
    ),
    (
        {"prompt": "x", "z" * 99: 1},
        f'unknown member \'{"z" * 58}…; engine parameters belong in "params"; {HINT}',
    ),
    ({"body": {}, "prompt": "x"}, "unknown member 'prompt' next to body"),
    ({"body": []}, "body must be an object"),
    ({"body": {}}, "no prompt"),
    (
        {"url": "/v1/chat/completions", "body": {}},
        "url is '/v1/chat/completions', but must be /v1/completions",
    ),
    ({"url": ["x"], "body": {}}, "url is not a string, but must be /v1/completions"),
    ({"method": "GET", "body": {}}, "method is 'GET', but must be POST"),
    ({"body": {"messages": []}}, "body has messages: nbx bulk completes prompts and does not support chat"),
    ({"body": {"prompt": "x", "n": 0}}, "n must be 1 or more; --no-validate sends it"),
]


@pytest.mark.parametrize(("value", "why"), MEMBERS)
def test_an_invalid_member_is_named(value: Any, why: str) -> None:
    assert flaw(json.dumps(value).encode()) == why


def test_allow_empty_and_no_validate_accept_more_rows() -> None:
    assert line({"prompt": "", "temperature": 3}, LOOSE) == RowRequest(None, "", {"temperature": 3}, {})
    assert line({"prompt": [], "params": {"n": 2}}, LOOSE) == RowRequest(None, [], {}, {"n": 2})
    assert flaw(b'{"prompt":"x","params":{"prompt":"y"}}', LOOSE).startswith("params must not contain prompt")


def test_a_row_without_the_column_of_a_template_lists_the_columns_it_has() -> None:
    assert flaw(b'{"id":"a","n":1}', QUESTION) == "the template's {question} is missing; the row has id, n"


def test_a_table_without_a_required_column_is_a_usage_error() -> None:
    QUESTION.check_columns(("id", "question"), "in.csv")
    CHECKED.check_columns(("prompt",), "in.csv")
    with pytest.raises(UsageError) as caught:
        QUESTION.check_columns(("id", "questions"), "in.csv")
    error = caught.value
    assert (error.what, error.why, error.hint) == (
        "in.csv has no column 'question'",
        "columns: id, questions; did you mean questions?",
        "",
    )
    with pytest.raises(UsageError) as caught:
        CHECKED.check_columns(("a", "b"), "in.csv")
    assert (caught.value.why, caught.value.hint) == (
        "columns: a, b",
        "--template 'Q: {a}\\nA:' builds prompts from columns",
    )


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        ("a.jsonl", None, ("jsonl", "")),
        ("x/a.b.NDJSON.gz", None, ("jsonl", "gz")),
        ("a.csv.zst", None, ("csv", "zst")),
        ("C:\\data.x\\a.tsv", None, ("tsv", "")),
        ("a.txt", None, ("text", "")),
        ("a.parquet", None, ("parquet", "")),
        ("-", None, ("jsonl", "")),
        ("-", "csv", ("csv", "")),
        ("a.txt", "jsonl", ("jsonl", "")),
        ("a.dat.gz", "text", ("text", "gz")),
    ],
)
def test_the_file_name_gives_the_format_unless_a_flag_sets_it(
    path: str, asked: str | None, found: tuple[str, str]
) -> None:
    assert format_of(path, asked) == found


@pytest.mark.parametrize(
    ("path", "asked", "what"),
    [
        ("a.dat", None, "cannot tell the format of a.dat from its name"),
        ("x.csv/a", None, "cannot tell the format of x.csv/a from its name"),
        ("gz", None, "cannot tell the format of gz from its name"),
        ("a.jsonl", "json", "--format json"),
        ("a.parquet.gz", None, "a.parquet.gz is compressed twice"),
    ],
)
def test_an_unknown_format_is_a_usage_error(path: str, asked: str | None, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        format_of(path, asked)
    assert caught.value.what == what
    assert what.startswith("a.parquet") or all(name in caught.value.why for name in FORMATS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_KNOWN = st.sampled_from(["id", "custom_id", "prompt", "params", "body", "error", "n", "stop", "logit_bias"])


@given(st.binary() | st.dictionaries(_KNOWN | st.text(), _JSON).map(lambda row: json.dumps(row).encode()))
def test_any_line_is_a_row_or_a_row_error(data: bytes) -> None:
    for forms in (CHECKED, LOOSE, QUESTION):
        try:
            asked = forms.read(data)
        except RowError:
            continue
        assert isinstance(asked.prompt, str | list)


@pytest.mark.parametrize("around", [b"%b", b" %b", b"%b\r", b"\t%b  \t"])
@pytest.mark.parametrize("raw", [b'{"prompt": "x"}', b'"x"'])
def test_blanks_around_a_line_of_json_are_ignored(raw: bytes, around: bytes) -> None:
    assert CHECKED.read(around % raw) == RowRequest(None, "x", {}, {})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"id":"a"}', "a"),
        (b'{"custom_id":"a"}', "a"),
        (b'{"id":7}', 7),
        ({"id": "a"}, "a"),
        ({"id": ""}, None),
        (b'{"id":true}', None),
        (b'{"prompt":"x"}', None),
        (b'"x"', None),
        (b"{", None),
        ("x", None),
    ],
)
def test_the_id_of_a_row_is_found_in_every_form(raw: Any, found: object) -> None:
    assert own_id(raw) == found
