"""What a terminal is told about a prompt, and a prompt from a template file."""

from pathlib import Path

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner

NEWLINE = "nbx: the prompt ends with a newline; -s drops it\n"
TWO = "nbx: 2 arguments are 2 prompts; quote them to make one\n"
JOIN = (
    'nbx: the file and the argument are separate prompts; to join them: nbx complete "{stdin} ..." < FILE\n'
)
NOTICES: list[tuple[list[str], bytes | None, str]] = [
    ([], b"Once upon a time\n", NEWLINE),
    (["-s"], b"Once upon a time\n", ""),
    ([], b"Once upon a time", ""),
    (["hello", "world"], None, TWO),
    (["hello world\n"], None, ""),
    (["hello", "-f", "-"], b"world", JOIN),
    (["{stdin} hello"], b"world", ""),
]


@pytest.mark.parametrize(("args", "stdin", "notice"), NOTICES, ids=str)
def test_a_terminal_is_told_what_is_easily_sent_by_mistake(
    args: list[str], stdin: bytes | None, notice: str, nbx: Runner
) -> None:
    for tty, told in ((True, notice), (False, "")):
        result = nbx("complete", "--dry-run", *args, stdin=stdin, stderr_tty=tty)
        assert (result.code, result.err) == (0, told)


def test_a_template_file_takes_stdin_into_a_prompt(nbx: Runner, tmp_path: Path) -> None:
    template = tmp_path / "question.txt"
    template.write_text("Text: {stdin}\n{x} {stdin}")
    result = nbx("complete", "--dry-run", "--template-file", str(template), "-s", stdin=b"a {stdin}\n")
    assert result.json["prompt"] == "Text: a {stdin}\n{x} a {stdin}"
    template.write_text("no place")
    result = nbx("complete", "--dry-run", "--template-file", str(template))
    check_message(result.err)
    assert (result.code, "does not contain {stdin}" in result.err) == (2, True)
