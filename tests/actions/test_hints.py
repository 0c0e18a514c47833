"""Hints in error messages: they name only flags that the command has."""

import re

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner

WITHOUT_KEY = [
    ("complete", "x", "-m", "m"),
    ("score", "x", "-m", "m"),
    ("rank", "a", "b", "-m", "m"),
    ("models",),
    ("models", "show", "m"),
    ("auth", "status"),
    ("auth", "token"),
]


@pytest.mark.parametrize("args", WITHOUT_KEY, ids=" ".join)
def test_without_a_key_the_hint_names_flags_that_the_command_has(bare: Runner, args: tuple[str, ...]) -> None:
    result = bare(*args)
    assert (result.code, result.err.splitlines()[0]) == (4, "nbx: no API key")
    check_message(result.err)
    assert max(map(len, result.err.splitlines())) <= 80
    path = (*args, "list")[:2] if args[0] in ("auth", "models") else args[:1]
    has = bare(*path, "--help").out
    named = re.findall(r"--[a-z-]+", result.err)
    assert [flag for flag in named if flag not in has] == []
    assert ("--local" in named) is ("--local" in has)


def test_an_empty_text_to_score_is_reported_without_flags_of_complete(bare: Runner) -> None:
    result = bare("score", "--local", stdin=b"")
    assert (result.code, result.out) == (2, "")
    assert "nbx: the prompt is empty\n" in result.err
    assert "--allow-empty" not in result.err
    assert "--allow-empty" in bare("complete", "-m", "m", stdin=b"").err


def test_invalid_json_is_reported_without_python_terms(bare: Runner) -> None:
    said = {
        "oops": "expecting value at character 1",
        '{"a":1} x': "extra data at character 9",
        '{"a': "unterminated string starting at character 2",
    }
    for text, why in said.items():
        result = bare("complete", "x", "-m", "m", "--extra-body", text)
        assert (result.code, result.out) == (2, "")
        assert f"  extra_body is not JSON: {why}\n" in result.err
    assert "expecting value at character 2" in bare("complete", "-m", "m", "--tokens", "[x]").err


def test_bulk_without_input_shows_its_usage_before_it_requires_a_key(bare: Runner) -> None:
    with bare.start("bulk") as run:  # its stdin is the null device
        _, err = run.communicate(timeout=60)
    assert (run.returncode, err.splitlines()[0]) == (2, b"nbx: no file given")
    assert bare.process("bulk").code == 4  # its stdin is an empty pipe
