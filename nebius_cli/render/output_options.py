"""What every output mode is, and which one a run gets."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple, Protocol

from nebius_cli.core.errors import UsageError
from nebius_cli.system.streams import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that ends before it asks a server needs none of it
    from nebius_cli.response.completion import Completion
    from nebius_cli.response.events import Event

Write = Callable[[bytes], None]

FORMS = (".svg", ".html")  # of --export


class Mode(Enum):
    """What the user asked to see."""

    TEXT = auto()
    JSON = auto()
    NDJSON = auto()


class View(Enum):
    """How log probabilities are shown."""

    HEAT = "heat"
    TABLE = "table"


class Renderer(Protocol):
    """Eats the events of one answer and puts it where it belongs."""

    def event(self, event: "Event") -> None:
        """Take one event, at once."""

    def finish(self, completion: "Completion") -> None:
        """Put out what is still held, complete or not."""


class Layout(NamedTuple):
    """How text is laid out: what ends a choice, and whether the last one gets that ending too."""

    separator: bytes = b"\n"
    final: bool = True
    color: bool = False


class OutputOptions(NamedTuple):
    """How an answer is shown; `usage` None means: when a person watches both streams.

    `view` and `export`, one of FORMS, are the wishes for log probabilities.
    """

    mode: Mode
    layout: Layout
    choices: int
    prompts: int = 1
    quiet: bool = False
    usage: bool | None = None
    color_err: bool = False
    view: View | None = None
    export: str = ""


def draws(streams: Streams, *, tty: bool) -> bool:
    """Return whether a stream can be drawn on: a terminal that can do more than print."""
    return tty and streams.environ.get("TERM") != "dumb"


def use_color(streams: Streams, wish: str, *, tty: bool) -> bool:
    """Return whether a stream gets colour: the flag, then NO_COLOR, then the forcing variables, then TTY."""
    environ = streams.environ
    if wish != "auto":
        return wish == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return draws(streams, tty=tty)


def blocks(streams: Streams, show: OutputOptions, *, terminal: bool) -> bool:
    """Return whether the answer is drawn as blocks, which takes rich."""
    drawn = terminal and show.mode is Mode.TEXT and show.view is None
    return drawn and show.choices > 1 and draws(streams, tty=True)


def drawn_by(streams: Streams, show: OutputOptions, *, terminal: bool) -> str:
    """Return the module that will draw the answer, where it takes time to load; else nothing."""
    if terminal and show.view:
        return "nebius_cli.render.token_table" if show.view is View.TABLE else "nebius_cli.render.heat"
    return "nebius_cli.render.live" if blocks(streams, show, terminal=terminal) else ""


def parse_view(word: str | None) -> View | None:
    """Return the view of this name. Raises UsageError where there is none."""
    if word not in (None, *(view.value for view in View)):
        raise UsageError(f"--view {word}", "it takes heat or table")
    return View(word) if word else None


def parse_export(path: str | None) -> str:
    """Return which of FORMS a file name asks for, empty without a name. Raises UsageError for another."""
    form = next((form for form in FORMS if path and path.lower().endswith(form)), "")
    if path is not None and not form:
        raise UsageError(f"--export {path}", "its name says the form", f"it ends in {' or '.join(FORMS)}")
    return form


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
