"""`nbx doctor`: each problem that it can find, alone and in combination."""

import re
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.local.weights import DEFAULT_MODEL
from tests.conftest import CANARY
from tests.support.factory import BASIC, model_list
from tests.support.findings import row, rows, states, today
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, closed_port, detail, json_answer, status
from tests.support.weights import real_weights

NAMES = ["nbx", "python", "platform", "config", "base_url", "proxy", "ca", "key"]
NAMES += ["dns", "tcp", "tls", "api", "clock", "model", "live", "engine", "ledger"]


def test_all_checks_run_in_order(well: Runner, server: FakeServer) -> None:
    server.script(model_list(Date=today()))
    result = well("doctor")
    assert (result.code, result.err) == (0, "")
    assert [name for name, *_ in rows(result)] == NAMES
    wanted = dict.fromkeys(NAMES, "ok") | dict.fromkeys(("ca", "tls", "live", "engine"), "skipped")
    assert states(result) == wanted
    assert row(result, "api")[1].startswith("accepts the key and lists 4 models, in ")
    assert row(result, "key")[1] == "*** from environment: NEBIUS_API_KEY"
    assert row(result, "model")[1] == f"{BASIC['id']} (NEBIUS_MODEL)"
    assert [request.target for request in server.requests] == ["/v1/models"]


def test_json_has_the_same_checks(well: Runner, server: FakeServer) -> None:
    server.script(model_list(Date=today()))
    value = well("doctor", "--json").json
    assert value["exit_code"] == 0
    assert [check["name"] for check in value["checks"]] == NAMES
    assert {frozenset(check) for check in value["checks"]} == {frozenset({"name", "state", "text", "hint"})}


def test_a_terminal_shows_hints_and_the_running_check(bare: Runner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    result = bare(
        "doctor", "--base-url", url, stdout_tty=True, stderr_tty=True, env={"COLUMNS": "90", "NO_COLOR": "1"}
    )
    shown = " ".join(result.out.split())
    assert "no API key: create a key at https://tokenfactory.nebius.com → run nbx auth login" in shown
    assert "checking dns" in result.err
    assert result.err.endswith("\r\x1b[K")


def test_without_a_key_and_a_network_the_dependent_checks_are_skipped(bare: Runner) -> None:
    result = bare("doctor", "--base-url", "https://nowhere.invalid")
    assert result.code == 4
    failed = [name for name, state in states(result).items() if state == "fail"]
    assert failed == ["key", "dns"]
    needs = {name: text for name, state, text, _ in rows(result) if state == "skipped"}
    assert needs.pop("engine").endswith(" is not downloaded")
    assert needs == {
        "tcp": "needs dns",
        "tls": "needs tcp",
        "api": "needs tls",
        "clock": "needs api",
        "model": "needs api",
        "live": "needs api",
    }


def test_a_refused_connection_fails_the_tcp_check(well: Runner) -> None:
    result = well("doctor", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert (result.code, row(result, "tcp")[0], row(result, "dns")[0]) == (7, "fail", "ok")
    assert "Connection refused" in row(result, "tcp")[1]


ANSWERS: dict[str, tuple[Reply, int, str]] = {
    "401": (detail(401, "Couldn't authenticate. Reason: Unable authenticate"), 4, "Couldn't authenticate"),
    "403": (detail(403, "no"), 4, "the server answered 403: no"),
    "500": (detail(500, "oops"), 6, "the server answered 500: oops"),
    "html": (status(200, b"<html>", "text/html"), 6, "a proxy or gateway answered"),
    "no list": (status(200, b"{}"), 6, "lists no models"),
    "the key sent back": (detail(401, f"wrong key Bearer {CANARY}"), 4, "wrong key Bearer ***"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_server_error_is_reported_without_a_retry(name: str, well: Runner, server: FakeServer) -> None:
    reply, code, words = ANSWERS[name]
    server.script(reply)
    result = well("doctor", "--live")
    state, text, _ = row(result, "api")
    assert (result.code, state, result.slept) == (code, "fail", [])
    assert words in text
    assert row(result, "live")[:2] == ("skipped", "needs api")


def test_a_server_that_does_not_answer_times_out(
    well: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nebius_cli.doctor.server_checks.LIST_TIMEOUT_S", 0.3)
    server.script([server.hold])
    result = well("doctor")
    assert (result.code, row(result, "api")) == (
        7,
        ("fail", "timed out: it took longer than 0.3 s in total", ""),
    )


@pytest.mark.parametrize(
    ("model", "code", "state", "hint"),
    [
        ("OpenAI/gpt-oss-120b", 3, "fail", "did you mean openai/gpt-oss-120b?; --live tests it"),
        ("zzz", 3, "fail", "nbx models lists them; --live tests it"),
        ("", 0, "warn", "nbx models lists them, nbx models use ID sets one"),
    ],
)
def test_the_default_model_must_exist(
    model: str, code: int, state: str, hint: str, well: Runner, server: FakeServer
) -> None:
    server.script(model_list(Date=today()))
    result = well("doctor", env={"NEBIUS_MODEL": model})
    found = row(result, "model")
    assert (result.code, found[0], found[2]) == (code, state, hint)


def test_live_completes_one_token_even_with_an_unlisted_model(well: Runner, server: FakeServer) -> None:
    server.script(model_list(Date=today()), json_answer(" a"))
    result = well("doctor", "--live", "-m", "my/own", "--ai-project-id", "p1")
    assert (result.code, row(result, "model")[0], row(result, "live")[0]) == (0, "warn", "ok")
    listed, asked = server.requests
    assert listed.target == "/v1/models?ai_project_id=p1"
    assert asked.target == "/v1/completions?ai_project_id=p1"
    assert asked.json == {"model": "my/own", "prompt": "1 2 3", "max_tokens": 1}


def test_live_fails_with_the_exit_code_of_a_completion(well: Runner, server: FakeServer) -> None:
    server.script(model_list(Date=today()), detail(404, "The model `zzz` does not exist."))
    result = well("doctor", "--live", "-m", "zzz")
    assert (result.code, row(result, "live")[0]) == (3, "fail")
    server.script(model_list(Date=today()))
    assert row(well("doctor", "--live", env={"NEBIUS_MODEL": ""}), "live")[:2] == ("skipped", "needs a model")


def test_a_wrong_local_clock_is_a_warning(well: Runner, server: FakeServer) -> None:
    server.script(model_list(Date=today(hours=2)), model_list())
    result = well("doctor")
    assert (result.code, row(result, "clock")[0]) == (0, "warn")
    assert row(well("doctor"), "clock")[0] == "skipped"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = ", "not valid TOML"),
        ("modle = 'x'", "no setting 'modle'"),
        ("temperature = 9", "temperature must be between 0 and 2"),
        ("use_profile = 'work'", "no profile 'work'"),
    ],
    ids=["syntax", "unknown key", "wrong value", "no profile"],
)
def test_an_invalid_config_file_is_reported_and_the_other_checks_run(
    text: str, words: str, well: Runner, server: FakeServer
) -> None:
    well.write_config(text)
    server.script(model_list(Date=today()))
    result = well("doctor")
    assert result.code == 78
    assert any(words in seen for name, state, seen, _ in rows(result) if (name, state) == ("config", "fail"))
    assert (row(result, "api")[0], result.err) == ("ok", "")


def test_an_invalid_variable_fails_an_invalid_unused_profile_warns(well: Runner, server: FakeServer) -> None:
    well.write_config("[profile.other]\ntop_p = 7\n")
    server.script(model_list(Date=today()))
    result = well("doctor", env={"NBX_RETRIES": "many"})
    found = [(state, text) for name, state, text, _ in rows(result) if name == "config"]
    assert [state for state, _ in found] == ["ok", "fail", "warn"]
    assert "NBX_RETRIES=many" in found[1][1]
    assert "top_p" in found[2][1]
    assert result.code == 78


def test_the_active_profile_is_named(well: Runner, server: FakeServer) -> None:
    well.write_config("[profile.work]\nmodel = 'x'\n")
    server.script(model_list(Date=today()))
    assert row(well("doctor", "--profile", "work"), "profile")[:2] == ("ok", "work, from --profile")


def test_a_file_that_others_can_write_or_a_key_that_they_can_read_is_reported(
    well: Runner, server: FakeServer, key_files: set[Path]
) -> None:
    path = well.write_config(f"api_key = '{CANARY}'\n")
    path.chmod(0o666)
    key_files.add(path)
    server.script(model_list(Date=today()))
    result = well("doctor", env={"NEBIUS_API_KEY": ""})
    assert (result.code, row(result, "config")[0], row(result, "key")[0]) == (0, "warn", "warn")
    assert row(result, "config")[2] == f"chmod go-w {path}"
    assert row(result, "key")[2] == f"chmod 600 {path}"


def test_the_sources_of_the_used_and_the_unused_keys_are_named(
    well: Runner, server: FakeServer, tmp_path: Path, key_files: set[Path]
) -> None:
    key = tmp_path / "key"
    key.write_text(CANARY)
    key.chmod(0o600)
    key_files.add(key)
    server.script(model_list(Date=today()))
    text = row(well("doctor", "--api-key-file", str(key)), "key")[1]
    assert text == f"*** from --api-key-file: {key}; not used: environment: NEBIUS_API_KEY"


def test_a_key_command_that_fails_is_reported(well: Runner, server: FakeServer) -> None:
    environ: dict[str, Any] = {"NEBIUS_API_KEY": "", "NBX_API_KEY_COMMAND": "false"}
    result = well("doctor", env=environ)
    assert (result.code, row(result, "key")[0], row(result, "api")[1]) == (4, "fail", "needs key")


@pytest.mark.engine
def test_live_loads_the_local_model(well: Runner, server: FakeServer) -> None:
    cache = {"NBX_CACHE_DIR": str(real_weights().parent.parent)}
    server.script(model_list(Date=today()), model_list(Date=today()), json_answer(" a"))
    assert row(well("doctor", env=cache), "engine")[0] == "ok"
    result = well("doctor", "--live", env=cache)
    state, text, _ = row(result, "engine")
    assert (result.code, state) == (0, "ok")
    assert text.startswith("loaded ")


@pytest.mark.engine
def test_a_local_model_that_does_not_load_is_reported(well: Runner, server: FakeServer) -> None:
    path = Path(well.environ["NBX_CACHE_DIR"]) / "weights" / f"{DEFAULT_MODEL.name}.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF" + bytes(1000))
    server.script(model_list(Date=today()), json_answer(" a"))
    result = well("doctor", "--live")
    assert (result.code, row(result, "engine")[0]) == (78, "fail")


def test_states_are_in_colour_on_a_terminal(bare: Runner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    shown = bare("doctor", "--base-url", url, stdout_tty=True, env={"TERM": "xterm", "COLUMNS": "90"}).out
    assert re.search(r"\x1b\[32mok *\x1b\[0m", shown)
    assert re.search(r"\x1b\[1;31mfail *\x1b\[0m", shown)


def test_a_mistyped_variable_is_a_warning(bare: Runner) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    result = bare("doctor", "--base-url", url, env={"NBX_BUDGETDAILY": "5"})
    found = ["config", "warn", "nbx does not read NBX_BUDGETDAILY", "did you mean NBX_BUDGET_DAILY?"]
    assert found in [list(one) for one in rows(result)]
