"""The API key is removed from what the server sends; text written by the model stays unchanged."""

import html
import json
from typing import Any
from urllib.parse import quote

import pytest

from nebius_cli.api.redaction import Redactor
from nebius_cli.core.errors_and_exit_codes import NetworkError
from nebius_cli.core.secret import Secret
from nebius_cli.core.short_text import MAX_MESSAGE_CHARS

HIDING = Redactor(Secret("nonesuch"))
WRITTEN = {"text": "there is nonesuch", "logprobs": {"tokens": ["nonesuch"]}}


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ({"id": "nonesuch"}, {"id": "***"}),
        ({"nonesuch": 1}, {"***": 1}),
        (["nonesuch", None], ["***", None]),
        ("a nonesuch", "a ***"),
        ({"id": "nonesuch", "choices": [WRITTEN]}, {"id": "***", "choices": [WRITTEN]}),
        ({"choices": [{**WRITTEN, "stop": "nonesuch"}]}, {"choices": [{**WRITTEN, "stop": "***"}]}),
        ({"choices": ["nonesuch", WRITTEN]}, {"choices": ["***", WRITTEN]}),
        ({"choices": "nonesuch"}, {"choices": "***"}),
    ],
)
def test_the_key_is_removed_from_a_value(value: Any, clean: Any) -> None:
    assert HIDING.value(value) == clean


@pytest.mark.parametrize("value", [{"id": "x", "choices": [WRITTEN, None]}, {"id": "x"}, [1], "x", None])
def test_a_value_without_the_key_is_returned_unchanged(value: Any) -> None:
    assert HIDING.value(value) is value


@pytest.mark.parametrize(
    ("body", "may"),
    [
        (b'{"id": "nonesuch"}', True),
        (b'{"id": "\\u006eonesuch"}', True),
        (b'{"id": "none\\/such"}', True),
        ('{"id": "nonesuch"}'.encode("utf-16-le"), True),
        ('{"id": "none such \u00e9"}'.encode(), False),
    ],
)
def test_the_key_is_found_in_every_spelling(body: bytes, *, may: bool) -> None:
    assert HIDING.may_be_in(body) is may


def test_a_word_used_as_a_placeholder_key_is_not_hidden() -> None:
    hiding, value = Redactor(Secret("none")), {"id": "none"}
    assert (hiding.text("none came"), hiding.value(value), hiding.may_be_in(b"none")) == (
        "none came",
        value,
        False,
    )


def test_the_key_is_removed_from_text() -> None:
    assert HIDING.text("a nonesuch") == "a ***"


def test_the_key_is_removed_from_a_raised_error() -> None:
    error = NetworkError("nonesuch came", "of nonesuch")
    with pytest.raises(NetworkError) as caught, HIDING.in_errors:
        raise error
    assert (caught.value, error.what, error.why) == (error, "*** came", "of ***")


AWKWARD = "quo\"te\\sl/ash&<+%'"


@pytest.mark.parametrize(
    "spelled",
    [
        AWKWARD,
        json.dumps(AWKWARD)[1:-1],
        json.dumps(AWKWARD)[1:-1].replace("/", "\\/"),
        json.dumps(json.dumps(AWKWARD))[3:-3],
        quote(AWKWARD),
        quote(AWKWARD, safe=""),
        quote(AWKWARD, safe="")
        .replace("%2F", "%2f")
        .replace("%5C", "%5c")
        .replace("%3C", "%3c")
        .replace("%2B", "%2b"),
        html.escape(AWKWARD),
        repr(AWKWARD)[1:-1],
    ],
)
def test_the_key_is_hidden_when_escaped_as_json_url_html_or_python(spelled: str) -> None:
    redactor = Redactor(Secret(AWKWARD))
    assert redactor.text(f"a {spelled} b") == "a *** b"
    assert redactor.value({"a": [spelled], spelled: 1}) == {"a": ["***"], "***": 1}
    assert redactor.may_be_in(json.dumps({"a": spelled}).encode())
    assert redactor.may_be_in(json.dumps({"a": AWKWARD}).encode())


def test_the_usual_key_has_one_spelling() -> None:
    assert len(Redactor(Secret("v1.CmMK-abc_d~E3"))._spellings) == 1


@pytest.mark.parametrize("before", range(MAX_MESSAGE_CHARS - 20, MAX_MESSAGE_CHARS + 2))
def test_the_key_is_removed_before_a_message_is_shortened(before: int) -> None:
    with pytest.raises(NetworkError) as caught, HIDING.in_errors:
        raise NetworkError("x" * before + "nonesuch tail", "y" * before + "nonesuch tail")
    for text in (caught.value.what, caught.value.why, HIDING.line("z" * before + "nonesuch")):
        assert len(text) <= MAX_MESSAGE_CHARS
        assert "none"[:1] not in text.replace("***", "")
