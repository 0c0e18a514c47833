"""Inserting a marked block into a start-up file, and removing it without a trace."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nebius_cli.shell_completion.edit_startup_file import (
    END_MARKER,
    START_MARKER,
    RcBlockError,
    insert,
    remove,
)

LINES = "if [ -r 'x' ]; then . 'x'; fi\nsecond"
BLOCK = f"{START_MARKER}\n{LINES}\n{END_MARKER}\n".encode()

TEXTS = st.text(st.characters(codec="utf-8"))
FILES = st.one_of(
    st.none(),
    st.binary(),
    TEXTS.map(str.encode),
    TEXTS.map(lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode()),
    TEXTS.map(lambda text: codecs.BOM_UTF16_LE + text.replace("\n", "\r\n").encode("utf-16-le")),
    TEXTS.map(lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be")),
)


@given(FILES)
@example(None)
@example(b"")
@example(b"no end")
@example(b"\r")
@example(b"a\r\nb\r\n")
@example(b"\xff\xfea\x00\n\x00")
def test_removing_the_block_restores_the_original_file(data: bytes | None) -> None:
    assert remove(insert(data, LINES)) == data


@given(FILES)
def test_inserting_the_same_block_again_changes_nothing(data: bytes | None) -> None:
    once = insert(data, LINES)
    assert insert(once, LINES) == once


@given(FILES, st.sampled_from(["", "other", "two\nlines"]))
def test_new_lines_replace_those_of_the_old_block(data: bytes | None, lines: str) -> None:
    changed = insert(insert(data, LINES), lines)
    assert changed == insert(data, lines)
    assert remove(changed) == data


def test_the_block_is_appended_on_lines_of_its_own() -> None:
    assert insert(b"a\n", LINES) == b"a\n" + BLOCK
    assert insert(b"a", LINES).startswith(b"a\n" + START_MARKER.encode())


def test_the_block_has_the_encoding_and_line_endings_of_the_file() -> None:
    assert insert(b"a\r\n", "b") == f"a\r\n{START_MARKER}\r\nb\r\n{END_MARKER}\r\n".encode()
    wide = "\ufeffa\r\n".encode("utf-16-le")
    assert insert(wide, "b").decode("utf-16") == f"a\r\n{START_MARKER}\r\nb\r\n{END_MARKER}\r\n"


def test_a_path_that_is_not_valid_utf_8_is_written_unchanged() -> None:
    assert b"caf\xe9" in insert(b"", b"caf\xe9".decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("before", [None, b"", b"a\n", b"no end"])
def test_text_added_before_and_after_the_block_is_kept(before: bytes | None) -> None:
    inside = insert(before, LINES)
    kept = b"" if before is None else before + (b"\n" if before == b"no end" else b"")
    assert remove(inside + b"more\n") == kept + b"more\n"
    assert remove(b"first\n" + inside) == b"first\n" + (before or b"")


@pytest.mark.parametrize(
    ("before", "note"), [(None, " this file was made for it"), (b"no end", " the line above had no end")]
)
def test_the_notes_of_older_versions_are_understood(before: bytes | None, note: str) -> None:
    old = (before or b"") + (b"\n" if before else b"") + BLOCK.replace(b">>>\n", f">>>{note}\n".encode(), 1)
    assert remove(old) == before
    assert remove(insert(old, "other")) == before


def test_a_file_without_a_block_is_unchanged() -> None:
    assert remove(b"a\n# nbx\n") == b"a\n# nbx\n"


@pytest.mark.parametrize(
    "text",
    [
        START_MARKER,
        END_MARKER,
        f"{END_MARKER}\n{START_MARKER}\n",
        f"{START_MARKER}\n{START_MARKER}\n{END_MARKER}\n",
        f"{START_MARKER}\n{END_MARKER}\n{END_MARKER}\n",
    ],
    ids=["no end", "no start", "reversed", "two starts", "two ends"],
)
def test_a_file_with_damaged_markers_is_refused(text: str) -> None:
    for change in (remove, lambda data: insert(data, LINES)):
        with pytest.raises(RcBlockError, match="once each, in this order"):
            change(text.encode())


def test_a_block_that_lost_its_final_newline_is_removed() -> None:
    assert remove(b"a\n" + BLOCK.rstrip()) == b"a\n"
