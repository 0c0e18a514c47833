"""Defines the output options of an answer and the interface of a renderer."""

from collections.abc import Collection
from enum import Enum, auto
from typing import NamedTuple, Protocol

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.response.check_complete import FINISH_REASONS

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that ends before it sends a request does not need these
    from nebius_cli.response.answer_events import Event
    from nebius_cli.response.events_to_answer import Completion


EXPORT_FORMATS = (".svg", ".html")


class Mode(Enum):
    """The format in which an answer is written."""

    TEXT = auto()
    JSON = auto()
    NDJSON = auto()


class View(Enum):
    """How log probabilities are shown."""

    HEAT = "heat"
    TABLE = "table"


class Renderer(Protocol):
    """Writes one answer."""

    def event(self, event: "Event") -> None:
        """Process one event; write at once what can be written."""

    def finish(self, completion: "Completion") -> None:
        """Write everything still held, whether the answer is complete or not."""


class Layout(NamedTuple):
    """How plain text is laid out: what ends a choice, and whether the last choice gets that ending too."""

    separator: bytes = b"\n"
    final: bool = True


class OutputOptions(NamedTuple):
    """How an answer is written, with the number of its `choices` and `prompts`.

    If `usage` is None, usage is shown if both streams are terminals. `export` is one of EXPORT_FORMATS, or
    empty. `color_out` and `color_err` tell whether stdout and stderr get colour, `view_drawn` whether a view
    is drawn even in a pipe, for a pager.
    """

    mode: Mode
    layout: Layout
    choices: int
    prompts: int = 1
    quiet: bool = False
    usage: bool | None = None
    color_out: bool = False
    color_err: bool = False
    view: View | None = None
    view_drawn: bool = False
    export: str = ""


def parse_view(word: str | None) -> View | None:
    """Return the view with this name. Raises UsageError if there is none."""
    if word not in (None, *(view.value for view in View)):
        raise UsageError(f"--view {word}", "must be heat or table")
    return View(word) if word else None


def parse_export(path: str | None) -> str:
    """Return which of EXPORT_FORMATS a file name ends in, empty for None. Raises UsageError otherwise."""
    form = next((form for form in EXPORT_FORMATS if path and path.lower().endswith(form)), "")
    if path is not None and not form:
        hint = f"it must end with {' or '.join(EXPORT_FORMATS)}"
        raise UsageError(f"--export {path}", "the file name sets the format", hint)
    return form


def check_reasons(reasons: Collection[str]) -> None:
    """Raise UsageError for a value of --fail-on that is not among FINISH_REASONS."""
    for reason in reasons:
        if reason not in FINISH_REASONS:
            close = nearest(reason, FINISH_REASONS)
            hint = f"did you mean {close}?" if close else "--no-validate accepts any reason"
            raise UsageError(
                f"--fail-on {reason}", f"the finish reasons are {', '.join(FINISH_REASONS)}", hint
            )
