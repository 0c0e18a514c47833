"""Which renderer is chosen for an answer."""

import pytest

from nebius_cli.render.choose_renderer import choose, drawing_module
from nebius_cli.render.heat_view import Heat
from nebius_cli.render.json_output import JsonOutput
from nebius_cli.render.live_choices import LiveChoices
from nebius_cli.render.output_options import Layout, Mode, OutputOptions, View
from nebius_cli.render.pipe_text import PlainText
from nebius_cli.render.terminal_text import TerminalText
from nebius_cli.render.token_table_view import TokenTable
from nebius_cli.render.token_tsv import TokenTsv
from nebius_cli.response.answer_events import TextDelta
from nebius_cli.response.events_to_answer import Completion
from tests.support.screen import FakeTerminal, streams_on


@pytest.mark.parametrize(
    ("mode", "choices", "term", "terminal", "kind"),
    [
        (Mode.TEXT, 1, "xterm", True, TerminalText),
        (Mode.TEXT, 2, "xterm", True, LiveChoices),
        (Mode.TEXT, 2, "dumb", True, TerminalText),
        (Mode.TEXT, 10**9, "xterm", True, TerminalText),
        (Mode.TEXT, 1, "xterm", False, PlainText),
        (Mode.TEXT, 2, "xterm", False, PlainText),
        (Mode.JSON, 2, "xterm", True, JsonOutput),
        (Mode.NDJSON, 1, "xterm", False, JsonOutput),
    ],
)
def test_the_renderer_depends_on_the_mode_the_choices_and_the_terminal(
    mode: Mode, choices: int, term: str, kind: type, *, terminal: bool
) -> None:
    streams = streams_on(FakeTerminal(), environ={"TERM": term})
    show = OutputOptions(mode, Layout(), choices)
    assert type(choose(streams, streams.write_out, show, terminal=terminal, started=0)) is kind


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("choices", [1, 2])
@pytest.mark.parametrize(
    ("mode", "view"),
    [
        (Mode.TEXT, None),
        (Mode.TEXT, View.HEAT),
        (Mode.TEXT, View.TABLE),
        (Mode.JSON, None),
        (Mode.NDJSON, None),
    ],
)
def test_the_module_imported_in_advance_is_that_of_the_renderer(
    mode: Mode, view: View | None, choices: int, term: str
) -> None:
    streams = streams_on(FakeTerminal(), environ={"TERM": term})
    options = OutputOptions(mode, Layout(), choices, view=view)
    renderer = choose(streams, streams.write_out, options, terminal=True, started=0)
    assert drawing_module(streams, options) == type(renderer).__module__


def test_an_unrequested_choice_has_its_own_heading() -> None:
    out = FakeTerminal()
    streams = streams_on(out)
    renderer = choose(
        streams, streams.write_out, OutputOptions(Mode.TEXT, Layout(), 1), terminal=True, started=0
    )
    renderer.event(TextDelta(0, "asked for"))
    renderer.event(TextDelta(1, "not asked for"))
    renderer.finish(Completion(1))
    assert out.text == "asked for\n── choice 2 ──\nnot asked for\n"


@pytest.mark.parametrize(
    ("view", "terminal", "kind"),
    [
        (View.HEAT, True, Heat),
        (View.TABLE, True, TokenTable),
        (View.HEAT, False, TokenTsv),
        (View.TABLE, False, TokenTsv),
    ],
)
def test_the_renderer_depends_on_the_view_and_the_terminal(view: View, kind: type, *, terminal: bool) -> None:
    streams = streams_on(FakeTerminal())
    show = OutputOptions(Mode.TEXT, Layout(), 2, view=view)
    assert type(choose(streams, streams.write_out, show, terminal=terminal, started=0)) is kind
