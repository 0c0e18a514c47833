"""A request as a curl command, as a shell interprets it."""

import json
import shlex
import subprocess

import pytest

from nebius_cli.request.curl_command import MAX_ARGUMENT_BYTES, curl_command

BODY = json.dumps({"prompt": 'it\'s "$HOME" `x` \\n\n!', "é": 1}, ensure_ascii=False).encode()


def test_a_shell_passes_the_url_the_headers_and_the_body_unchanged() -> None:
    words = shlex.split(
        curl_command("https://h/v1/completions?ai_project_id=a%26b", BODY, streamed=False).replace("\\\n", "")
    )
    assert words[:2] == ["curl", "https://h/v1/completions?ai_project_id=a%26b"]
    assert words[2:6] == [
        "-H",
        "Authorization: Bearer $NEBIUS_API_KEY",
        "-H",
        "Content-Type: application/json",
    ]
    assert words[6:] == ["--data-raw", BODY.decode()]


def test_a_streamed_answer_is_not_buffered() -> None:
    assert curl_command("https://h", BODY, streamed=True).startswith("curl -N \\\n")
    assert curl_command("https://h", BODY, streamed=False).startswith("curl \\\n")


def test_the_trusted_authority_is_passed_to_curl() -> None:
    words = shlex.split(
        curl_command("u", BODY, streamed=False, trusted=("/my ca.pem", "")).replace("\\\n", "")
    )
    assert words[6:] == ["--cacert", "/my ca.pem", "--data-raw", BODY.decode()]


@pytest.mark.parametrize("size", [10, MAX_ARGUMENT_BYTES, MAX_ARGUMENT_BYTES + 1, 3_000_000])
def test_a_body_of_any_size_reaches_curl(size: int) -> None:
    padding = size - len(BODY) - len(b',"x":""')
    body = BODY[:-1] + b',"x":"' + b"y" * padding + b'"}' if padding > 0 else BODY
    assert padding <= 0 or len(body) == size
    # A function replaces curl and prints the body, which it gets as an argument or on stdin.
    script = 'curl() { if [ "$6" = --data-raw ]; then printf "%s\\n" "$7"; else cat; fi; }\n'
    done = subprocess.run(
        ["sh"],
        input=(script + curl_command("u", body, streamed=False)).encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout == body + b"\n"
    assert (b"NBX_BODY" in curl_command("u", body, streamed=False).encode()) == (size > MAX_ARGUMENT_BYTES)
