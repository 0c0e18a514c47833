"""Rules across request fields, tested with whole runs: warnings, --unset, --param, streaming, validation."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CANARY
from tests.support.messages import check_message
from tests.support.run import Result, Runner
from tests.support.server import FakeServer, answer, json_answer, sse, token

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def body(result: Result) -> dict[str, Any]:
    """Return the body that --dry-run shows, without its model and prompt."""
    assert result.code == 0
    shown: dict[str, Any] = result.json
    assert (shown.pop("model"), shown.pop("prompt")) == ("test/model", "x")
    return shown


def refused(result: Result, *lines: str) -> None:
    """Fail unless this is a usage error with such a message and nothing was sent."""
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [f"nbx: {lines[0]}", *(f"  {line}" for line in lines[1:])]


WARNINGS = [
    (["--logprobs", "6", "--ndjson"], "6 logprobs: servers may refuse more than 5"),
    (["--stop", "a", *["--stop", "b"] * 4], "5 stop sequences: servers may refuse more than 4"),
    (["-n", "2", "--temperature", "0"], "n above 1 with temperature 0"),
    (["--stop", "\\n"], "a stop sequence contains a backslash and an n"),
]


@pytest.mark.parametrize(("args", "warning"), WARNINGS)
def test_doubtful_values_are_sent_with_a_warning(
    nbx: Runner, server: FakeServer, args: list[str], warning: str
) -> None:
    end = [token("a", index, "stop") for index in range(2 if "-n" in args else 1)]
    server.script(sse(*end), sse(*end))
    result = nbx("complete", "x", *args)
    assert result.code == 0
    assert result.err.startswith(f"nbx: warning: {warning}")
    assert result.err.count("\n") == 1
    assert nbx("complete", "x", *args, "--quiet").err == ""


@pytest.mark.parametrize(
    "args", [["--logprobs", "5"], ["--stop", "a"] * 4, ["-n", "2", "--temperature", "0.1"]]
)
def test_documented_values_are_sent_without_a_warning(nbx: Runner, args: list[str]) -> None:
    assert nbx("complete", "x", *args, "--dry-run").err == ""


def test_params_are_added_to_the_top_level_of_the_body(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    args = ["--param", "top_k=40", "--param", 'guided_json={"type": "object"}', "--param", "seed=null"]
    assert nbx("complete", "x", *args).code == 0
    expected = {"top_k": 40, "guided_json": {"type": "object"}, "seed": None}
    assert server.requests[0].json == {"model": "test/model", "prompt": "x", **STREAMED, **expected}


def test_a_param_that_is_not_json_gets_a_hint_about_quotes(nbx: Runner) -> None:
    refused(
        nbx("complete", "x", "--param", "mode=fast"),
        "--param mode=fast",
        "'fast' is not JSON",
        "text needs JSON quotes: --param 'mode=\"fast\"'",
    )


def test_a_param_that_has_a_flag_is_refused_unless_validation_is_off(nbx: Runner) -> None:
    line = "temperature cannot be set with --param"
    refused(
        nbx("complete", "x", "--param", "temperature=9"), "--param temperature", line, "use --temperature"
    )
    sent = nbx("complete", "x", "--param", "temperature=9", "--no-validate", "--dry-run")
    assert body(sent) == {**STREAMED, "temperature": 9}


def test_a_param_can_give_the_model(bare: Runner) -> None:
    result = bare("complete", "x", "--param", 'model="m"', "--no-validate", "--dry-run")
    assert result.json == {"prompt": "x", **STREAMED, "model": "m"}


def test_unset_removes_configured_fields_and_keeps_flags(nbx: Runner) -> None:
    nbx.write_config("temperature = 0.5\nmax_tokens = 9\n")
    assert body(nbx("complete", "x", "--dry-run")) == {**STREAMED, "max_tokens": 9, "temperature": 0.5}
    unset = ["--unset", "temperature", "--unset", "max-tokens", "--unset", "user"]
    assert body(nbx("complete", "x", "--dry-run", *unset)) == STREAMED
    assert body(nbx("complete", "x", "--dry-run", *unset, "--max-tokens", "1")) == {
        **STREAMED,
        "max_tokens": 1,
    }


def test_unset_of_an_unknown_field_suggests_the_nearest(nbx: Runner) -> None:
    result = nbx("complete", "x", "--unset", "temprature")
    refused(result, "--unset temprature", "no such request field", "did you mean temperature?")
    refused(nbx("complete", "x", "--unset", "zzz"), "--unset zzz", "no such request field")


def test_no_model_says_how_to_choose_one(bare: Runner) -> None:
    expected = (
        "no model is set",
        "nbx models lists the models; set one with -m ID or nbx models use ID; --local needs none",
    )
    refused(bare("complete", "x"), *expected)
    refused(bare("complete", "x", "--unset", "model", env={"NEBIUS_MODEL": "m"}), *expected)


STREAMING: list[tuple[list[str], dict[str, Any]]] = [
    ([], STREAMED),
    (["--json"], {}),
    (["--ndjson"], STREAMED),
    (["--json", "--stream"], STREAMED),
    (["--json", "--no-stream"], {"stream": False}),
    (["--no-stream"], {"stream": False}),
    (["--stream-options", "{}"], {"stream": True, "stream_options": {}}),
    (["--json", "--stream", "--stream-options", '{"a":1}'], {"stream": True, "stream_options": {"a": 1}}),
]


@pytest.mark.parametrize(("args", "expected"), STREAMING)
def test_usage_is_requested_only_when_nbx_streams(
    nbx: Runner, args: list[str], expected: dict[str, Any]
) -> None:
    assert body(nbx("complete", "x", "--dry-run", *args)) == expected


@pytest.mark.parametrize("args", [["--no-stream"], ["--json"], ["--json", "--no-validate"]])
def test_stream_options_without_a_stream_are_refused(nbx: Runner, args: list[str]) -> None:
    refused(
        nbx("complete", "x", "--stream-options", "{}", *args),
        "--stream-options needs a streamed answer",
        "the API accepts it only with stream",
        "add --stream",
    )


@pytest.mark.parametrize("args", [["--no-stream"], ["--json"]])
def test_config_stream_options_apply_only_to_streams(nbx: Runner, tmp_path: Path, args: list[str]) -> None:
    assert nbx("config", "set", "stream_options", '{"include_usage": false}').code == 0
    assert "stream_options" not in body(nbx("complete", "x", "--dry-run", *args))
    assert body(nbx("complete", "x", "--dry-run"))["stream_options"] == {"include_usage": False}


def test_max_tokens_0_is_refused_without_echo(nbx: Runner, server: FakeServer) -> None:
    refused(
        nbx("complete", "x", "--max-tokens", "0"),
        "--max-tokens 0",
        "the answer would be empty; it works only with --echo",
        "--no-validate sends it anyway",
    )
    server.script(json_answer("x", reason="length"), json_answer("", reason="length"))
    echoed = nbx("complete", "x", "--max-tokens", "0", "--echo", "--logprobs", "1", "--no-stream")
    assert (echoed.code, echoed.out) == (0, "x\n")
    assert nbx("complete", "x", "--max-tokens", "0", "--no-validate", "--no-stream").code == 0
    first, second = (request.json for request in server.requests)
    assert (first["max_tokens"], first["echo"]) == (0, True)
    assert (second["max_tokens"], "echo" in second) == (0, False)


def test_bounds_also_apply_to_the_configuration(nbx: Runner) -> None:
    nbx.write_config("temperature = 9\n")
    result = nbx("complete", "x", "--dry-run")
    assert (result.code, result.out) == (78, "")
    assert "temperature must be between 0 and 2" in result.err
    check_message(result.err)


def test_json_and_ndjson_exclude_each_other(nbx: Runner) -> None:
    refused(
        nbx("complete", "x", "--json", "--ndjson"),
        "--json and --ndjson cannot be used together",
        "keep one of them",
    )


def test_dry_run_and_curl_need_no_key_and_send_nothing(bare: Runner, server: FakeServer) -> None:
    for flag in ("--dry-run", "--curl"):
        result = bare("complete", "x", "-m", "m", flag, "--base-url", server.url)
        assert (result.code, result.err, server.requests) == (0, "", [])


def test_variables_choose_the_model_and_the_project(bare: Runner) -> None:
    environ = {"NEBIUS_MODEL": "from/env", "NEBIUS_AI_PROJECT_ID": "p2"}
    assert bare("complete", "x", "--dry-run", env=environ).json["model"] == "from/env"
    assert "?ai_project_id=p2" in bare("complete", "x", "--curl", env=environ).out
    both = bare("complete", "x", "--curl", env={**environ, "NEBIUS_AI_PROJECT": "p1"})
    assert "?ai_project_id=p1" in both.out
    assert "?ai_project_id=p0" in bare("complete", "x", "--curl", "--ai-project-id", "p0", env=environ).out


def test_curl_shows_the_body_the_url_and_no_key(nbx: Runner, server: FakeServer) -> None:
    shown = nbx("complete", "x", "--curl", "--ai-project-id", "p").out
    assert nbx("complete", "x", "--dry-run").out.rstrip("\n") in shown
    assert f"{server.url}/completions?ai_project_id=p" in shown
    assert "$NEBIUS_API_KEY" in shown
    assert CANARY not in shown


def test_without_a_key_the_message_says_how_to_set_one(bare: Runner, server: FakeServer) -> None:
    result = bare("complete", "x", "-m", "m", "--base-url", server.url)
    assert (result.code, result.out, server.requests) == (4, "", [])
    for way in ("https://tokenfactory.nebius.com", "NEBIUS_API_KEY", "nbx auth login", "--local"):
        assert way in result.err
    check_message(result.err)


@pytest.mark.parametrize("key", ["sch\u00fcssel", "two\nlines", "\udcff", " "])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    bare: Runner, server: FakeServer, key: str
) -> None:
    environ = {"NEBIUS_API_KEY": key, "NEBIUS_BASE_URL": server.url, "NEBIUS_MODEL": "m"}
    result = bare("complete", "x", env=environ)
    assert result.code in (4, 78)
    assert (result.out, server.requests) == ("", [])
    assert not key.strip() or key not in result.err
    check_message(result.err)


def test_white_space_around_a_key_is_not_sent(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    assert nbx("complete", "x", env={"NEBIUS_API_KEY": " k \n"}).code == 0
    assert server.requests[0].headers["authorization"] == "Bearer k"
