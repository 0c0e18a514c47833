"""What every output mode is, and which one a run gets."""

from enum import Enum, auto
from typing import NamedTuple, Protocol

from nebius_cli.core.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that ends before it asks a server needs none of it
    from nebius_cli.response.completion import Completion
    from nebius_cli.response.events import Event


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


def label(index: int, choices: int, prompts: int) -> str:
    """Return the heading of one choice among several: which prompt it answers, and which try it is."""
    if prompts <= 1:
        return f"choice {index + 1}"
    each = max(1, choices // prompts)
    prompt = f"prompt {index // each + 1}"
    return f"{prompt}, choice {index % each + 1}" if each > 1 else prompt
