"""Notes about the prompt on a terminal, and prompts from a template file."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.support.documented_commands import run_on_terminal
from tests.support.messages import check_message
from tests.support.run import Runner

NEWLINE = "nbx: the prompt ends with a newline; -s drops it\n"
TWO = "nbx: 2 arguments are 2 prompts; quote them to make one\n"
JOIN = (
    'nbx: the file and the argument are separate prompts; to join them: nbx complete "{stdin} ..." < FILE\n'
)
ESCAPED = (
    "nbx: the prompt contains \\n, sent as a backslash and an n; "
    "for a newline use $'...\\n...' in bash, or -f FILE\n"
)
UNREAD = "nbx: piped input is not read"
ECHO = "mkfifo pipe; exec 9<>pipe; echo text >&9;"  # as `echo text |`, but written before nbx starts
# The typed command, how many notes must say that piped input is not read, and the number of prompts.
PIPES = [
    (f"{ECHO} nbx complete hello --dry-run <&9", 1, 1),
    (f"{ECHO} nbx complete -f hello.txt --dry-run <&9", 1, 1),
    (f"{ECHO} nbx complete hello --dry-run -q <&9", 0, 1),
    ("echo text | nbx complete 'hello {stdin}' --dry-run", 0, 1),
    ("nbx complete hello --dry-run < hello.txt", 0, 1),
    ("nbx complete hello --dry-run < /dev/null", 0, 1),
    ("nbx complete hello --dry-run <&-", 0, 1),
    ("true | nbx complete hello --dry-run", 0, 1),
    ("mkfifo idle; nbx complete hello --dry-run <> idle", 0, 1),
    ("nbx complete hello --dry-run", 0, 1),
    ('cat hello.txt | while read line; do nbx complete "$line" --dry-run; done', 1, 2),
    ('while read line; do nbx complete "$line" --dry-run; done < hello.txt', 0, 2),
]
NOTICES: list[tuple[list[str], bytes | None, str]] = [
    ([], b"Once upon a time\n", NEWLINE),
    (["-s"], b"Once upon a time\n", ""),
    ([], b"Once upon a time", ""),
    (["hello", "world"], None, TWO),
    (["hello world\n"], None, ""),
    (["hello", "-f", "-"], b"world", JOIN),
    (["{stdin} hello"], b"world", ""),
    (["Q: a\\nA:"], None, ESCAPED),
    (["Q: a\\nb\nA:"], None, ""),
    (["-f", "-"], b"Q: a\\nA:", ""),
    (
        ["Q:", "--suffix", "a\\nb", "--infill-format", "codellama"],
        None,
        ESCAPED.replace("prompt", "suffix").replace("-f FILE", "--suffix-file FILE"),
    ),
]


@pytest.mark.parametrize(("args", "stdin", "notice"), NOTICES, ids=str)
def test_a_terminal_shows_notes_about_prompts_that_may_be_mistakes(
    args: list[str], stdin: bytes | None, notice: str, nbx: Runner
) -> None:
    for tty, told in ((True, notice), (False, "")):
        result = nbx("complete", "--dry-run", *args, stdin=stdin, stderr_tty=tty)
        assert (result.code, result.err) == (0, told)


def test_a_template_file_inserts_stdin_into_a_prompt(nbx: Runner, tmp_path: Path) -> None:
    template = tmp_path / "question.txt"
    template.write_text("Text: {stdin}\n{x} {stdin}")
    result = nbx("complete", "--dry-run", "--template-file", str(template), "-s", stdin=b"a {stdin}\n")
    assert result.json["prompt"] == "Text: a {stdin}\n{x} a {stdin}"
    template.write_text("no place")
    result = nbx("complete", "--dry-run", "--template-file", str(template))
    check_message(result.err)
    assert (result.code, "does not contain {stdin}" in result.err) == (2, True)


@pytest.mark.parametrize(("typed", "notes", "prompts"), PIPES, ids=[typed for typed, _, _ in PIPES])
def test_a_terminal_shows_that_piped_input_is_not_read_and_none_is_consumed(
    typed: str, notes: int, prompts: int, nbx: Runner, tmp_path: Path
) -> None:
    (tmp_path / "hello.txt").write_text("hello\nhello\n")
    command = f'nbx() {{ {sys.executable} -m nebius_cli "$@"; }}; {typed}'
    shown = run_on_terminal(command, tmp_path, nbx.process_env({"TERM": "xterm"}))
    assert (shown.count(UNREAD), shown.count('"prompt":"hello')) == (notes, prompts), shown


def test_the_note_about_piped_input_says_how_to_insert_it(nbx: Runner, tmp_path: Path) -> None:
    command = f"{ECHO} {sys.executable} -m nebius_cli complete hello --dry-run <&9"
    shown = run_on_terminal(command, tmp_path, nbx.process_env({"TERM": "xterm"}))
    assert shown.startswith(f"{UNREAD}; write {{stdin}} in the prompt to insert it\n")


def test_a_prompt_that_is_the_name_of_a_file_gets_a_note(
    nbx: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("notes.txt", "my notes.txt", "it's"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    note = "nbx: the prompt is the text 'notes.txt'; -f notes.txt sends the contents of the file\n"
    told = {
        ("notes.txt",): note,
        ("notes.txt", "-q"): "",
        ("my notes.txt",): note.replace("notes.txt", "my notes.txt").replace(
            "-f my notes.txt", "-f 'my notes.txt'"
        ),
        ("folder",): "",
        ("other.txt",): "",
        ("x" * 5000,): "",
        ("-f", "notes.txt", "--allow-empty"): "",
        ("it's",): note.replace("'notes.txt'", "'it's'").replace("notes.txt", shlex.quote("it's")),
    }
    for args, expected in told.items():
        assert (args, nbx("complete", "--dry-run", *args, stderr_tty=True).err) == (args, expected)
    assert nbx("complete", "--dry-run", "notes.txt").err == ""


EXPANDED = [
    (
        "numbers.txt q.csv",
        "2 prompts are the texts 'numbers.txt', 'q.csv'; -f numbers.txt -f q.csv sends",
        "",
    ),
    ("-f numbers.txt q.csv", "one prompt is the text 'q.csv'; -f numbers.txt -f q.csv sends", ""),
    ("-f 1 2 3", "2 prompts are the texts '2', '3'; -f 1 -f 2 -f 3 sends", ""),
    ("-f 1 2 3 4 q.csv", "4 prompts are the texts '2', '3', '4', …; -f 1 -f 2 -f 3 … sends", ""),
    ("sum q.csv", "one prompt is the text 'q.csv'; -f q.csv sends", TWO),
]


@pytest.mark.parametrize(("typed", "note", "other"), EXPANDED, ids=[typed for typed, _, _ in EXPANDED])
def test_file_names_among_the_prompts_get_one_note_with_the_flags_to_type(
    typed: str, note: str, other: str, nbx: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("numbers.txt", "q.csv", "1", "2", "3", "4"):
        (tmp_path / name).write_text("text")
    ending = "the contents of the file" if typed.startswith("sum") else "the contents of the files"
    result = nbx("complete", "--dry-run", *typed.split(), stderr_tty=True)
    assert result.err == f"nbx: {note} {ending}\n{other}"
