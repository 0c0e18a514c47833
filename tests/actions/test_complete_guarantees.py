"""Small guarantees of `nbx complete`, with servers and command lines that make them hard to keep."""

from pathlib import Path

from tests.conftest import CANARY
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, detail, sse, token


def test_an_unrequested_choice_is_reported_and_does_not_flood_the_output(
    nbx: Runner, server: FakeServer
) -> None:
    server.script(
        sse(token("a"), token("x", 30_000_000), token("", 30_000_000, "stop"), token("", 0, "stop"))
    )
    result = nbx("complete", "x")
    assert (result.code, result.out) == (8, "a\n")
    assert "choice 30000001, but the request asked for 1" in result.err


def test_text_after_a_finish_reason_is_reported(nbx: Runner, server: FakeServer) -> None:
    server.script(sse(token("a", 0, "stop"), token("late")))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (8, "alate\n")
    assert "continued after its finish_reason" in result.err


def test_a_failed_rerun_keeps_the_partial_answer_of_the_first_run(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    server.script(sse(token("half")), detail(401, "no"))
    target = tmp_path / "answer.txt"
    assert nbx("complete", "x", "-o", str(target)).code == 8
    assert nbx("complete", "x", "-o", str(target)).code == 4
    assert (tmp_path / "answer.txt.partial").read_text() == "half\n"
    assert not target.exists()


def test_a_key_that_the_server_repeats_is_not_shown(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(401, f"wrong key {CANARY}"), sse({"error": {"message": f"wrong key {CANARY}"}}))
    for _ in range(2):
        result = nbx("complete", "x")
        assert "wrong key ***" in result.err
        assert CANARY not in result.err


def test_an_unknown_finish_reason_is_a_usage_error_unless_validation_is_off(
    nbx: Runner, server: FakeServer
) -> None:
    result = nbx("complete", "x", "--fail-on", "lenght")
    assert result.code == 2
    assert "nbx: --fail-on lenght\n  the finish reasons are stop, length, content_filter" in result.err
    assert "did you mean length?" in result.err
    assert "--no-validate accepts any reason" in nbx("complete", "x", "--fail-on", "whim").err
    server.script(answer("a"))
    assert nbx("complete", "x", "--fail-on", "whim", "--no-validate").code == 0


def test_log_probabilities_with_text_output_cause_a_warning(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("a"), answer("a"))
    assert "--json or --ndjson" in nbx("complete", "x", "--logprobs", "2").err
    assert nbx("complete", "x", "--logprobs", "2", "--ndjson").err == ""


def test_a_placeholder_with_an_empty_stdin_is_a_usage_error(nbx: Runner) -> None:
    result = nbx("complete", "Q: {stdin}", stdin=b"")
    assert result.code == 2
    assert "{stdin}" in result.err


def test_the_curl_command_trusts_the_same_authorities(nbx: Runner) -> None:
    assert "--cacert '/my ca.pem'" in nbx("complete", "x", "--curl", "--cacert", "/my ca.pem").out


def test_a_dry_run_escapes_control_characters_on_a_terminal(nbx: Runner) -> None:
    result = nbx("complete", "a\x9b31m", "--dry-run", stdout_tty=True)
    assert "\\u009b" in result.out
    assert "\x9b" not in result.out


def test_a_warning_says_that_the_engine_ignores_echo(bare: Runner) -> None:
    result = bare("complete", "--local", "x", "--echo", "--dry-run")
    assert result.code == 0
    assert "ignores echo" in result.err
