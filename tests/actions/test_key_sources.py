"""Keys for a single run: on the command line, in a file, from a command."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, detail

KEY = "another-key-of-some-length"  # the canary is the key that must not be used


def test_a_command_can_provide_the_key(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    del nbx.environ["NEBIUS_API_KEY"]
    (tmp_path / "secret").write_text(KEY)
    nbx("config", "set", "api_key_command", f"cat {tmp_path}/secret")
    server.script(answer("a"))
    assert nbx("complete", "x").out == "a\n"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_on_the_command_line_is_used_with_a_warning(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"))
    result = nbx("complete", "x", "--api-key", KEY)
    assert (result.code, result.out) == (0, "a\n")
    assert result.err.startswith(
        "nbx: warning: --api-key makes the key visible in ps and in the shell history"
    )
    assert KEY not in result.err
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_file_overrides_the_environment_and_can_be_stdin(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    server.script(answer("a"), answer("b"))
    assert nbx("complete", "x", "--api-key-file", str(file)).err == ""
    assert nbx("complete", "x", "--api-key-file", "-", stdin=KEY.encode()).err == ""
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {KEY}"] * 2


def test_a_file_that_others_can_read_is_used_with_a_warning(bare: Runner, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o644)
    result = bare("auth", "token", "--api-key-file", str(file))
    assert (result.code, result.out) == (0, KEY + "\n")
    assert result.err == f"nbx: warning: other users of this machine can read the key; run chmod 600 {file}\n"


def test_the_key_of_a_profile_is_used_with_the_profile(
    nbx: Runner, server: FakeServer, key_files: set[Path]
) -> None:
    key_files.add(nbx.config_path)
    del nbx.environ["NEBIUS_API_KEY"]
    nbx("auth", "login", "--no-verify", "--with-token", stdin=CANARY.encode())
    nbx("profile", "add", "work")
    nbx("auth", "login", "--no-verify", "--with-token", "--profile", "work", stdin=KEY.encode())
    server.script(answer("a"), answer("b"))
    assert nbx("complete", "x").out == "a\n"
    assert nbx("complete", "x", "--profile", "work").out == "b\n"
    used = [request.headers["authorization"] for request in server.requests]
    assert used == [f"Bearer {CANARY}", f"Bearer {KEY}"]


def test_a_key_variable_that_overrides_the_key_of_the_chosen_profile_is_reported(
    nbx: Runner, server: FakeServer
) -> None:
    nbx("profile", "add", "work")
    nbx("auth", "login", "--no-verify", "--with-token", "--profile", "work", stdin=KEY.encode())
    server.script(answer("a"), answer("b"), answer("c"))
    reported = "nbx: warning: NEBIUS_API_KEY overrides the key of profile work\n"
    assert nbx("complete", "x", "--profile", "work").err == reported
    assert nbx("complete", "x", env={"NBX_PROFILE": "work"}).err == ""
    assert nbx("complete", "x").err == ""


def test_verbose_names_the_source_of_the_key_but_does_not_show_it(nbx: Runner, server: FakeServer) -> None:
    for flag in ("-v", "--debug"):
        server.script(detail(401, "No."))
        result = nbx("complete", "x", flag)
        assert result.code == 4
        assert "nbx: key from environment: NEBIUS_API_KEY\n" in result.err


def test_a_key_with_a_newline_is_reported_by_the_name_of_its_variable(bare: Runner) -> None:
    result = bare("complete", "x", "-m", "m", env={"NEBIUS_API_KEY": "one\ntwo"})
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("nbx: the content of NEBIUS_API_KEY is not a key\n")


def test_neither_dry_run_nor_curl_reads_a_key(nbx: Runner) -> None:
    for form in ("--dry-run", "--curl"):
        result = nbx("complete", "x", form, "--api-key", CANARY, "--api-key-file", "/nowhere")
        assert result.code == 0


@pytest.mark.parametrize("key", ['"v1.abcdefgh"', "'v1.abcdefgh'", '"v1.abcdefgh', "v1.abcdefgh'"])
def test_a_key_in_quotes_is_reported_and_not_sent(nbx: Runner, key: str) -> None:
    result = nbx("complete", "x", env={"NEBIUS_API_KEY": key})
    assert (result.code, "the key in NEBIUS_API_KEY has quotes around it" in result.err) == (4, True)
    assert "abcdefgh" not in result.err
    check_message(result.err)
