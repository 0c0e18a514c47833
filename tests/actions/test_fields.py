"""Every request field, from its flag or the configuration to the body: generated from the field table."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.config.find_toml_entry import write_value
from nebius_cli.main import main
from nebius_cli.request.field_table import BY_NAME, FIELDS
from nebius_cli.request.parse_and_check_values import Field, Kind
from nebius_cli.system.streams import Streams
from tests.support.run import Runner, Untouchable
from tests.support.server import FakeServer, answer, json_answer

DEFAULTS = {"model": "test/model", "prompt": "x", "stream": True, "stream_options": {"include_usage": True}}


def samples(field: Field) -> Iterator[tuple[list[str], Any]]:
    """Yield arguments that set a field, and the value that must be sent."""
    flag = field.flag
    match field.kind:
        case Kind.TEXT:
            yield [flag, " a b\n"], " a b\n"
            yield [f"{flag}=--x"], "--x"
            yield [flag, "a", flag, "b"], "b"
        case Kind.INTEGER:
            yield [flag, "3"], 3
            yield [f"{flag}=4000000000"], 4_000_000_000
        case Kind.NUMBER:
            yield from (([flag, str(edge)], edge) for edge in (field.low, field.high) if edge is not None)
            yield [f"{flag}=0.25"], 0.25
            yield [flag, "5e-1"], 0.5
        case Kind.BOOLEAN:
            yield [flag], True
            yield [flag.replace("--", "--no-")], False
            yield [flag, flag.replace("--", "--no-")], False
        case Kind.CHOICE:
            yield from (([flag, choice], choice) for choice in field.choices)
        case Kind.TEXTS:
            yield [flag, "END"], "END"
            yield [flag, "\n", flag, "@x", flag, "[1]"], ["\n", "@x", "[1]"]
        case Kind.BIASES:
            yield [flag, "50256=-100"], {"50256": -100}
            yield [flag, "1=2.5", flag, '{"2": 100}'], {"1": 2.5, "2": 100}
            yield [flag, "@{file}", flag, "9=9"], {"1": 2, "9": 9}
        case Kind.OBJECT:
            yield [flag, '{"a": {"b": [1, null, "é"]}}'], {"a": {"b": [1, None, "é"]}}
            yield [flag, "{}"], {}
            yield [flag, "@{file}"], {"1": 2}
    if field.short:
        yield [field.short, "7"], "7" if field.kind is Kind.TEXT else 7


SAMPLES = [
    pytest.param(field, args, value, id=" ".join(args)) for field in FIELDS for args, value in samples(field)
]


def fill(args: list[str], folder: Path) -> list[str]:
    """Replace `{file}` with the path of a JSON file."""
    path = folder / "value.json"
    path.write_text('\ufeff{"1": 2}\n', encoding="utf-8")
    return [arg.replace("{file}", str(path)) for arg in args]


@pytest.mark.parametrize(("field", "args", "value"), SAMPLES)
def test_a_flag_sets_its_member_and_no_other(
    nbx: Runner, tmp_path: Path, field: Field, args: list[str], value: Any
) -> None:
    args = fill(args, tmp_path)
    body = nbx("complete", "x", *args, "--dry-run").json
    expected = DEFAULTS if field.in_query else {**DEFAULTS, field.name: value}
    if field.name == "stream" and value is False:
        del expected["stream_options"]
    assert body == expected


def test_a_query_field_is_sent_in_the_url(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("hi"))
    assert nbx("complete", "x", "--ai-project-id", "a b&é").code == 0
    assert server.requests[0].target == "/v1/completions?ai_project_id=a+b%26%C3%A9"
    assert server.requests[0].json == DEFAULTS


def test_all_fields_at_once_reach_the_server(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    chosen = {field.name: next(samples(field)) for field in FIELDS}
    server.script(answer("a"))
    args = [arg for args, _ in chosen.values() for arg in args]
    result = nbx("complete", "x", *fill(args, tmp_path), "-n", "1")
    assert (result.code, result.out) == (0, "a\n")
    values = {name: value for name, (_, value) in chosen.items() if not BY_NAME[name].in_query}
    assert server.requests[0].json == {"prompt": "x", **values, "n": 1}


def test_only_fields_that_were_set_are_sent(nbx: Runner, server: FakeServer) -> None:
    server.script(json_answer("a"))
    assert nbx("complete", "x", "--json").code == 0
    assert server.requests[0].json == {"model": "test/model", "prompt": "x"}


def outside(field: Field) -> Iterator[tuple[list[str], str, Any]]:
    """Yield arguments outside the bounds, the value as shown, and the value as sent with --no-validate."""
    edges = [edge - 1 for edge in (field.low,) if edge is not None]
    edges += [edge + 1 for edge in (field.high,) if edge is not None]
    if field.kind is Kind.NUMBER:
        edges += [edge + 0.001 for edge in (field.high,) if edge is not None]
    for edge in edges:
        value: Any = {"1": edge} if field.kind is Kind.BIASES else edge
        text = f"1={edge}" if field.kind is Kind.BIASES else str(edge)
        yield [f"{field.flag}={text}"], text, value
    if field.choices:
        yield [f"{field.flag}=fast"], "fast", "fast"


OUTSIDE = [pytest.param(field, *rest, id=" ".join(rest[0])) for field in FIELDS for rest in outside(field)]


def test_every_bound_of_the_table_is_tested() -> None:
    bounded = {field.name for field in FIELDS if field.low is not None or field.choices}
    assert bounded == {param.values[0].name for param in OUTSIDE}  # type: ignore[union-attr]
    assert len(OUTSIDE) >= 16


@pytest.mark.parametrize(("field", "args", "shown", "value"), OUTSIDE)
def test_a_value_outside_its_bounds_is_a_usage_error_before_any_io(
    nbx: Runner, server: FakeServer, field: Field, args: list[str], shown: str, value: Any
) -> None:
    nbx.write_config("this is [no TOML")
    out, err = io.BytesIO(), io.BytesIO()
    streams = Streams(Untouchable(), out, err, environ=nbx.environ)
    command = [
        "complete",
        "-",
        "--file",
        "/no/such/file",
        "--logit-bias",
        "@/no/such/file",
        "-o",
        "/no/such/dir/x",
    ]
    if field.name == "logit_bias":
        del command[4:6]
    assert main([*command, *args], streams) == 2
    bound = f"must be one of {', '.join(field.choices)}" if field.choices else f"must be {field.bounds}"
    assert err.getvalue().decode() == (
        f"nbx: {field.flag} {shown}\n  {field.name} {bound}\n  --no-validate sends it anyway\n"
    )
    assert (out.getvalue(), server.requests) == (b"", [])


@pytest.mark.parametrize(("field", "args", "shown", "value"), OUTSIDE)
def test_no_validate_sends_a_value_outside_its_bounds(
    nbx: Runner, field: Field, args: list[str], shown: str, value: Any
) -> None:
    result = nbx("complete", "x", *args, "--no-validate", "--dry-run")
    assert result.json == {**DEFAULTS, field.name: value}


WRONG = {
    Kind.TEXT: [""],
    Kind.INTEGER: ["", "1.5", "many", "1e3"],
    Kind.NUMBER: ["", "hot", "nan", "inf", "0,5"],
    Kind.BOOLEAN: [],
    Kind.CHOICE: [""],
    Kind.TEXTS: [""],
    Kind.BIASES: ["1", "the=1", "1=x", "[1]", "{", '{"1": null}'],
    Kind.OBJECT: ["", "5", "[]", "{", '{"a": NaN}'],
}
WRONG_TYPES = [
    pytest.param(field, text, id=f"{field.name}={text}") for field in FIELDS for text in WRONG[field.kind]
]


@pytest.mark.parametrize(("field", "text"), WRONG_TYPES)
@pytest.mark.parametrize("more", [[], ["--no-validate"]], ids=["validated", "not validated"])
def test_a_value_of_the_wrong_type_is_always_a_usage_error(
    nbx: Runner, field: Field, text: str, more: list[str]
) -> None:
    result = nbx("complete", "x", f"{field.flag}={text}", "--dry-run", *more)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"nbx: {field.flag} {text}".rstrip() + f"\n  {field.name} ")
    assert "--no-validate" not in result.err


def test_a_missing_file_is_a_usage_error(nbx: Runner) -> None:
    result = nbx("complete", "x", "--extra-body", "@/no/such/file", "--dry-run")
    assert (result.code, result.err) == (2, "nbx: cannot read /no/such/file\n  No such file or directory\n")


def configured(nbx: Runner, **settings: Any) -> None:
    nbx.write_config("".join(f"{name} = {write_value(value)}\n" for name, value in settings.items()))


IN_FILE = {
    f"{field.name}={json.dumps(value)}": (field, value)
    for field in FIELDS
    for _, value in samples(field)
    if "None" not in str(value)  # TOML has no null
}


@pytest.mark.parametrize(("field", "value"), IN_FILE.values(), ids=IN_FILE)
def test_the_configuration_sets_a_field_and_unset_removes_it(bare: Runner, field: Field, value: Any) -> None:
    configured(bare, **{"model": "test/model", field.name: value})
    body = bare("complete", "x", "--dry-run").json
    expected = DEFAULTS if field.in_query else {**DEFAULTS, field.name: value}
    if field.name == "stream" and value is False:
        del expected["stream_options"]
    assert body == expected
    if field.name != "model":
        for name in (field.name, field.flag.removeprefix("--")):
            assert bare("complete", "x", "--dry-run", "--unset", name).json == DEFAULTS


@pytest.mark.parametrize(("field", "args", "value"), SAMPLES)
def test_a_flag_overrides_the_configuration(
    bare: Runner, tmp_path: Path, field: Field, args: list[str], value: Any
) -> None:
    other = {
        Kind.INTEGER: 5,
        Kind.NUMBER: 0.5,
        Kind.BOOLEAN: not value,
        Kind.CHOICE: "flex",
        Kind.TEXTS: ["o"],
    }
    table: Any = {Kind.BIASES: {"7": 7}, Kind.OBJECT: {"o": True}}
    configured(bare, **{"model": "test/model", field.name: {**other, **table}.get(field.kind, "other")})
    flagged = bare("complete", "x", "--dry-run", *fill(args, tmp_path)).json
    unset = bare("complete", "x", "--dry-run", "--unset", field.name, *fill(args, tmp_path)).json
    assert flagged == unset
    assert field.in_query or flagged[field.name] == value
