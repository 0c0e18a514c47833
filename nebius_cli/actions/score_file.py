"""Scores the rows of a file: `nbx score --jsonl`."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nebius_cli.actions import run_rows
from nebius_cli.actions.app import App
from nebius_cli.actions.choose_row_sender import ItemRun
from nebius_cli.bulk.input.format_names import format_of
from nebius_cli.bulk.input.non_prompt_row_protocol import ItemRows
from nebius_cli.bulk.options import BulkOptions
from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.read_answers_in_order import AnswerFile
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.request import parse_field_flags
from nebius_cli.scoring.api_scorer import MAX_PROMPTS_PER_REQUEST, scoring_fields
from nebius_cli.scoring.parse_score_rows import ScoreRow
from nebius_cli.scoring.score_options import ModelChoice, ScoreOptions
from nebius_cli.scoring.score_row_kind import ScoreRows
from nebius_cli.scoring.score_totals import Totals
from nebius_cli.system.check_output_paths import exists_as_file, is_file

if TYPE_CHECKING:
    from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender


def run(options: ScoreOptions, context: str, app: App) -> ExitCode:
    """Score every row that has no score yet; rows without a context get `context`. Raises NbxError."""
    files = filter(exists_as_file, options.jsonl)
    if options.format is None and "text" in (format_of(path, None)[0] for path in files):
        app.note("each line of a text file is a row; nbx score -f FILE scores a file as one text")
    return run_rows.run(_bulk_options(options), app, _RowScores(options, context, app).item_run())


class _RowScores:
    """One run over the rows of a file."""

    def __init__(self, options: ScoreOptions, context: str, app: App) -> None:
        self._options = options
        self._app = app
        # Parts are in the order of the models, but the server's come first: the run's model is the first.
        models = options.models
        self._order = sorted(range(len(models)), key=lambda index: models[index].runs_locally)
        self._kind = ScoreRows(
            context,
            int(options.max_tokens),
            tokens=options.tokens,
            compared=options.compares,
            with_divergence=options.logprobs is not None,
            swapped=self._order[0] != 0,
            window=options.sliding_window,
            weights=_content_ids(models),
        )
        self._totals = Totals(())

    def item_run(self) -> ItemRun:
        """Return the callbacks for `run_rows.run`."""
        models = self._options.models
        run = ItemRun(self._rows, self._here, self._write, self._add_up, self._finished)
        if len({model.runs_locally for model in models}) == 1:
            return run
        [file] = [model.file for model in models if model.runs_locally]
        is_here = lambda row: self._model_of(row.item, row.part).runs_locally  # noqa: E731
        return replace(run, is_here=is_here, local_model=_name_in_run(_local_name(file, self._app)))

    def _model_of(self, row: ScoreRow, part: int) -> ModelChoice:
        return self._options.models[self._order[part // len(row.passages)]]

    def _rows(self, settings: RunSettings) -> ItemRows:
        options = self._options
        fields = scoring_fields(settings.request_fields, options)
        params = parse_field_flags.parse_params(options.param, validate=True)
        names = [
            _local_name(chosen.file, self._app)
            if chosen.runs_locally
            else chosen.name or str(params.get("model", fields.get("model")))
            for chosen in options.models
        ]
        from nebius_cli.local.identify_weights import distinct_names

        self._kind.models = distinct_names(names, [model.file for model in options.models])
        self._totals = Totals(self._kind.models)
        if not options.all_local:
            names = [
                _name_in_run(name) if model.runs_locally else name
                for name, model in zip(names, options.models, strict=True)
            ]
        first, *others = [{**fields, "model": names[index]} for index in self._order]
        own = first if options.compares else fields
        return ItemRows(self._kind, own, others, generates=not options.all_local)

    @contextlib.contextmanager
    def _here(self) -> "Iterator[LocalScoringSender]":
        from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender
        from nebius_cli.local import prepare_local_model
        from nebius_cli.scoring.embedded_scorer import score_passage

        window = self._options.sliding_window
        with contextlib.ExitStack() as stack:
            engines = {
                model: stack.enter_context(prepare_local_model.scoring(model.file, self._app))[1]
                for model in self._options.models
                if model.runs_locally
            }

            windows = {
                model: window and window.in_context(engine.context_tokens)
                for model, engine in engines.items()
            }

            def evaluate(row: ScoreRow, part: int) -> tuple[object, int]:
                model = self._model_of(row, part)
                passage = self._kind.passage(row, part)
                score, tokens = score_passage(engines[model], passage, windows[model])
                return self._kind.kept(row, part, score), tokens

            yield LocalScoringSender(evaluate)

    def _write(self, records: bytes) -> None:
        """Write records to stdout, and add them to the totals, because they cannot be read again."""
        for line in records.splitlines():
            self._totals.add(jsontext.decode(line))
        self._app.put_json(records)

    def _add_up(self, rows: InputRows | None) -> dict[str, Any]:
        """Return the totals of the records of these rows, or of all; the file includes earlier runs."""
        path = self._options.output
        if path is not None and is_file(path):
            with AnswerFile(path, rows) as records:
                for record in records:
                    self._totals.add(record)
        return self._totals.to_json()

    def _finished(self) -> None:
        """Print the totals."""
        for line in self._totals.lines():
            self._app.note(line)
        for warning in self._totals.warnings():
            self._app.warn(warning)


def _content_ids(models: Sequence[ModelChoice]) -> list[str]:
    """Return the content ids of the model files on this machine."""
    files = [model.file for model in models if model.file is not None]
    if not files:
        return []
    from nebius_cli.local import identify_weights

    return [identify_weights.content_id(file) for file in files]


def _local_name(file: str | None, app: App) -> str:
    from nebius_cli.local import prepare_local_model

    return prepare_local_model.model_name(file, None, app)


def _name_in_run(name: str) -> str:
    """Return the name of an embedded model in a run that also uses a model on the server."""
    return f"local/{name}"


def _bulk_options(options: ScoreOptions) -> BulkOptions:
    """Return the options of a bulk run. On stdout, the scores are in the order of the rows."""
    here = options.all_local
    defaults = {"concurrency": "1"} if here else {"group": str(MAX_PROMPTS_PER_REQUEST)}
    # If the first model is embedded and the second is on the server, the run's model is the second.
    own = {"model": options.against} if options.runs_locally and options.against is not None else {}
    return BulkOptions(
        inputs=options.jsonl,
        format=options.format,
        encoding=options.encoding or "utf-8",
        invalid=options.invalid or "strict",
        on_bad_row=options.on_bad_row or "fail",
        shard=options.shard or "1/1",
        output=options.output or "-",
        restart=options.restart,
        ordered=options.ordered or options.output in (None, "-"),
        summary=options.summary,
        estimate=options.estimate,
        json=options.json,
        dry_run=options.dry_run,
        max_cost=options.max_cost,
        price=options.price,
        limits={**defaults, **options.limits},
        fields={**options.fields, **own},
        connection=options.connection,
        param=options.param,
        local=here and options.local,
        model_file=options.model_file if here else None,
        api_key_file=options.api_key_file,
        api_key=options.api_key,
        over_budget=options.over_budget,
    )
