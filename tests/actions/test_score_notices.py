"""`nbx score` and `nbx rank` on a terminal: notes about names of files, and about files of rows."""

from pathlib import Path

import pytest

from tests.support.run import Runner

WAYS = "-f my-texts.txt scores the contents of the file, --jsonl my-texts.txt each row"
DUMB = {"NO_COLOR": "1", "TERM": "dumb"}


def notes(err: str) -> str:
    return "".join(line for line in err.splitlines(keepends=True) if "warning:" not in line)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("score", "my-texts.txt"),
            f"nbx: the text is 'my-texts.txt'; {WAYS}\n",
        ),
        (
            ("rank", "my-texts.txt", "two words"),
            "nbx: the candidate is the text 'my-texts.txt', not the contents of that file\n",
        ),
        *(
            (("score", "-f", name), f"nbx: {name} is scored as one text; --jsonl {name} scores each row\n")
            for name in ("rows.jsonl", "rows.csv", "rows.tsv")
        ),
        (("score", "-f", "my-texts.txt"), ""),
        (("score", "other-texts.txt"), ""),
        (("score", "two words"), ""),
    ],
    ids=str,
)
def test_a_terminal_shows_that_a_file_name_or_a_file_of_rows_is_scored_as_one_text(
    score: Runner, args: tuple[str, ...], said: str
) -> None:
    for name in ("my-texts.txt", "rows.jsonl", "rows.csv", "rows.tsv"):
        Path(name).write_text("some words", "utf-8")
    args = (*args, "-c", "The context")
    result = score(*args, stderr_tty=True, env=DUMB)
    assert (result.code, notes(result.err)) == (0, said)
    assert notes(score(*args).err) == ""
    assert score("-q", *args, stderr_tty=True, env=DUMB).err == ""


def test_a_parquet_file_that_is_not_text_gets_the_note_before_the_error(score: Runner) -> None:
    Path("rows.parquet").write_bytes(b"PAR1\xff\x00")
    result = score("score", "-f", "rows.parquet", stderr_tty=True, env=DUMB)
    assert result.code == 65
    assert result.err.startswith(
        "nbx: rows.parquet is scored as one text; --jsonl rows.parquet scores each row\n"
    )
