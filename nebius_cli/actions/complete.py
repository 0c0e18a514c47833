"""`nbx complete`: builds the request, sends it and writes the answer."""

import contextlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from nebius_cli.actions.app import App
from nebius_cli.api.endpoint import Endpoint
from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import urls
from nebius_cli.core.errors_and_exit_codes import (
    HINTS,
    ExitCode,
    NbxError,
    OutputError,
    RejectedError,
    UsageError,
)
from nebius_cli.core.secret import Secret
from nebius_cli.render import output_options
from nebius_cli.render.output_options import Layout, Mode, OutputOptions
from nebius_cli.request import curl_command, parse_field_flags, read_prompt, request_body
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.prompt_notices import notices
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.request.request_from_prompt_flags import check, make_request
from nebius_cli.system.check_output_paths import exists_as_file
from nebius_cli.system.output_file import OutputFile
from nebius_cli.system.read_and_replace_files import encode_argument, read_bytes
from nebius_cli.terminal.sanitize import visible_json

if TYPE_CHECKING:
    from nebius_cli.api.send_completion import Exchange
    from nebius_cli.ledger.prompt_to_continue import Continuation
    from nebius_cli.render.answer_writer import AnswerWriter

# Modules that write the ledger row. If the server is slow, nbx imports them while it waits.
LEDGER_MODULES = (
    "nebius_cli.ledger.request_recorder",
    "nebius_cli.ledger.pending_rows_file",
    "nebius_cli.system.thread_with_timeout",
)
VIEW_LOGPROBS = 5  # the logprobs that --view requests; the API reference mentions up to 5

NO_PROMPT = (
    "no prompt given",
    'nbx complete "The capital of France is" --max-tokens 8',
    "nbx complete --help shows every flag",
)


class CompleteOptions(NamedTuple):
    """The arguments and flags of `nbx complete`, or of `nbx history rerun`, which sets `id`.

    `fields` holds the flags of request fields, `connection` those of connection settings.
    """

    prompt: PromptOptions = PromptOptions()
    fields: Mapping[str, Any] = MappingProxyType({})
    connection: Mapping[str, str | bool] = MappingProxyType({})
    param: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    validate: bool = True
    json: bool = False
    ndjson: bool = False
    output: str | None = None
    newline: bool = True
    usage: bool | None = None
    fail_on: tuple[str, ...] = ()
    dry_run: bool = False
    curl: bool = False
    view: str | None = None
    export: str | None = None
    local: bool = False
    model_file: str | None = None
    api_key_file: str | None = None
    api_key: Secret | None = None
    over_budget: bool = False
    id: str | None = None


def run(options: CompleteOptions, app: App) -> ExitCode:
    """Complete the prompt. Raises NbxError for every expected kind of failure."""
    _check(options)
    given = parse_field_flags.parse_fields(options.fields, app.read_text, validate=options.validate)
    params = parse_field_flags.parse_params(options.param, validate=options.validate)
    if options.prompt.stdin_is_prompt and (app.streams.stdin is None or app.streams.stdin_tty):
        raise UsageError(*NO_PROMPT)
    settings = app.settings(options.connection)
    unset = parse_field_flags.parse_unset(options.unset)
    configured = settings.fields_without(unset)
    if options.prompt.continues:
        earlier = _earlier(options, app)
        configured, params = earlier.fields_without(unset), {**earlier.params, **params}
        local = "model" not in given and earlier.ran_locally(options.model_file)
        of = options.prompt._replace(continued=earlier.prompt)
        options = options._replace(prompt=of, local=options.local or local)
    fields = _fields(options, given, configured, app)
    request_body.check_rules(fields, params, validate=options.validate)
    readers = read_prompt.InputReaders(app.streams.read_stdin, read_bytes, encode_argument)
    completion_request = make_request(
        options.prompt, readers, fields, params, unset=unset, validate=options.validate
    )
    if _local(options):
        from nebius_cli.local import prepare_local_model

        prepare_local_model.check_request(completion_request.n, as_curl=options.curl)
    for warning in request_body.warnings(completion_request, local=_local(options)):
        app.warn(warning)
    if app.streams.stderr_tty:
        what, unread = completion_request.prompt, app.streams.stdin_has_unread_data
        for notice in notices(options.prompt, what, unread=unread, is_file=exists_as_file):
            app.note(notice)
    if options.dry_run or options.curl:
        return _show(completion_request, settings, app, as_curl=options.curl)
    if "logprobs" in given and not (options.json or options.ndjson or options.view or options.export):
        app.warn("plain text cannot show log probabilities; add --view, --json or --ndjson")
    return _send(options, completion_request, settings, app)


def run_rerun(options: CompleteOptions, app: App) -> ExitCode:
    """Send the stored body of a request again, byte for byte.

    Raises UsageError if the body is not stored, and the same errors as `run`.
    """
    from nebius_cli.ledger.find_by_id import find_text, ran_locally

    row, text = find_text(app.ledger, options.id, "rerun")
    if ran_locally(row, options.model_file):
        options = options._replace(local=True)
    _check(options)
    settings = app.settings(options.connection)
    return _send(options, request_body.from_body(text.body, text.query), settings, app)


def _earlier(options: CompleteOptions, app: App) -> "Continuation":
    """Return how to continue an earlier answer; print a note if it is complete. Raises UsageError."""
    from nebius_cli.ledger.prompt_to_continue import continuation

    found = continuation(app.ledger, options.prompt.continue_from, options.prompt.choice)
    if found.ended and app.streams.stderr_tty:
        app.note(f"the answer of request {found.row['id']} ended with stop; there may be nothing to add")
    return found


def _send(options: CompleteOptions, what: CompletionRequest, settings: RunSettings, app: App) -> ExitCode:
    with _endpoint(options, what, settings, app) as endpoint:
        if not _local(options):
            app.check_budget(settings, what.model, endpoint.key, over=options.over_budget)
        return _answer(options, what, settings, app, endpoint)


def _check(options: CompleteOptions) -> None:
    if options.json and options.ndjson:
        raise UsageError("--json and --ndjson cannot be used together", "", "keep one of them")
    if output_options.parse_view(options.view) and (options.json or options.ndjson):
        what, hint = "--view cannot be used with --json or --ndjson", "nbx view FILE shows saved JSON"
        raise UsageError(what, "", hint)
    output_options.parse_export(options.export)
    check(options.prompt)
    if options.validate:
        output_options.check_reasons(options.fail_on)
    parse_field_flags.parse_unset(options.unset)


def _fields(
    options: CompleteOptions, given: Mapping[str, Value], configured: dict[str, Value], app: App
) -> dict[str, Value]:
    """Return the request fields from flags, else from the configuration, and those that nbx adds itself."""
    if _local(options):
        configured.pop("ai_project_id", None)
        from nebius_cli.local import prepare_local_model

        model = prepare_local_model.model_name(options.model_file, given.get("model"), app)
        given = {**given, "model": model}
    fields = {**configured, **given}
    if options.view or options.export:
        fields.setdefault("logprobs", VIEW_LOGPROBS)
    request_body.add_stream(fields, given, as_json=options.json)
    return fields


def _show(what: CompletionRequest, settings: RunSettings, app: App, *, as_curl: bool) -> ExitCode:
    text = what.encode().decode("utf-8")
    if app.streams.stdout_tty:
        text = visible_json(text)
    if as_curl:
        url = urls.shown_endpoint(settings.base_url, "/completions", what.query())
        trusted, headers = settings.curl_authorities(app.streams.environ), settings.headers
        text = curl_command.curl_command(
            url, text.encode(), streamed=what.streamed, trusted=trusted, headers=headers
        )
    app.write(text + "\n")
    return ExitCode.DONE


def _local(options: CompleteOptions) -> bool:
    return options.local or options.model_file is not None


@contextlib.contextmanager
def _endpoint(
    options: CompleteOptions, what: CompletionRequest, settings: RunSettings, app: App
) -> Iterator[Endpoint]:
    """Yield the configured server, or the endpoint of an engine that runs until the block ends."""
    if not _local(options):
        yield app.endpoint(settings, options.api_key, options.api_key_file)
        return
    from nebius_cli.local import prepare_local_model

    parallel, caches = max(4, what.n), min(4, what.choices)
    with prepare_local_model.running(options.model_file, app, parallel=parallel, caches=caches) as engine:
        # The engine takes a while to load the model; use the time for this import.
        import nebius_cli.api.send_completion  # noqa: F401

        yield Endpoint(engine.base_url, engine.key, is_local=True)


def _answer(
    options: CompleteOptions, what: CompletionRequest, settings: RunSettings, app: App, endpoint: Endpoint
) -> ExitCode:
    target = OutputFile(options.output) if options.output not in (None, "-") else None
    if target is None and app.streams.stdout is None:
        raise OutputError("cannot write the answer", "stdout is closed", "-o FILE writes it to a file")
    export = OutputFile(options.export) if options.export else None
    local, over = _local(options), options.over_budget
    # Connect during the slow imports below, unless a budget may still refuse the request.
    with contextlib.closing(app.api(settings, endpoint, begin_now=over or not settings.has_budget)) as api:
        from nebius_cli.api.send_completion import Exchange, Hooks
        from nebius_cli.render.answer_writer import AnswerWriter

        shown, after = _how_to_show(options, what, app), LEDGER_MODULES if settings.ledger else ()
        long = api.is_distant
        answer = AnswerWriter(app.streams, shown, target, export, needed_after=after, long_wait=long)

        def say(text: str) -> None:
            answer.pause()
            app.note(text)
            answer.wait_to_retry()

        frames = options.json or options.ndjson
        hooks = Hooks(answer.event, answer.wait, say, lambda: answer.nothing_written, frames)
        exchange = Exchange(api, what, limits_of(settings), app.streams, hooks)
        with app.recorded(exchange, settings, local=local, over_budget=over):
            return _receive(options, exchange, answer, settings, app)


def _receive(
    options: CompleteOptions, exchange: "Exchange", answer: "AnswerWriter", settings: RunSettings, app: App
) -> ExitCode:
    from nebius_cli.render.usage_metrics import Timing
    from nebius_cli.response.answer_warnings import oddities

    what = exchange.request

    def timing() -> Timing:
        return Timing(exchange.sent_at, exchange.first_token_at, app.streams.monotonic())

    try:
        exchange.run()
        reasons = exchange.completion.reasons()
        exchange.completion.check_reasons(options.fail_on)
        if _local(options) and what.choices > 1:
            exchange.completion.usage = None  # the engine reports the usage of only one choice
        answer.finish(exchange.completion, timing())
    except NbxError as error:
        near = ""
        if isinstance(error, RejectedError) and error.hint == HINTS[404]:
            near = app.models_cache(settings).did_you_mean(what.model)
        error.hint = answer.finish_incomplete(exchange.completion, timing()) or near or error.hint
        raise
    except BaseException as stop:
        if kept := answer.finish_incomplete(exchange.completion, timing()):
            stop.add_note(kept)
        raise
    for oddity in oddities(exchange.completion, what.prompt, echo=what.fields.get("echo") is True):
        app.warn(oddity)
    if "length" in reasons and "max_tokens" not in what.fields and app.streams.stderr_tty:
        more = "" if options.id else "; --max-tokens N allows more"  # a stored body is sent unchanged
        app.note(f"the server's default limit cut off the answer{more}")
    return ExitCode.DONE


def _how_to_show(options: CompleteOptions, what: CompletionRequest, app: App) -> OutputOptions:
    return OutputOptions(
        Mode.JSON if options.json else Mode.NDJSON if options.ndjson else Mode.TEXT,
        Layout(b"\0" if options.prompt.null else b"\n", final=options.newline),
        what.choices,
        len(read_prompt.as_list(what.prompt)),
        quiet=app.flags.quiet,
        usage=options.usage,
        color_out=app.color_out,
        color_err=app.color_err,
        view=output_options.parse_view(options.view),
        view_drawn=app.flags.color == "always",
        export=output_options.parse_export(options.export),
    )
