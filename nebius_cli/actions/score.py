"""`nbx score` and `nbx rank`: how likely texts are under a model, over the API or in the embedded engine."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.api.limits import limits_of
from nebius_cli.config.settings import Sourced, parse_connection
from nebius_cli.core.errors import (
    ExitCode,
    NbxError,
    UsageError,
)
from nebius_cli.core.secret import Secret
from nebius_cli.request import prompt, request
from nebius_cli.request.fields import Value
from nebius_cli.request.request import CompletionRequest
from nebius_cli.scoring import groups, likelihood, records, tables
from nebius_cli.scoring.groups import Scorer
from nebius_cli.scoring.likelihood import Passage, Score
from nebius_cli.scoring.records import ScoreRow
from nebius_cli.system.files import encode_argument
from nebius_cli.terminal.spinner import Spinner

GROUP = 16  # prompts of one request: servers limit them, and one that fails fails all
TAKEN = ("model", "ai_project_id", "service_tier", "user", "extra_body")  # of what is configured

SHORT_HELP = """usage: nbx score [OPTIONS] TEXT
  nbx score --local "The capital of France is Paris."
  nbx score --help  shows every flag
"""


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What was typed after `nbx score` or `nbx rank`; `fields` and `connection` are tables of flags."""

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
    over_budget: bool = False
    local: bool = False
    model_file: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
    api_key_file: str | None = None
    api_key: Secret | None = None


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A model that scores `at_once` passages with one request, under the name that it has."""

    name: str
    score: Scorer
    at_once: int


def run_score(options: ScoreOptions, app: App) -> ExitCode:
    """Score one text, or each of a JSONL file. Raises NbxError."""
    given = [options.text, options.file, options.jsonl]
    if not any(one is not None for one in given) and (app.streams.stdin is None or app.streams.stdin_tty):
        app.streams.write_err(SHORT_HELP)
        return ExitCode.USAGE
    if sum(one is not None for one in given) > 1:
        raise UsageError(
            "more than one text", "an argument, --file and --jsonl each are all of it", "keep one"
        )
    context = _context(options, app)
    if options.jsonl is not None:
        rows = records.parse_score_rows(app.read_text(options.jsonl), options.jsonl, context)
        with _model(options, app) as model:
            return _score_rows(rows, model, options, app)
    passage = Passage(_text(options, app), context)
    prompt.check_not_empty(passage.text, "give a text as an argument, with --file or on stdin")
    with _model(options, app) as model:
        [score] = _scores([passage], model, app)
        if isinstance(score, NbxError):
            raise score
        _doubt(score, app)
        if options.json:
            told = {"model": model.name, **records.score_record(score, tokens=options.tokens)}
            app.write_json(told)
        else:
            table = tables.tokens if options.tokens else tables.measures
            _write(partial(table, score), app)
    return ExitCode.DONE


def run_rank(options: ScoreOptions, app: App) -> ExitCode:
    """Order candidates by how likely they are after a context. Raises NbxError."""
    if len(options.candidates) < 2:
        raise UsageError("nothing to rank", "two candidates or more are compared", "nbx rank --context C A B")
    if options.tokens and not options.json:
        raise UsageError("--tokens without --json", "a table of candidates has no place for them", "--json")
    context = _context(options, app)
    passages = [
        Passage(prompt.decode_argument(one, encode_argument(one)), context) for one in options.candidates
    ]
    with _model(options, app) as model:
        scores = []
        for score in _scores(passages, model, app):
            if isinstance(score, NbxError):
                raise score
            scores.append(score)
            _doubt(score, app)
        if any(score.scored < len(score.tokens) for score in scores):
            app.warn(
                "the first token of a candidate has no prediction and does not count; --context gives it one"
            )
        _write_ranks(passages, scores, model, options, app)
    return ExitCode.DONE


def _context(options: ScoreOptions, app: App) -> str:
    if options.context is not None and options.context_file is not None:
        raise UsageError("--context and --context-file together", "there is one context", "keep one of them")
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
def _model(options: ScoreOptions, app: App) -> Iterator[ScoringModel]:
    """Give the model that scores: the server's, or the embedded one while it runs."""
    if options.max_tokens not in ("0", "1"):
        raise UsageError(
            f"--max-tokens {options.max_tokens}", "scoring generates 1 token, which is dropped, or 0"
        )
    params = request.parse_params(options.param, validate=True)
    given = request.parse_fields(options.fields, str, validate=True)
    merged = app.settings(parse_connection(options.connection))
    if options.local or options.model_file is not None:
        if params:
            raise UsageError(
                "--param with --local", "the embedded engine scores without a request to add it to"
            )
        app.local_model(options.model_file, given.get("model"))
        yield from _embedded(options, app)
        return
    configured = {name: merged[name].value for name in TAKEN if name in merged}
    fields: dict[str, Any] = {**configured, **given, "max_tokens": int(options.max_tokens), "temperature": 0}
    fields |= {"logprobs": 1, "echo": True, "stream": False}
    request.check_rules(fields, params, validate=True)
    name = str(params.get("model", fields.get("model")))
    yield ScoringModel(name, _over_api(fields, params, merged, options, app), GROUP)


def _over_api(
    fields: Mapping[str, Value],
    params: Mapping[str, Any],
    merged: Mapping[str, Sourced],
    options: ScoreOptions,
    app: App,
) -> Scorer:
    """Return what scores with one request: the prompts echoed, with the log probabilities of their tokens."""
    api = app.api(merged, app.key(options.api_key, options.api_key_file).secret)
    from nebius_cli.api.exchange import Exchange, Hooks  # brings urllib3

    hooks = Hooks(lambda _: None, lambda: None, app.note, lambda: True)

    def score(passages: Sequence[Passage]) -> list[Score]:
        texts = [passage.prompt for passage in passages]
        what = CompletionRequest(texts[0] if len(texts) == 1 else texts, fields, params)
        app.check_budget(merged, what.model, over=options.over_budget)
        exchange = Exchange(api, what, limits_of(merged), app.streams, hooks)
        with app.recorded(exchange, merged, local=False):
            completion = exchange.run()
        choices = [completion.choices[place] for place in range(len(passages))]
        return [
            likelihood.from_echo(passage, choice.text, choice.to_json()["logprobs"], int(options.max_tokens))
            for passage, choice in zip(passages, choices, strict=True)
        ]

    return score


def _embedded(options: ScoreOptions, app: App) -> Iterator[ScoringModel]:
    from nebius_cli.local.engine_scoring import EngineScoring

    with app.engine(options.model_file, parallel=1) as running, EngineScoring(running) as native:

        def score(passages: Sequence[Passage]) -> list[Score]:
            scores = []
            for passage in passages:
                pieces = native.tokenize(passage.prompt)
                first = likelihood.first_scored(passage, [piece.raw for piece in pieces])
                scores.append(likelihood.from_tokens(passage, list(native.logprobs(pieces, first))))
            return scores

        yield ScoringModel(running.model, score, 1)


def _scores(passages: Sequence[Passage], model: ScoringModel, app: App) -> Iterator[Score | NbxError]:
    """Yield what `score_groups.scores` does, with a sign on a terminal that something happens."""
    waiting = Spinner(app.streams, enabled=app.draws_err and not app.flags.quiet)

    def score(group: Sequence[Passage]) -> list[Score]:
        waiting.start("scoring")
        try:
            return model.score(group)
        finally:
            waiting.stop()

    return groups.score_in_groups(passages, score, model.at_once)


def _score_rows(rows: Sequence[ScoreRow], model: ScoringModel, options: ScoreOptions, app: App) -> ExitCode:
    """Write a record a row, in their order, as they come."""
    failed = 0
    for row, score in zip(rows, _scores([row.passage for row in rows], model, app), strict=True):
        if isinstance(score, NbxError):
            failed += 1
            told = records.failure_record(score)
        else:
            told = records.score_record(score, tokens=options.tokens)
        app.write_json({"id": row.id, **told})
    if failed:
        app.note(f"{failed} of {len(rows)} rows have no score; their records say why")
    return ExitCode.ROWS_FAILED if failed else ExitCode.DONE


def _write_ranks(
    passages: Sequence[Passage], scores: Sequence[Score], model: ScoringModel, options: ScoreOptions, app: App
) -> None:
    """Write the candidates, the likeliest in total first, with the measures by which each of them wins."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place].log_likelihood)
    best = records.winners(scores)
    if options.json:
        entries = [
            {"candidate": place, "text": passages[place].text}
            | records.score_record(scores[place], tokens=options.tokens)
            for place in order
        ]
        told = {"model": model.name, "winners": best, "candidates": entries}
        app.write_json(told)
        return
    texts = [passage.text for passage in passages]
    _write(partial(tables.ranks, texts, scores, order, best), app)


def _write(table: Callable[..., tables.Table], app: App) -> None:
    app.write_table(*table(drawn=app.draws_out), numbers=tables.NUMBERS)


def _doubt(score: Score, app: App) -> None:
    for doubt in records.warnings(score):
        app.warn(doubt)
