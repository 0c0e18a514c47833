"""A key that a server repeats is taken out of its words; what the model wrote stays as it is."""

from typing import Any

import pytest

from nebius_cli.api.redaction import Redactor
from nebius_cli.core.errors import NetworkError
from nebius_cli.core.secret import Secret

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
def test_the_key_is_taken_out_of_a_value(value: Any, clean: Any) -> None:
    assert HIDING.value(value) == clean


@pytest.mark.parametrize("value", [{"id": "x", "choices": [WRITTEN, None]}, {"id": "x"}, [1], "x", None])
def test_what_does_not_hold_the_key_is_the_same(value: Any) -> None:
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
def test_the_key_is_looked_for_in_every_spelling(body: bytes, *, may: bool) -> None:
    assert HIDING.may_be_in(body) is may


def test_a_word_in_the_place_of_a_key_is_not_hidden() -> None:
    hiding, value = Redactor(Secret("none")), {"id": "none"}
    assert (hiding.text("none came"), hiding.value(value), hiding.may_be_in(b"none")) == (
        "none came",
        value,
        False,
    )


def test_the_key_is_taken_out_of_text() -> None:
    assert HIDING.text("a nonesuch") == "a ***"


def test_the_key_is_taken_out_of_an_error_on_its_way() -> None:
    error = NetworkError("nonesuch came", "of nonesuch")
    with pytest.raises(NetworkError) as caught, HIDING.in_errors():
        raise error
    assert (caught.value, error.what, error.why) == (error, "*** came", "of ***")
