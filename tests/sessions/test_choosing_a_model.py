"""How to find and set a model: `models show`, `models use`, and the suggestions after a 404."""

import json
from pathlib import Path

import pytest

from tests.support.factory import BASIC, FAST, LIGHTNING, model_list
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, closed_port, detail

GPT = BASIC["id"]
NOT_THERE = detail(404, "The model `x` does not exist.")


@pytest.fixture
def with_list(nbx: Runner, server: FakeServer) -> Runner:
    """nbx with a model list that it has just fetched, and no default model."""
    server.script(model_list())
    assert nbx("models").code == 0
    server.requests.clear()
    return Runner({**nbx.environ, "NEBIUS_MODEL": ""})


def test_show_prints_every_known_field(with_list: Runner) -> None:
    result = with_list("models", "show", FAST["id"])
    assert (result.code, result.err) == (0, "")
    rows = dict(line.split("\t") for line in result.out.splitlines())
    assert rows["context"] == "131072"
    assert rows["output_price"] == "0.09 USD per million tokens"
    assert rows["tokens_per_minute"] == "800000"
    assert rows["architecture.tokenizer"] == "Other"


def test_show_prints_json(with_list: Runner) -> None:
    value = with_list("models", "show", LIGHTNING["id"], "--json").json
    assert (value["raw"], value["price"]["output"], value["cached"]) == (LIGHTNING, 0.24, True)


@pytest.mark.parametrize(
    "name", ["OpenAI/GPT-OSS-120b", f"nebius/{GPT}", "openai/gpt-oss-12b", "gpt-oss-120b"]
)
def test_show_fetches_the_list_again_before_it_reports_an_unknown_model(
    name: str, with_list: Runner, server: FakeServer
) -> None:
    server.script(model_list())
    result = with_list("models", "show", name)
    assert (result.code, result.out, len(server.requests)) == (3, "", 1)
    assert result.err == f"nbx: no model {name}\n  the list has 4 models\n  did you mean {GPT}?\n"


def test_show_finds_a_model_that_is_not_in_the_cached_list(with_list: Runner, server: FakeServer) -> None:
    server.script(model_list({"id": "new/model"}))
    assert with_list("models", "show", "new/model").code == 0


def test_show_reports_the_age_of_a_list_that_it_cannot_update(with_list: Runner, server: FakeServer) -> None:
    server.script(detail(503, "busy"))
    result = with_list("models", "show", "zzz")
    assert result.code == 3
    assert "  the list has 4 models, as of 0 s ago\n  nbx models lists the IDs\n" in result.err


@pytest.mark.parametrize("command", ["show", "use"])
def test_show_and_use_require_a_model(command: str, with_list: Runner) -> None:
    result = with_list("models", command)
    assert (result.code, result.out) == (2, "")
    assert f"nbx models {command} ID" in result.err


def test_use_makes_a_model_the_default(with_list: Runner, server: FakeServer) -> None:
    result = with_list("models", "use", GPT)
    assert (result.code, result.out, result.err) == (
        0,
        "",
        f"nbx: set model to {GPT} in {with_list.config_path}\n",
    )
    assert with_list("config", "get", "model").out == f"{GPT}\n"
    server.script(answer("hi"))
    assert with_list("complete", "x").out == "hi\n"
    assert server.requests[0].json["model"] == GPT


def test_use_writes_into_the_chosen_profile(with_list: Runner, server: FakeServer) -> None:
    server.script(model_list())
    with_list.write_config("[profile.work]\n")
    result = with_list("models", "use", GPT, "--profile", "work")
    assert (result.code, result.err) == (0, f"nbx: set model to {GPT} in profile work\n")
    assert with_list("config", "get", "model").code == 78
    assert with_list("--profile", "work", "config", "get", "model").out == f"{GPT}\n"


def test_use_warns_if_a_variable_overrides_the_setting(with_list: Runner) -> None:
    result = with_list("models", "use", GPT, env={"NEBIUS_MODEL": "other/model"})
    assert result.code == 0
    assert result.err.endswith("nbx: warning: NEBIUS_MODEL overrides the new value with other/model\n")


def test_use_rejects_a_model_not_in_the_list_unless_forced(with_list: Runner, server: FakeServer) -> None:
    server.script(model_list())
    result = with_list("models", "use", "OpenAI/gpt-oss-120b")
    assert (result.code, result.out) == (3, "")
    assert result.err.endswith(f"  did you mean {GPT}?; --force sets it anyway\n")
    assert with_list("config", "get", "model").code == 78
    assert with_list("models", "use", "my/own", "--force").code == 0
    assert with_list("config", "get", "model").out == "my/own\n"


@pytest.mark.parametrize("key", ["", "some-key"], ids=["no key", "no network"])
def test_use_sets_the_model_with_a_warning_if_no_list_is_available(key: str, bare: Runner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    environ = {"NEBIUS_API_KEY": key, "NEBIUS_BASE_URL": url, "NBX_RETRIES": "0"}
    result = bare("models", "use", "my/own", env=environ)
    assert result.code == 0
    assert "nbx: warning: cannot check whether my/own exists: " in result.err
    assert bare("config", "get", "model").out == "my/own\n"


def test_use_writes_nothing_if_the_key_is_rejected(with_list: Runner, server: FakeServer) -> None:
    server.script(detail(401, "no"))
    result = with_list("models", "use", "my/own", "--refresh")
    assert result.code == 4
    assert with_list("config", "get", "model").code == 78


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("OpenAI/GPT-OSS-120B", f"did you mean {GPT}?"),
        (f"nebius/{GPT}", f"did you mean {GPT}?"),
        ("gpt-oss-120b", f"did you mean {GPT}?"),
        ("nvidia/Nemotron-3_5-Lightnin", f"did you mean {LIGHTNING['id']}?"),
        ("zzz", "model names are case-sensitive and change: nbx models lists them"),
    ],
)
def test_a_404_suggests_the_nearest_ids_from_the_cached_list(
    name: str, hint: str, with_list: Runner, server: FakeServer
) -> None:
    server.script(NOT_THERE)
    result = with_list("complete", "x", "-m", name)
    assert (result.code, result.out, len(server.requests)) == (3, "", 1)
    assert result.err == f"nbx: the server answered 404\n  The model `x` does not exist.\n  {hint}\n"


def test_a_404_suggests_nothing_from_a_broken_cached_list(with_list: Runner, server: FakeServer) -> None:
    (path,) = (Path(with_list.environ["NBX_CACHE_DIR"]) / "models").glob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "value": 7}))
    server.script(NOT_THERE)
    assert "nbx models lists them" in with_list("complete", "x", "-m", f"nebius/{GPT}").err


def test_a_404_without_a_cached_list_says_how_to_list_the_models(nbx: Runner, server: FakeServer) -> None:
    server.script(NOT_THERE)
    result = nbx("complete", "x")
    assert "  model names are case-sensitive and change: nbx models lists them\n" in result.err
    check_message(result.err)


def test_a_404_escapes_control_characters_in_suggested_ids(nbx: Runner, server: FakeServer) -> None:
    server.script(model_list({"id": "own/\x1b[31mmodel"}), NOT_THERE)
    assert nbx("models").code == 0
    result = nbx("complete", "x", "-m", "own/[31mmodel")
    assert "did you mean own/␛[31mmodel?" in result.err
    assert "\x1b" not in result.err
