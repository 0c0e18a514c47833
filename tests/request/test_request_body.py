"""A request body contains only what was set; and the rules that concern several fields."""

from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import NbxError, UsageError
from nebius_cli.request.field_table import BY_NAME, FIELDS
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.parse_field_flags import parse_fields, parse_params, parse_unset
from nebius_cli.request.request_body import CompletionRequest, check_rules, warnings


def no_file(path: str) -> str:
    raise AssertionError(f"{path} is read")


def failing(call: Any) -> NbxError:
    with pytest.raises(UsageError) as caught:
        call()
    return caught.value


def test_the_body_contains_what_was_set_in_the_order_of_the_table() -> None:
    fields: dict[str, Value] = {
        "stop": ["a", "b"],
        "temperature": 0,
        "model": "m",
        "ai_project_id": "p",
        "echo": False,
    }
    request = CompletionRequest("x", fields, {"top_k": 40})
    body = {"model": "m", "prompt": "x", "temperature": 0, "stop": ["a", "b"], "echo": False, "top_k": 40}
    assert list(request.body().items()) == list(body.items())
    assert request.encode() == (
        b'{"model":"m","prompt":"x","temperature":0,"stop":["a","b"],"echo":false,"top_k":40}'
    )


def test_a_body_without_fields_contains_only_the_prompt() -> None:
    assert CompletionRequest("x", {}).body() == {"prompt": "x"}


def test_a_param_overrides_a_field_of_the_same_name() -> None:
    assert CompletionRequest("x", {"model": "m", "n": 2}, {"n": 3}).body()["n"] == 3


def test_fields_in_the_query_are_escaped() -> None:
    assert CompletionRequest("x", {"ai_project_id": "a b&c=é"}).query() == "ai_project_id=a+b%26c%3D%C3%A9"
    assert CompletionRequest("x", {"model": "m"}).query() == ""


CHOICES = [
    ("one", {}, 1),
    ("one", {"n": 3}, 3),
    (["a", "b"], {}, 2),
    (["a", "b"], {"n": 3}, 6),
    ([1, 2, 3], {}, 1),
    ([[1], [2, 3]], {"n": 2}, 4),
    ([], {}, 1),
]


@pytest.mark.parametrize(("prompt", "fields", "choices"), CHOICES)
def test_an_answer_has_n_choices_for_each_prompt(prompt: Any, fields: Any, choices: int) -> None:
    assert CompletionRequest(prompt, fields).choices == choices


def test_the_param_n_sets_the_number_of_choices() -> None:
    assert CompletionRequest("x", {"n": 2}, {"n": 3}).choices == 3
    assert CompletionRequest(["x", "y"], {"n": 2}, {"n": "many"}).choices == 2


def test_a_request_is_streamed_only_when_stream_is_true() -> None:
    assert CompletionRequest("x", {"stream": True}).streamed
    assert not CompletionRequest("x", {"stream": False}).streamed
    assert not CompletionRequest("x", {}).streamed


def test_flags_become_fields() -> None:
    given: dict[str, Any] = {
        "max_tokens": "5",
        "echo": True,
        "stream": False,
        "stop": ["a", "b"],
        "logit_bias": ["1=2"],
    }
    values = parse_fields(given, no_file, validate=True)
    assert values == {
        "max_tokens": 5,
        "echo": True,
        "stream": False,
        "stop": ["a", "b"],
        "logit_bias": {"1": 2},
    }


def test_an_at_sign_reads_a_file_only_for_fields_that_accept_one() -> None:
    files = {"x.json": '{"1": 2}'}
    given = {
        "logit_bias": ["@x.json", "3=4"],
        "extra_body": "@x.json",
        "user": "@x.json",
        "stop": ["@x.json"],
    }
    assert parse_fields(given, files.__getitem__, validate=True) == {
        "logit_bias": {"1": 2, "3": 4},
        "extra_body": {"1": 2},
        "user": "@x.json",
        "stop": "@x.json",
    }


@pytest.mark.parametrize("wrong", ["temperature", "logprobs"])
def test_no_file_is_read_when_another_flag_is_wrong(wrong: str) -> None:
    given = {"stream_options": "@o", "logit_bias": ["@b"], wrong: "-1", "extra_body": "@e"}
    assert wrong in failing(lambda: parse_fields(given, no_file, validate=True)).why


def test_a_wrong_value_is_reported_with_flag_value_and_bound() -> None:
    error = failing(lambda: parse_fields({"top_p": "1.5"}, no_file, validate=True))
    assert (error.what, error.why) == ("--top-p 1.5", "top_p must be between 0 and 1")
    assert error.hint == "--no-validate sends it anyway"
    assert parse_fields({"top_p": "1.5"}, no_file, validate=False) == {"top_p": 1.5}


def test_a_value_of_the_wrong_type_is_refused_even_without_validation() -> None:
    error = failing(lambda: parse_fields({"top_p": "much"}, no_file, validate=False))
    assert (error.what, error.why, error.hint) == ("--top-p much", "top_p must be a number", "")


def test_a_long_value_is_shortened() -> None:
    shown = "x" * 57 + "..."
    assert failing(
        lambda: parse_fields({"n": "x" * 61}, no_file, validate=True)
    ).what == f"-n {shown}".replace("-n", "--n")
    assert failing(lambda: parse_fields({"n": "x" * 60}, no_file, validate=True)).what == "--n " + "x" * 60
    assert failing(lambda: parse_fields({"user": ""}, no_file, validate=True)).what == "--user"


def test_params_are_json_of_any_kind() -> None:
    texts = ["top_k=40", 'a="b=c"', "x=null", "y=[1,{}]", "top_k=41"]
    assert parse_params(texts, validate=True) == {"top_k": 41, "a": "b=c", "x": None, "y": [1, {}]}
    assert parse_params([], validate=True) == {}


@pytest.mark.parametrize("text", ["top_k", "=1", ""])
def test_a_param_without_key_or_value_is_refused(text: str) -> None:
    assert failing(lambda: parse_params([text], validate=True)).why == "the format is KEY=JSON"


@pytest.mark.parametrize("raw", ["hot", "", "'x'", "NaN", "[Infinity]"])
def test_a_param_that_is_not_json_gets_a_hint_about_quotes(raw: str) -> None:
    error = failing(lambda: parse_params([f"mode={raw}"], validate=True))
    assert error.why == f"{raw!r} is not JSON"
    assert error.hint == f"text needs JSON quotes: --param 'mode=\"{raw}\"'"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_param_that_has_its_own_flag_is_refused_unless_validation_is_off(field: Any) -> None:
    error = failing(lambda: parse_params([f"{field.name}=1"], validate=True))
    assert error.hint == f"use {field.flag}"
    if field.name != "stream":
        assert parse_params([f"{field.name}=1"], validate=False) == {field.name: 1}


@pytest.mark.parametrize("validate", [True, False])
def test_prompt_and_stream_are_never_params(*, validate: bool) -> None:
    assert "an argument" in failing(lambda: parse_params(['prompt="x"'], validate=validate)).hint
    assert failing(lambda: parse_params(["stream=true"], validate=validate)).hint == "use --stream"


RULES = [
    ({}, {}, True, "no model is set"),
    ({}, {}, False, "no model is set"),
    ({"model": "m"}, {}, True, ""),
    ({}, {"model": "m"}, False, ""),
    ({"model": "m", "stream_options": {}}, {}, True, "--stream-options needs a streamed answer"),
    (
        {"model": "m", "stream_options": {}, "stream": False},
        {},
        False,
        "--stream-options needs a streamed answer",
    ),
    ({"model": "m", "stream_options": {}, "stream": True}, {}, True, ""),
    ({"model": "m", "max_tokens": 0}, {}, True, "--max-tokens 0"),
    ({"model": "m", "max_tokens": 0, "echo": False}, {}, True, "--max-tokens 0"),
    ({"model": "m", "max_tokens": 0}, {}, False, ""),
    ({"model": "m", "max_tokens": 0, "echo": True}, {}, True, ""),
]


@pytest.mark.parametrize(("fields", "params", "validate", "what"), RULES)
def test_rules_for_several_fields_are_checked(fields: Any, params: Any, *, validate: bool, what: str) -> None:
    if what:
        assert failing(lambda: check_rules(fields, params, validate=validate)).what == what
    else:
        check_rules(fields, params, validate=validate)


GREEDY = "n above 1 with temperature 0: the choices will be the same, and vLLM servers refuse it"
BACKSLASH = "a stop sequence contains a backslash and an n; a newline is $'\\n' in most shells"

WARNINGS: list[tuple[Any, list[str]]] = [
    ({}, []),
    ({"n": 2, "temperature": 0}, [GREEDY]),
    ({"n": 2, "temperature": 0.0}, [GREEDY]),
    ({"n": 1, "temperature": 0}, []),
    ({"temperature": 0}, []),
    ({"n": 2, "temperature": 0.1}, []),
    ({"n": 2}, []),
    ({"stop": "\\n"}, [BACKSLASH]),
    ({"stop": ["a", "b\\nc"]}, [BACKSLASH]),
    ({"stop": ["a", "\n", "\\"]}, []),
    ({"logprobs": 6}, ["6 logprobs: servers may refuse more than 5"]),
    ({"logprobs": 5, "stop": list("abcd")}, []),
    ({"stop": list("abcde")}, ["5 stop sequences: servers may refuse more than 4"]),
]


@pytest.mark.parametrize(("fields", "expected"), WARNINGS)
def test_doubtful_values_give_a_warning(fields: Any, expected: list[str]) -> None:
    assert list(warnings(CompletionRequest("x", fields))) == expected


def test_the_table_has_the_fields_of_the_api_reference() -> None:
    assert {field.name for field in FIELDS} == {
        *("model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "n", "logprobs", "echo"),
        *(
            "stop",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "user",
            "extra_body",
            "service_tier",
        ),
        "ai_project_id",
    }
    assert [field.name for field in FIELDS if field.in_query] == ["ai_project_id"]
    assert BY_NAME["service_tier"].choices == ("auto", "default", "over-limit", "flex", "no-limit")


def test_fields_to_unset_may_have_hyphens_or_underscores() -> None:
    assert parse_unset(("max-tokens", "top_p")) == {"max_tokens", "top_p"}
    assert failing(lambda: parse_unset(("temprature",))).hint == "did you mean temperature?"
    assert failing(lambda: parse_unset(("zzzzzz",))).hint == ""


def test_a_parameter_nested_too_deeply_is_reported_as_a_limit() -> None:
    error = failing(lambda: parse_params([f"x={'[' * 5000}{']' * 5000}"], validate=True))
    assert "limit" in error.why
    assert not error.hint
