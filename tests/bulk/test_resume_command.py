"""A stopped run prints the command that resumes it, quoted for a shell."""

import shlex
import subprocess

import pytest

from nebius_cli.bulk import resume_command
from nebius_cli.core.errors_and_exit_codes import AuthError, CappedError, NetworkError, OutputError


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["bulk", "my file", "-o", "out", "--restart"], "nbx bulk 'my file' -o out"),
        (["bulk", "--api-key", "s3cret", "f"], "nbx bulk --api-key KEY f"),
        (["bulk", "--api-key=s3cret", "f"], "nbx bulk --api-key=KEY f"),
        (["bulk", "--api-key", "--api-key", "f"], "nbx bulk --api-key KEY f"),
        (["bulk", "--api-key", "--restart", "f"], "nbx bulk --api-key KEY f"),
        (["bulk", "--base-url", "http://me:pw@host/v1", "f"], "nbx bulk --base-url http://host/v1 f"),
        (["bulk", "--base-url=http://me:pw@host/v1"], "nbx bulk --base-url=http://host/v1"),
        (["bulk", "--template=a=b", "--api-keys"], "nbx bulk --template=a=b --api-keys"),
    ],
)
def test_the_resume_command_contains_no_key_and_no_restart(argv: list[str], command: str) -> None:
    assert resume_command.command(argv) == command


WORDS = [
    "",
    "a b",
    "it's",
    "Q: {q}\nA:",
    "\\n",
    "Q: {q}\n\tA:",
    "é\u2028\x85",
    "$HOME `x`",
    "a  b   c    ",
    "\\\n'",
    "\udcff\n",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_shell_parses_the_resume_command_into_the_original_arguments(word: str) -> None:
    command = resume_command.command([word, "x"])
    assert "\n" not in command
    assert "  " not in command, "a message would make one blank of them"
    script = command.replace("nbx", "printf '%s\\0'", 1)
    done = subprocess.run(
        ["bash", "-c", script.encode("utf-8", "surrogateescape")], capture_output=True, check=True
    )
    assert done.stdout.split(b"\0")[:2] == [word.encode("utf-8", "surrogateescape"), b"x"]


def test_no_resume_hint_is_added_if_the_same_command_would_fail_again() -> None:
    again = "to resume: nbx bulk f"
    refused, capped = AuthError("no", "", "log in"), CappedError("stop", "", "raise it")
    down, full, stop = NetworkError("away", "", "check"), OutputError("full"), KeyboardInterrupt()
    for error in (refused, capped, down, full, stop):
        resume_command.add_hint(error, ["bulk", "f"])
    assert (refused.hint, capped.hint) == ("log in", "raise it")
    assert (down.hint, full.hint, stop.__notes__) == (f"check; {again}", again, [again])


def test_a_command_too_long_for_a_message_is_left_out() -> None:
    error = NetworkError("away")
    resume_command.add_hint(error, ["bulk", "f" * 600])
    assert error.hint == "to resume, repeat the command"


def test_arguments_are_quoted_only_if_needed() -> None:
    assert shlex.split(resume_command.command(["bulk", "a.jsonl"])) == ["nbx", "bulk", "a.jsonl"]
