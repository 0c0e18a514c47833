"""From a wrong name to the right one: `models show`, `models use`, and what a 404 suggests."""

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
def stocked(nbx: Runner, server: FakeServer) -> Runner:
    """nbx with a list that it has just asked for, and no default model."""
    server.script(model_list())
    assert nbx("models").code == 0
    server.requests.clear()
    return Runner({**nbx.environ, "NEBIUS_MODEL": ""})


def test_show_says_everything_that_is_known(stocked: Runner) -> None:
    result = stocked("models", "show", FAST["id"])
    assert (result.code, result.err) == (0, "")
    rows = dict(line.split("\t") for line in result.out.splitlines())
    assert rows["context"] == "131072"
    assert rows["output_price"] == "0.09 USD per million tokens"
    assert rows["tokens_per_minute"] == "800000"
    assert rows["architecture.tokenizer"] == "Other"


def test_show_says_it_in_json_too(stocked: Runner) -> None:
    value = stocked("models", "show", LIGHTNING["id"], "--json").json
    assert (value["raw"], value["price"]["output"], value["cached"]) == (LIGHTNING, 0.24, True)


@pytest.mark.parametrize(
    "name", ["OpenAI/GPT-OSS-120b", f"nebius/{GPT}", "openai/gpt-oss-12b", "gpt-oss-120b"]
)
def test_show_asks_once_more_before_it_says_that_there_is_none(
    name: str, stocked: Runner, server: FakeServer
) -> None:
    server.script(model_list())
    result = stocked("models", "show", name)
    assert (result.code, result.out, len(server.requests)) == (3, "", 1)
    assert result.err == f"nbx: no model {name}\n  the list has 4 models\n  did you mean {GPT}?\n"


def test_show_finds_what_is_newer_than_the_kept_list(stocked: Runner, server: FakeServer) -> None:
    server.script(model_list({"id": "new/model"}))
    assert stocked("models", "show", "new/model").code == 0


def test_show_without_a_network_says_how_old_the_list_is(stocked: Runner, server: FakeServer) -> None:
    server.script(detail(503, "busy"))
    result = stocked("models", "show", "zzz")
    assert result.code == 3
    assert "  the list has 4 models, as of 0 s ago\n  nbx models lists the IDs\n" in result.err


@pytest.mark.parametrize("command", ["show", "use"])
def test_a_model_must_be_named(command: str, stocked: Runner) -> None:
    result = stocked("models", command)
    assert (result.code, result.out) == (2, "")
    assert f"nbx models {command} ID" in result.err


def test_use_makes_a_model_the_default(stocked: Runner, server: FakeServer) -> None:
    result = stocked("models", "use", GPT)
    assert (result.code, result.out, result.err) == (
        0,
        "",
        f"nbx: set model to {GPT} in {stocked.config_path}\n",
    )
    assert stocked("config", "get", "model").out == f"{GPT}\n"
    server.script(answer("hi"))
    assert stocked("complete", "x").out == "hi\n"
    assert server.requests[0].json["model"] == GPT


def test_use_writes_into_the_chosen_profile(stocked: Runner, server: FakeServer) -> None:
    server.script(model_list())
    stocked.write_config("[profile.work]\n")
    result = stocked("models", "use", GPT, "--profile", "work")
    assert (result.code, result.err) == (0, f"nbx: set model to {GPT} in profile work\n")
    assert stocked("config", "get", "model").code == 78
    assert stocked("--profile", "work", "config", "get", "model").out == f"{GPT}\n"


def test_use_says_what_is_stronger(stocked: Runner) -> None:
    result = stocked("models", "use", GPT, env={"NEBIUS_MODEL": "other/model"})
    assert result.code == 0
    assert result.err.endswith("nbx: warning: NEBIUS_MODEL overrides it with other/model\n")


def test_use_refuses_what_is_not_in_the_list_unless_forced(stocked: Runner, server: FakeServer) -> None:
    server.script(model_list())
    result = stocked("models", "use", "OpenAI/gpt-oss-120b")
    assert (result.code, result.out) == (3, "")
    assert result.err.endswith(f"  did you mean {GPT}?; --force sets it anyway\n")
    assert stocked("config", "get", "model").code == 78
    assert stocked("models", "use", "my/own", "--force").code == 0
    assert stocked("config", "get", "model").out == "my/own\n"


@pytest.mark.parametrize("key", ["", "some-key"], ids=["no key", "no network"])
def test_use_writes_where_no_list_can_be_had_and_warns(key: str, bare: Runner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    environ = {"NEBIUS_API_KEY": key, "NEBIUS_BASE_URL": url, "NBX_RETRIES": "0"}
    result = bare("models", "use", "my/own", env=environ)
    assert result.code == 0
    assert "nbx: warning: cannot check whether my/own exists: " in result.err
    assert bare("config", "get", "model").out == "my/own\n"


def test_use_writes_nothing_where_the_key_is_refused(stocked: Runner, server: FakeServer) -> None:
    server.script(detail(401, "no"))
    result = stocked("models", "use", "my/own", "--refresh")
    assert result.code == 4
    assert stocked("config", "get", "model").code == 78


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
def test_a_404_suggests_the_nearest_ids_without_asking(
    name: str, hint: str, stocked: Runner, server: FakeServer
) -> None:
    server.script(NOT_THERE)
    result = stocked("complete", "x", "-m", name)
    assert (result.code, result.out, len(server.requests)) == (3, "", 1)
    assert result.err == f"nbx: the server answered 404\n  The model `x` does not exist.\n  {hint}\n"


def test_a_404_suggests_nothing_that_a_broken_list_says(stocked: Runner, server: FakeServer) -> None:
    (path,) = (Path(stocked.environ["NBX_CACHE_DIR"]) / "models").glob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "value": 7}))
    server.script(NOT_THERE)
    assert "nbx models lists them" in stocked("complete", "x", "-m", f"nebius/{GPT}").err


def test_a_404_of_a_new_machine_says_where_the_names_are(nbx: Runner, server: FakeServer) -> None:
    server.script(NOT_THERE)
    result = nbx("complete", "x")
    assert "  model names are case-sensitive and change: nbx models lists them\n" in result.err
    check_message(result.err)


def test_a_404_shows_hostile_ids_and_does_not_obey_them(nbx: Runner, server: FakeServer) -> None:
    server.script(model_list({"id": "own/\x1b[31mmodel"}), NOT_THERE)
    assert nbx("models").code == 0
    result = nbx("complete", "x", "-m", "own/[31mmodel")
    assert "did you mean own/␛[31mmodel?" in result.err
    assert "\x1b" not in result.err
