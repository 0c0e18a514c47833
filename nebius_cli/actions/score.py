"""`nbx score` and `nbx rank`: show how likely texts are under a model, over the API or embedded."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.api.limits import limits_of
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors import (
    ExitCode,
    NbxError,
    UsageError,
)
from nebius_cli.core.secret import Secret
from nebius_cli.request import prompt, request, request_flags
from nebius_cli.request.field_validation import Value
from nebius_cli.request.request import CompletionRequest
from nebius_cli.response.answer_builder import Completion
from nebius_cli.scoring import groups, ranking, records, rows, tables
from nebius_cli.scoring.api_scorer import (
    CONFIGURED_FIELDS,
    MAX_PROMPTS_PER_REQUEST,
    ApiScorer,
    Send,
    scoring_fields,
)
from nebius_cli.scoring.groups import ScoringModel
from nebius_cli.scoring.likelihood import Passage, Score
from nebius_cli.scoring.row_records import RowRecords
from nebius_cli.scoring.rows import ScoreRow
from nebius_cli.system.files import encode_argument
from nebius_cli.terminal.spinner import Spinner

SHORT_HELP = """usage: nbx score [OPTIONS] TEXT
  nbx score --local "The capital of France is Paris."
  nbx score --help  shows every flag
"""


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The flags of `nbx score` or `nbx rank`; `fields` and `connection` map flags to values."""

    text: str | None = None
    candidates: tuple[str, ...] = ()
    file: str | None = None
    jsonl: str | None = None
    context: str | None = None
    context_file: str | None = None
    strip_final_newline: bool = False
    tokens: bool = False
    json: bool = False
    max_tokens: str = "1"
    param: tuple[str, ...] = ()
    against: str | None = None
    logprobs: str | None = None
    over_budget: bool = False
    local: bool = False
    model_file: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str | bool] = field(default_factory=dict)
    api_key_file: str | None = None
    api_key: Secret | None = None


def run_score(options: ScoreOptions, app: App) -> ExitCode:
    """Score one text, or each row of a JSONL file. Raises NbxError."""
    given = [options.text, options.file, options.jsonl]
    if not any(one is not None for one in given) and (app.streams.stdin is None or app.streams.stdin_tty):
        app.streams.write_err(SHORT_HELP)
        return ExitCode.USAGE
    if sum(one is not None for one in given) > 1:
        raise UsageError("more than one text", "use only one of an argument, --file and --jsonl", "keep one")
    _check_against(options)
    context = _context(options, app)
    if options.jsonl is not None:
        parsed = rows.parse_score_rows(app.read_text(options.jsonl), options.jsonl, context)
        if options.against is not None and any(row.is_question for row in parsed):
            raise UsageError("--against with choices", "--against compares texts only")
        with _models(options, app) as models:
            return _score_rows(parsed, models, options, app)
    passage = Passage(_text(options, app), context)
    prompt.check_not_empty(passage.text, "give a text as an argument, with --file or on stdin")
    with _models(options, app) as models:
        scores = [_score_one(passage, model, app) for model in models]
        _write_score(scores, models, options, app)
    return ExitCode.DONE


def _check_against(options: ScoreOptions) -> None:
    if options.against is not None and (options.local or options.model_file is not None):
        raise UsageError("--against with --local", "both models must be on the same server")
    if options.against is not None and options.tokens and not (options.json or options.jsonl):
        raise UsageError("--tokens without --json", "the table for two models does not show tokens", "--json")
    if options.logprobs is not None and options.against is None:
        raise UsageError("--logprobs without --against", "it sets how many tokens are compared")


def _score_one(passage: Passage, model: ScoringModel, app: App) -> Score:
    [score] = _scores([[passage]], model, app)
    if isinstance(score, NbxError):
        raise score
    _warn(score, app)
    return score


def _write_score(
    scores: Sequence[Score], models: Sequence[ScoringModel], options: ScoreOptions, app: App
) -> None:
    """Write the score of one text, under one model or two."""
    if len(scores) == 1:
        if options.json:
            values = records.score_record(scores[0], tokens=options.tokens)
            app.write_json({"model": models[0].name, **values})
            return
        table = tables.tokens if options.tokens else tables.measures
        _write(partial(table, scores[0]), app)
        return
    one, other = scores
    names = (models[0].name, models[1].name)
    found = _row_records(models, options)
    values = found.compare(one, other)
    if options.json:
        app.write_json({"model": names[0], "against_model": names[1], **values})
        return
    _write(partial(tables.compared, one, other, names), app)
    if options.logprobs is not None:
        for line in found.lines()[2:]:  # the first two are in the table
            app.note(line)


def _row_records(models: Sequence[ScoringModel], options: ScoreOptions) -> RowRecords:
    names = [model.name for model in models]
    return RowRecords(names, with_divergence=options.logprobs is not None, tokens=options.tokens)


def run_rank(options: ScoreOptions, app: App) -> ExitCode:
    """Rank candidates by their likelihood after a context. Raises NbxError."""
    if len(options.candidates) < 2:
        raise UsageError("nothing to rank", "it needs at least two candidates", "nbx rank --context C A B")
    if options.tokens and not options.json:
        raise UsageError("--tokens without --json", "the table of candidates does not show tokens", "--json")
    context = _context(options, app)
    passages = [
        Passage(prompt.decode_argument(one, encode_argument(one)), context) for one in options.candidates
    ]
    with _models(options, app) as [model]:
        scores = []
        for score in _scores([passages], model, app):
            if isinstance(score, NbxError):
                raise score
            scores.append(score)
            _warn(score, app)
        if any(score.scored < len(score.tokens) for score in scores):
            app.warn("without --context, the first token of a candidate has no prediction and does not count")
        _write_ranks(passages, scores, model, options, app)
    return ExitCode.DONE


def _context(options: ScoreOptions, app: App) -> str:
    if options.context is not None and options.context_file is not None:
        raise UsageError(
            "--context and --context-file together", "a text has only one context", "keep one of them"
        )
    if options.context_file is not None:
        return app.read_text(options.context_file)
    context = options.context or ""
    return prompt.decode_argument(context, encode_argument(context))


def _text(options: ScoreOptions, app: App) -> str:
    reading = prompt.DecodeOptions(strip_final_newline=options.strip_final_newline)
    if options.text is not None and options.text != "-":
        return prompt.decode_argument(options.text, encode_argument(options.text))
    return prompt.decode(app.read(options.file or "-"), options.file or "stdin", reading)


@contextlib.contextmanager
def _models(options: ScoreOptions, app: App) -> Iterator[list[ScoringModel]]:
    """Yield the models to score with: the server's and the one of --against, or the embedded one."""
    if options.max_tokens not in ("0", "1"):
        raise UsageError(
            f"--max-tokens {options.max_tokens}", "scoring discards the generated token, so it takes 0 or 1"
        )
    params = request_flags.parse_params(options.param, validate=True)
    given = request_flags.parse_fields(options.fields, str, validate=True)
    settings = app.settings(options.connection)
    if options.local or options.model_file is not None:
        if params:
            raise UsageError("--param with --local", "the embedded engine sends no request")
        yield from _embedded(given.get("model"), options, app)
        return
    found = settings.request_fields
    configured = {name: found[name] for name in CONFIGURED_FIELDS if name in found}
    fields = scoring_fields({**configured, **given}, int(options.max_tokens), _alternatives(options))
    request.check_rules(fields, params, validate=True)
    send = _sender(settings, options, app)
    compared = {name: value for name, value in params.items() if name != "model"}
    models = [_server_model(fields, params, send, app)]
    if options.against is not None:
        models.append(_server_model({**fields, "model": options.against}, compared, send, app))
    yield models


def _alternatives(options: ScoreOptions) -> int:
    """Return how many likely tokens to ask for."""
    if options.logprobs is None:
        return 1
    parsed = request_flags.parse_fields({"logprobs": options.logprobs}, str, validate=True)["logprobs"]
    return max(1, int(str(parsed)))


def _server_model(fields: Mapping[str, Any], params: Mapping[str, Any], send: Send, app: App) -> ScoringModel:
    name = str(params.get("model", fields.get("model")))
    return ScoringModel(name, ApiScorer(fields, params, send, app.note), MAX_PROMPTS_PER_REQUEST)


def _sender(settings: RunSettings, options: ScoreOptions, app: App) -> Send:
    """Return a function that sends a request, records it in the ledger, and returns the answer."""
    api = app.api(settings, app.endpoint(settings, options.api_key, options.api_key_file))
    from nebius_cli.api.exchange import Exchange, Hooks  # imports urllib3

    hooks = Hooks(lambda _: None, lambda: None, app.note, lambda: True)

    def send(completion_request: CompletionRequest) -> Completion:
        app.check_budget(settings, completion_request.model, over=options.over_budget)
        exchange = Exchange(api, completion_request, limits_of(settings), app.streams, hooks)
        with app.recorded(exchange, settings, over_budget=options.over_budget):
            return exchange.run()

    return send


def _embedded(asked: Value | None, options: ScoreOptions, app: App) -> Iterator[list[ScoringModel]]:
    from nebius_cli.local import run_embedded
    from nebius_cli.scoring.embedded_scorer import engine_scorer

    run_embedded.model_name(options.model_file, asked, app)
    with run_embedded.scoring(options.model_file, app) as (name, engine):
        yield [ScoringModel(name, engine_scorer(engine), 1)]


def _scores(
    passages: Sequence[Sequence[Passage]], model: ScoringModel, app: App
) -> Iterator[Score | NbxError]:
    """Yield the score or error of each passage of each row; show a spinner on a terminal."""
    spinner = Spinner(app.streams, enabled=app.draws_err and not app.flags.quiet)

    def score(group: Sequence[Passage]) -> list[Score | NbxError]:
        spinner.start("scoring")
        try:
            return model.score(group)
        finally:
            spinner.stop()

    return groups.score_in_groups(groups.packed(passages, model.group_size), score, app.note)


def _score_rows(
    parsed: Sequence[ScoreRow], models: Sequence[ScoringModel], options: ScoreOptions, app: App
) -> ExitCode:
    """Write one record per row, in order, as the scores arrive; then what they add up to."""
    streams = [_scores([row.passages for row in parsed], model, app) for model in models]
    found = _row_records(models, options)
    for row in parsed:
        results = [result for stream in streams for result in islice(stream, len(row.passages))]
        app.write_json(found.record(row, results))
    for line in found.lines():
        app.note(line)
    return ExitCode.ROWS_FAILED if found.failed else ExitCode.DONE


def _write_ranks(
    passages: Sequence[Passage], scores: Sequence[Score], model: ScoringModel, options: ScoreOptions, app: App
) -> None:
    """Write the candidates, the likeliest first, with the measures by which each one wins."""
    order, winners = ranking.order(scores), ranking.winners(scores)
    if options.json:
        candidates = ranking.to_json(passages, scores, order, tokens=options.tokens)
        app.write_json({"model": model.name, "winners": winners, "candidates": candidates})
        return
    texts = [passage.text for passage in passages]
    _write(partial(tables.ranks, texts, scores, order, winners), app)


def _write(table: Callable[..., tables.Table], app: App) -> None:
    app.write_table(*table(drawn=app.draws_out), numbers=tables.NUMBERS, stacked=True)


def _warn(score: Score, app: App) -> None:
    for warning in records.warnings(score):
        app.warn(warning)
