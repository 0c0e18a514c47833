"""The console of a run: what is written to which stream, and in which format."""

import pytest

from nebius_cli.terminal.console import Console
from tests.support.screen import FakeTerminal, streams_on

ROWS = [("a\x9b", "1"), ("b", "2")]


@pytest.mark.parametrize("err", [True, False])
@pytest.mark.parametrize("tty", [True, False])
def test_a_table_is_written_in_the_format_that_suits_its_stream(*, tty: bool, err: bool) -> None:
    glass, other = FakeTerminal(), FakeTerminal()
    streams = streams_on(other, glass, tty=tty) if err else streams_on(glass, other, tty=tty)
    Console(streams, "never", quiet=False, verbose=False).write_table(("name", "n"), ROWS, err=err)
    assert other.data == b""
    lines = [line.rstrip() for line in glass.text.splitlines()]
    if tty:
        assert [lines[0], *lines[2:]] == ["name        n", "a<U+009B>   1", "b           2"]
    else:
        assert lines == ["a<U+009B>\t1", "b\t2"]


def test_json_is_exact_in_a_pipe_and_escaped_on_a_terminal() -> None:
    for tty, shown in ((False, '{"a":"\x9b\u202eé"}\n'), (True, '{"a":"\\u009b\\u202eé"}\n')):
        glass = FakeTerminal()
        Console(streams_on(glass, tty=tty), "auto", quiet=True, verbose=False).write_json(
            {"a": "\x9b\u202eé"}
        )
        assert glass.text == shown
