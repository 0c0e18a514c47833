"""`nbx view`: shows a saved answer in the views of `nbx complete`."""

from dataclasses import dataclass

from nebius_cli.actions.app import App
from nebius_cli.core.errors_and_exit_codes import ExitCode, OutputError, UsageError
from nebius_cli.render.choose_renderer import choose
from nebius_cli.render.output_options import Layout, Mode, OutputOptions, View, parse_export, parse_view
from nebius_cli.response import saved_answer
from nebius_cli.response.answer_events import Event
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.check_output_paths import check_distinct
from nebius_cli.system.output_file import OutputFile


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """The arguments and flags of `nbx view`."""

    answer: str | None = None
    view: str | None = None
    export: str | None = None


def run(options: ViewOptions, app: App) -> ExitCode:
    """Show the answer. Raises BadInputError if the file has no answer with log probabilities."""
    view, form = parse_view(options.view), parse_export(options.export)
    if options.answer is None and app.streams.stdin_has_no_input:
        raise UsageError("no file given", "", "nbx view FILE, or nbx complete … --json | nbx view")
    file = options.answer or "-"
    if options.export:
        check_distinct("--export", options.export, [("this is the file to view", file)])
    name = "stdin" if file == "-" else file
    completion, events = saved_answer.read(app.read_text(file), name)
    if options.export:
        from nebius_cli.render.export_heat_view import export  # imports rich

        target = OutputFile(options.export)
        target.write(export(completion, form, prompts=1))
        target.finish()
    if view or not options.export:
        _show(completion, events, view or View.HEAT, app)
    return ExitCode.DONE


def _show(completion: Completion, events: list[Event], view: View, app: App) -> None:
    if app.streams.stdout is None:
        raise OutputError("cannot write the view", "stdout is closed", "--export FILE writes it to a file")
    show = OutputOptions(
        Mode.TEXT,
        Layout(),
        completion.expected,
        view=view,
        color_out=app.color_out,
        view_drawn=app.flags.color == "always",
    )
    streams = app.streams
    renderer = choose(streams, streams.write_out, show, terminal=streams.stdout_tty, started=0)
    for event in events:
        renderer.event(event)
    renderer.finish(completion)
