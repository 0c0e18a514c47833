"""`nbx complete`: build the request, send it, put the answer where it belongs."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nebius_cli.actions.app import App, limits_of, parse_connection
from nebius_cli.adapters.files import OutputFile, encode_argument, read_bytes
from nebius_cli.core import curl, prompt, request, urls
from nebius_cli.core.catalog import BY_NAME
from nebius_cli.core.errors import (
    ExitCode,
    IncompleteError,
    NbxError,
    OutputError,
    RejectedError,
    UsageError,
)
from nebius_cli.core.fields import Value
from nebius_cli.core.prompt import Prompt
from nebius_cli.core.request import CompletionRequest
from nebius_cli.core.secret import Secret
from nebius_cli.core.settings import Sourced
from nebius_cli.ui.renderer import Layout, Mode, Show
from nebius_cli.ui.safe import visible_json
from nebius_cli.ui.usage import Timing

MOST_LOCAL_N = 64  # sequences that the engine's cache is made for
KNOWN_REASONS = ("stop", "length", "content_filter")

SHORT_HELP = """usage: nbx complete [OPTIONS] PROMPT...
  nbx complete "The capital of France is" --max-tokens 8
  echo "Once upon a time" | nbx complete --strip-final-newline
  nbx complete --help  shows every flag
"""


@dataclass(frozen=True, slots=True)
class CompleteOptions:
    """What was typed after `nbx complete`. `fields` and `connection` hold the flags of their tables."""

    prompt: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    tokens: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    strip_final_newline: bool = False
    allow_empty: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
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
    local: bool = False
    model_file: str | None = None
    api_key_file: str | None = None
    api_key: Secret | None = None


def run(options: CompleteOptions, app: App) -> ExitCode:
    """Complete the prompt. Raises NbxError for every failure that has a name."""
    sources = prompt.Sources(options.prompt, options.file, options.prompts, options.tokens)
    if not sources.given and (app.streams.stdin is None or app.streams.stdin_tty):
        app.streams.write_err(SHORT_HELP)
        return ExitCode.USAGE
    _check(options)
    given = request.parse_fields(
        options.fields, lambda path: _text_file(path, app), validate=options.validate
    )
    params = request.parse_params(options.param, validate=options.validate)
    merged = app.settings(parse_connection(options.connection))
    fields = _fields(options, given, merged)
    request.check_rules(fields, params, validate=options.validate)
    completion_request = CompletionRequest(_prompt(options, sources, app), fields, params)
    for warning in request.warnings(completion_request):
        app.warn(warning)
    for reason in options.fail_on:
        if reason not in KNOWN_REASONS:
            app.warn(f"--fail-on {reason}: servers say {', '.join(KNOWN_REASONS)}")
    if _local(options) and fields.get("echo"):
        app.warn("the embedded engine ignores echo: the prompt will not come back")
    if options.dry_run or options.curl:
        return _show(completion_request, merged, app, as_curl=options.curl)
    if "logprobs" in given and not (options.json or options.ndjson):
        app.warn("log probabilities come with --json or --ndjson; text has no place for them")
    with _server(options, app, completion_request) as (base_url, key):
        return _answer(options, completion_request, merged, app, base_url, key)


def _check(options: CompleteOptions) -> None:
    if options.json and options.ndjson:
        raise UsageError("--json and --ndjson together", "the answer has one form", "keep one of them")
    if options.curl and _local(options):
        raise UsageError(
            "--curl with --local", "the engine is gone when nbx ends", "nbx local serve keeps one running"
        )
    if options.invalid not in ("strict", "replace"):
        raise UsageError(f"--invalid {options.invalid}", "it takes strict or replace")
    n = options.fields.get("n", "")
    if _local(options) and n.isdecimal() and int(n) > MOST_LOCAL_N:
        raise UsageError(f"-n {n} with --local", f"the embedded engine makes at most {MOST_LOCAL_N} at once")
    for name in options.unset:
        if name.replace("-", "_") not in BY_NAME:
            close = request.nearest(name, tuple(BY_NAME))
            raise UsageError(
                f"--unset {name}", "there is no such request field", f"did you mean {close}?" if close else ""
            )


def _fields(
    options: CompleteOptions, given: Mapping[str, Value], merged: Mapping[str, Sourced]
) -> dict[str, Value]:
    """Return the request fields that are set: by flag, else configured; plus what nbx itself decides."""
    unset = {name.replace("-", "_") for name in options.unset}
    configured = {
        name: s.value
        for name, s in merged.items()
        if name in BY_NAME and name not in unset and not isinstance(s.value, Secret)
    }
    if _local(options):
        configured.pop("ai_project_id", None)
        configured["model"] = _local_model(options)
    fields = {**configured, **given}
    if "stream" not in fields and not options.json:
        fields["stream"] = True
    if fields.get("stream") is True:
        fields.setdefault("stream_options", {"include_usage": True})
    elif "stream_options" not in given:
        fields.pop("stream_options", None)
    return fields


def _prompt(options: CompleteOptions, sources: prompt.Sources, app: App) -> Prompt:
    reading = prompt.reading(
        options.encoding,
        replace_invalid=options.invalid == "replace",
        strip_final_newline=options.strip_final_newline,
    )
    readers = prompt.Readers(app.streams.read_stdin, read_bytes, encode_argument)
    text = prompt.gather(sources, readers, reading, nul=options.null, allow_empty=options.allow_empty)
    if not options.allow_empty:
        prompt.check_not_empty(text)
    return text


def _text_file(path: str, app: App) -> str:
    data = app.streams.read_stdin() if path == "-" else read_bytes(path)
    return prompt.decode(data, path, prompt.Reading())


def _show(what: CompletionRequest, merged: Mapping[str, Sourced], app: App, *, as_curl: bool) -> ExitCode:
    text = what.encode()
    if as_curl:
        base = urls.parse_base_url(str(merged["base_url"].value))
        url = urls.redacted(urls.url_of(base, "/completions", what.query()))
        text = curl.command(url, text, streamed=what.streamed, cacert=app.cacert(merged)).encode("utf-8")
    elif app.streams.stdout_tty:
        text = visible_json(text.decode("utf-8")).encode("utf-8")
    app.streams.write_out(text + b"\n")
    return ExitCode.DONE


def _local(options: CompleteOptions) -> bool:
    return options.local or options.model_file is not None


def _local_model(options: CompleteOptions) -> str:
    from nebius_cli.adapters.weights import DEFAULT_MODEL

    if options.model_file is None:
        return DEFAULT_MODEL.name
    return Path(options.model_file).stem


@contextlib.contextmanager
def _server(options: CompleteOptions, app: App, what: CompletionRequest) -> Iterator[tuple[str, Secret]]:
    """Give the base URL and key to use: the configured ones (URL empty), or an engine's while it runs."""
    if not _local(options):
        yield "", app.key(options.api_key, options.api_key_file).secret
        return
    from nebius_cli.adapters import engine, weights

    engine.require()
    file = options.model_file
    path = Path(file) if file is not None else app.weights(weights.DEFAULT_MODEL)
    slots, caches = max(4, what.n), min(4, what.choices)
    with engine.Engine(path, parallel=slots, caches=caches) as running:
        # The model loads in a process of its own; this takes as long, and happens meanwhile.
        import nebius_cli.adapters.exchange  # noqa: F401

        yield running.base_url, running.key


def _answer(
    options: CompleteOptions,
    what: CompletionRequest,
    merged: Mapping[str, Sourced],
    app: App,
    base_url: str,
    key: Secret,
) -> ExitCode:
    from nebius_cli.adapters.exchange import Exchange, Hooks  # brings requests
    from nebius_cli.ui.answer import Answer

    api = app.api(merged, key, base_url=base_url)
    target = OutputFile(options.output) if options.output not in (None, "-") else None
    if target is None and app.streams.stdout is None:
        raise OutputError("cannot write the answer", "stdout is closed", "-o FILE writes it to a file")
    answer = Answer(app.streams, _how_to_show(options, what, app), target)

    def say(text: str) -> None:
        answer.pause()
        app.note(text)
        answer.rest()

    hooks = Hooks(answer.event, answer.wait, say, lambda: answer.untouched)
    exchange = Exchange(api, what, limits_of(merged), app.streams, hooks)

    def timing() -> Timing:
        return Timing(exchange.sent_at, exchange.first_token_at, app.streams.monotonic())

    try:
        exchange.run()
        reasons = exchange.completion.reasons()
        _fail_on(options.fail_on, reasons)
    except NbxError as error:
        near = _near(error, what, merged, app)
        error.hint = answer.cut(exchange.completion, timing()) or near or error.hint
        raise
    except BaseException as stop:
        if kept := answer.cut(exchange.completion, timing()):
            stop.add_note(kept)
        raise
    if _local(options) and what.choices > 1:
        exchange.completion.usage = None  # the engine counts one of the choices and calls it all
    answer.finish(exchange.completion, timing())
    if "length" in reasons and "max_tokens" not in what.fields and app.streams.stderr_tty:
        app.note("the server's own limit cut the answer; --max-tokens N asks for more")
    return ExitCode.DONE


def _near(error: NbxError, what: CompletionRequest, merged: Mapping[str, Sourced], app: App) -> str:
    """Return the models that a name the server does not know may stand for; no network is used."""
    unknown = isinstance(error, RejectedError) and error.status == 404
    return app.nearest_models(merged, str(what.body().get("model", ""))) if unknown else ""


def _how_to_show(options: CompleteOptions, what: CompletionRequest, app: App) -> Show:
    return Show(
        Mode.JSON if options.json else Mode.NDJSON if options.ndjson else Mode.TEXT,
        Layout(b"\0" if options.null else b"\n", final=options.newline, color=app.color_out),
        what.choices,
        prompt.count(what.prompt),
        quiet=app.flags.quiet,
        usage=options.usage,
        color_err=app.color_err,
    )


def _fail_on(wanted: Sequence[str], reasons: Sequence[str]) -> None:
    for reason in reasons:
        if reason in wanted:
            hint = "--max-tokens N asks for more" if reason == "length" else ""
            raise IncompleteError(
                f"the answer ended with finish_reason {reason}", f"--fail-on {reason}", hint
            )
