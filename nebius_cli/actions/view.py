"""`nbx view`: shows a saved answer in the views of `nbx complete`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.core import jsontext
from nebius_cli.core.errors import BadInputError, ExitCode, OutputError, UsageError
from nebius_cli.render.choose import choose
from nebius_cli.render.output_options import Layout, Mode, OutputOptions, View, parse_export, parse_view
from nebius_cli.response.completion import Completion
from nebius_cli.response.decode import decode_object
from nebius_cli.response.events import Event, Finished, TextDelta
from nebius_cli.system.files import OutputFile

MAX_CHOICES = 100_000  # of all answers in a file together
HOW = "nbx complete --logprobs 5 --json > FILE saves one"


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What was typed after `nbx view`."""

    file: str | None = None
    view: str | None = None
    export: str | None = None


def run(options: ViewOptions, app: App) -> ExitCode:
    """Show the answer. Raises BadInputError if the file has no answer with log probabilities."""
    view, form = parse_view(options.view), parse_export(options.export)
    if options.file is None:
        raise UsageError("no file given", "", "nbx view FILE; - reads stdin")
    name = "stdin" if options.file == "-" else options.file
    completion, events = _one_answer(_objects(app.read_text(options.file), name), name)
    if not completion.choices:
        raise BadInputError(f"{name} has no answer", "no object in it has choices with text", HOW)
    if not completion.has_logprobs:
        raise BadInputError(f"{name} has no log probabilities", "the server sends them only on request", HOW)
    if options.export:
        from nebius_cli.render.heat_export import export  # brings rich

        target = OutputFile(options.export)
        target.write(export(completion, form, prompts=1))
        target.finish()
    if view or not options.export:
        _show(completion, events, view or View.HEAT, app)
    return ExitCode.DONE


def _show(completion: Completion, events: list[Event], view: View, app: App) -> None:
    if app.streams.stdout is None:
        raise OutputError("cannot write the view", "stdout is closed", "--export FILE writes it to a file")
    show = OutputOptions(Mode.TEXT, Layout(), completion.expected, view=view, color_out=app.color_out)
    streams = app.streams
    renderer = choose(streams, streams.write_out, show, terminal=streams.stdout_tty, started=0)
    for event in events:
        renderer.event(event)
    renderer.finish(completion)


def _objects(text: str, name: str) -> list[Any]:
    """Return the JSON values in a file: a single one, or one on each line."""
    try:
        return [jsontext.decode(text)]
    except ValueError:
        pass
    values = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                values.append(jsontext.decode(line))
            except ValueError as error:
                why = f"line {number} is {jsontext.describe_error(error)}"
                raise BadInputError(f"{name} cannot be read", why, HOW) from None
    return values


def _one_answer(values: list[Any], name: str) -> tuple[Completion, list[Event]]:
    """Return all answers as one, with their choices numbered consecutively, and the events it consists of.

    Raises BadInputError for an index above MAX_CHOICES.
    """
    events: list[Event] = []
    first = end = 0  # the indices of the current answer's choices are first, ..., end - 1
    current_id: Any = None
    for value in values:
        # A bulk record holds the answer under "response".
        frame = value.get("response", value) if isinstance(value, dict) else None
        if not isinstance(frame, dict):
            continue
        # All objects of one stream share an id; two complete answers never do.
        if not events or frame is not value or frame.get("id") != current_id:
            first, current_id = end, frame.get("id")
        for event in _renumbered(frame, first):
            events.append(event)
            end = max(end, event.index + 1) if isinstance(event, TextDelta | Finished) else end
        if end > MAX_CHOICES:
            why = f"it has a choice {end}, and the limit is {MAX_CHOICES:,}"
            raise BadInputError(f"{name} has too many choices", why)
    completion = Completion(end)
    for event in events:
        completion.add(event)
    return completion, events


def _renumbered(frame: Mapping[str, Any], first: int) -> Iterator[Event]:
    for event in decode_object(frame):
        match event:
            case TextDelta(index, text, logprobs):
                yield TextDelta(index + first, text, logprobs)
            case Finished(index, reason):
                yield Finished(index + first, reason)
            case _:
                yield event
