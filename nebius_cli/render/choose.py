"""Chooses the renderer for one answer. Only the branch that draws imports rich."""

from nebius_cli.render.output_options import Mode, OutputOptions, Renderer, View
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.capabilities import Write, draws


def blocks(streams: Streams, show: OutputOptions, *, terminal: bool) -> bool:
    """Return whether the answer is drawn as blocks, which takes rich."""
    drawn = terminal and show.mode is Mode.TEXT and show.view is None
    return drawn and show.choices > 1 and draws(streams, tty=True)


def drawn_by(streams: Streams, show: OutputOptions, *, terminal: bool) -> str:
    """Return the module that will draw the answer, where it takes time to load; else nothing."""
    if terminal and show.view:
        return "nebius_cli.render.token_table" if show.view is View.TABLE else "nebius_cli.render.heat"
    return "nebius_cli.render.live" if blocks(streams, show, terminal=terminal) else ""


def choose(
    streams: Streams, write: Write, show: OutputOptions, *, terminal: bool, started: float
) -> Renderer:
    """Return the renderer for one answer; `terminal` when a person reads it as it comes.

    `started` is when the wait for it began. Only the branch that draws imports rich.
    """
    if show.mode is not Mode.TEXT:
        from nebius_cli.render.json_output import JsonOutput

        return JsonOutput(write, show.mode, terminal=terminal)
    if show.view:
        return _choose_view(show.view, streams, write, show, terminal=terminal)
    if not terminal:
        from nebius_cli.render.plain import PlainText

        return PlainText(write, show.layout, show.choices)
    if not blocks(streams, show, terminal=terminal):
        from nebius_cli.render.text import TerminalText

        return TerminalText(write, choices=show.choices, prompts=show.prompts)
    from nebius_cli.render.live import LiveChoices

    return LiveChoices(streams, write, show, started)


def _choose_view(
    view: View, streams: Streams, write: Write, show: OutputOptions, *, terminal: bool
) -> Renderer:
    if not terminal:
        from nebius_cli.render.token_tsv import TokenTsv

        return TokenTsv(write, show.choices)
    if view is View.TABLE:
        from nebius_cli.render.token_table import TokenTable

        return TokenTable(streams, write, show)
    from nebius_cli.render.heat import Heat

    return Heat(streams, write, show)
