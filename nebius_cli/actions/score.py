"""`nbx score` and `nbx rank`: show how likely texts are under a model, on a server or embedded."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from shlex import quote

from nebius_cli.actions import score_file
from nebius_cli.actions.app import App
from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.bulk.input.format_names import named_format
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import ExitCode, NbxError, UsageError
from nebius_cli.request import parse_field_flags, read_prompt, request_body
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.scoring import compare_models, format_scores, ranking, score_record
from nebius_cli.scoring.api_scorer import MAX_PROMPTS_PER_REQUEST, ApiScorer, Send, scoring_fields
from nebius_cli.scoring.likelihood_and_perplexity import Passage, Score
from nebius_cli.scoring.score_in_groups import ScoringModel, score_in_groups
from nebius_cli.scoring.score_options import ScoreOptions
from nebius_cli.scoring.score_totals import Totals
from nebius_cli.system.check_output_paths import exists_as_file
from nebius_cli.system.read_and_replace_files import encode_argument
from nebius_cli.terminal.spinner import Spinner

NO_TEXT = (
    "no text given",
    'nbx score --local "The capital of France is Paris."',
    "nbx score --help shows every flag",
)


def run_score(options: ScoreOptions, app: App) -> ExitCode:
    """Score one text, or each row of a JSONL file. Raises NbxError."""
    given = options.text is not None or options.file or options.jsonl
    if not given and (app.streams.stdin is None or app.streams.stdin_tty):
        raise UsageError(*NO_TEXT)
    options.check()
    context = _context(options, app)
    if options.jsonl:
        return score_file.run(options, context, app)
    _note_files(options, app)
    passage = Passage(_text(options, app), context)
    read_prompt.check_not_empty(passage.text, "give a text as an argument, with --file or on stdin")
    with _models(options, app) as models:
        scores = [_scores([passage], model, app)[0] for model in models]
        _write_score(scores, models, options, app)
    return ExitCode.DONE


def _write_score(
    scores: Sequence[Score], models: Sequence[ScoringModel], options: ScoreOptions, app: App
) -> None:
    """Write the score of one text, under one model or two."""
    if len(scores) == 1:
        if options.json:
            values = score_record.score_record(scores[0], tokens=options.tokens)
            app.write_json({"model": models[0].name, **values})
            return
        table = format_scores.tokens if options.tokens else format_scores.measures
        _write(partial(table, scores[0]), app)
        return
    one, other = scores
    names = (models[0].name, models[1].name)
    with_divergence = options.logprobs is not None
    values = compare_models.comparison_record(
        one, other, with_divergence=with_divergence, tokens=options.tokens
    )
    if options.json:
        app.write_json({"model": names[0], "against_model": names[1], **values})
        return
    _write(partial(format_scores.compared, one, other, names), app)
    if with_divergence:
        totals = Totals(names)
        totals.add(values)
        for line in totals.divergence_lines():
            app.note(line)


def run_rank(options: ScoreOptions, app: App) -> ExitCode:
    """Rank candidates by their likelihood after a context. Raises NbxError."""
    options.check()
    if len(options.candidates) < 2:
        raise UsageError("nothing to rank", "at least two candidates are needed", "nbx rank --context C A B")
    if "" in options.candidates:
        what = f"candidate {options.candidates.index('') + 1} is empty"
        raise UsageError(what, "an empty text has no likelihood")
    if options.tokens and not options.json:
        raise UsageError("--tokens requires --json", "the table does not show tokens", "add --json")
    _note_files(options, app)
    context = _context(options, app)
    passages = [
        Passage(read_prompt.decode_argument(one, encode_argument(one)), context) for one in options.candidates
    ]
    with _models(options, app) as models:
        scores = [_scores(passages, model, app) for model in models]
        if any(score.scored < len(score.tokens) for score in scores[0]):
            app.warn("without --context, the first token of a candidate has no prediction and does not count")
        _write_ranks(passages, scores, models, options, app)
    return ExitCode.DONE


def _context(options: ScoreOptions, app: App) -> str:
    if options.context is not None and options.context_file is not None:
        raise UsageError(
            "--context and --context-file cannot be used together",
            "a text has only one context",
            "keep one of them",
        )
    if options.context_file is not None:
        return app.read_text(options.context_file)
    context = options.context or ""
    return read_prompt.decode_argument(context, encode_argument(context))


def _note_files(options: ScoreOptions, app: App) -> None:
    """On a terminal, print a note if a text is a file name, or if a file of rows is scored as one text."""
    if not app.streams.stderr_tty:
        return
    if options.text is not None and exists_as_file(options.text):
        file = quote(options.text)
        ways = f"-f {file} scores the contents of the file, --jsonl {file} each row"
        app.note(f"the text is '{options.text}'; {ways}")
    for path in options.file:
        if named_format(path) not in ("", "text"):
            app.note(f"{path} is scored as one text; --jsonl {quote(path)} scores each row")
    if named := [one for one in options.candidates if exists_as_file(one)]:
        app.note(f"the candidate is the text '{named[0]}', not the contents of that file")


def _text(options: ScoreOptions, app: App) -> str:
    reading = read_prompt.DecodeOptions(strip_final_newline=options.strip_final_newline)
    if options.text is not None and options.text != "-":
        return read_prompt.decode_argument(options.text, encode_argument(options.text))
    [file] = options.file or ("-",)
    return read_prompt.decode(app.read(file), read_prompt.source_name(file), reading)


@contextlib.contextmanager
def _models(options: ScoreOptions, app: App) -> Iterator[list[ScoringModel]]:
    """Yield the models to score with: one, or two that are compared."""
    params = parse_field_flags.parse_params(options.param, validate=True)
    settings = app.settings(options.connection)
    fields = scoring_fields(settings.request_fields, options)
    send: Send | None = None
    with contextlib.ExitStack() as stack:
        models = []
        for index, chosen in enumerate(options.models):
            if chosen.runs_locally:
                asked = None if index else options.fields.get("model")
                models.append(stack.enter_context(_embedded(chosen.file, asked, options, app)))
                continue
            own, own_params = fields, params
            if chosen.name is not None:
                own = {**fields, "model": chosen.name}
                own_params = {name: value for name, value in params.items() if name != "model"}
            request_body.check_rules(own, own_params, validate=True)
            send = send or _sender(settings, options, app)
            name = str(own_params.get("model", own.get("model")))
            scorer = ApiScorer(own, own_params, send, app.note)
            models.append(ScoringModel(name, scorer, MAX_PROMPTS_PER_REQUEST))
        from nebius_cli.local.identify_weights import distinct_names

        names = distinct_names([model.name for model in models], [one.file for one in options.models])
        yield [replace(model, name=name) for model, name in zip(models, names, strict=True)]


def _sender(settings: RunSettings, options: ScoreOptions, app: App) -> Send:
    """Return a function that sends a request, records it in the ledger, and returns the answer."""
    endpoint = app.endpoint(settings, options.api_key, options.api_key_file)
    api = app.api(settings, endpoint)
    from nebius_cli.api.send_completion import Exchange, Hooks  # imports urllib3

    hooks = Hooks(lambda _: None, lambda: None, app.note, lambda: True)

    def send(completion_request: CompletionRequest) -> Completion:
        app.check_budget(settings, completion_request.model, endpoint.key, over=options.over_budget)
        exchange = Exchange(api, completion_request, limits_of(settings), app.streams, hooks)
        with app.recorded(exchange, settings, over_budget=options.over_budget):
            return exchange.run()

    return send


@contextlib.contextmanager
def _embedded(file: str | None, asked: str | None, options: ScoreOptions, app: App) -> Iterator[ScoringModel]:
    from nebius_cli.local import prepare_local_model
    from nebius_cli.scoring.embedded_scorer import score_passage

    prepare_local_model.model_name(file, asked, app)
    with prepare_local_model.scoring(file, app) as (name, engine):
        window = options.sliding_window
        window = window and window.in_context(engine.context_tokens)

        def score(passages: Sequence[Passage]) -> list[Score | NbxError]:
            return [score_passage(engine, passage, window)[0] for passage in passages]

        yield ScoringModel(name, score, 1)


def _scores(passages: Sequence[Passage], model: ScoringModel, app: App) -> list[Score]:
    """Return the score of each passage; print warnings. Raises NbxError if one cannot be scored."""
    spinner = Spinner(app.streams, enabled=app.draws_err and not app.flags.quiet)

    def score_group(group: Sequence[Passage]) -> list[Score | NbxError]:
        spinner.start("scoring")
        try:
            return model.score(group)
        finally:
            spinner.stop()

    scores = []
    for score in score_in_groups(passages, model.group_size, score_group, app.note):
        if isinstance(score, NbxError):
            raise score
        scores.append(score)
        for warning in score_record.warnings(score):
            app.warn(warning)
    return scores


def _write_ranks(
    passages: Sequence[Passage],
    scores: Sequence[Sequence[Score]],
    models: Sequence[ScoringModel],
    options: ScoreOptions,
    app: App,
) -> None:
    """Write the candidates, the likeliest first, with the measures by which each one wins."""
    names = [model.name for model in models]
    if options.json:
        app.write_json(ranking.to_json(passages, scores, names, tokens=options.tokens))
        return
    order, winners = ranking.order(scores[0]), [ranking.winners(own) for own in scores]
    texts = [passage.text for passage in passages]
    if len(models) == 1:
        _write(partial(format_scores.ranks, texts, scores[0], order, winners[0]), app)
    else:
        _write(partial(format_scores.compared_ranks, texts, scores, order, winners, names), app)


def _write(table: Callable[..., format_scores.Table], app: App) -> None:
    app.write_table(*table(drawn=app.draws_out), numbers=format_scores.NUMBERS, stacked=True)
