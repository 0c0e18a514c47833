"""Chooses the renderer of an answer. Only the branches that draw import rich."""

from nebius_cli.render.output_options import Mode, OutputOptions, Renderer, View
from nebius_cli.system.streams import Streams, Write
from nebius_cli.terminal.color_support import draws

MAX_LIVE_CHOICES = 1000  # more choices are not drawn live but written one after another


def drawing_module(streams: Streams, options: OutputOptions) -> str:
    """Return the module of the renderer that `choose` returns for a terminal."""
    if options.mode is not Mode.TEXT:
        name = "json_output"
    elif options.view:
        name = "token_table_view" if options.view is View.TABLE else "heat_view"
    else:
        name = "live_choices" if _is_live(streams, options, terminal=True) else "terminal_text"
    return f"nebius_cli.render.{name}"


def choose(
    streams: Streams, write: Write, options: OutputOptions, *, terminal: bool, started: float
) -> Renderer:
    """Return the renderer of one answer.

    `terminal` tells whether stdout is a terminal. `started` is the monotonic time of the request.
    """
    if options.mode is not Mode.TEXT:
        from nebius_cli.render.json_output import JsonOutput

        return JsonOutput(write, options.mode, terminal=terminal)
    if options.view:
        return _choose_view(options.view, streams, write, options, terminal=terminal or options.view_drawn)
    if not terminal:
        from nebius_cli.render.pipe_text import PlainText

        return PlainText(write, options.layout, options.choices)
    if not _is_live(streams, options, terminal=terminal):
        from nebius_cli.render.terminal_text import TerminalText

        return TerminalText(write, choices=options.choices, prompts=options.prompts)
    from nebius_cli.render.live_choices import LiveChoices

    return LiveChoices(streams, write, options, started)


def _is_live(streams: Streams, options: OutputOptions, *, terminal: bool) -> bool:
    """Return whether the answer is drawn live: several choices, as text, on a terminal."""
    text = options.mode is Mode.TEXT and options.view is None
    several = 1 < options.choices <= MAX_LIVE_CHOICES
    return terminal and text and several and draws(streams, tty=True)


def _choose_view(
    view: View, streams: Streams, write: Write, options: OutputOptions, *, terminal: bool
) -> Renderer:
    if not terminal:
        from nebius_cli.render.token_tsv import TokenTsv

        return TokenTsv(write, options.choices)
    if view is View.TABLE:
        from nebius_cli.render.token_table_view import TokenTable

        return TokenTable(streams, write, options)
    from nebius_cli.render.heat_view import Heat

    return Heat(streams, write, options)
