"""Runs the rows of files for `nbx bulk` and `nbx score`, on this machine or on a Ray cluster."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.actions.choose_row_sender import ItemRun, RowServer, connections, row_server
from nebius_cli.actions.report_run import display_of, send_and_report
from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.bulk import options as bulk
from nebius_cli.bulk.check_rows_before_sending import checked_output
from nebius_cli.bulk.estimate import estimate_rows
from nebius_cli.bulk.export.check_output_name import check_output_name
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.fill_template import join_names
from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.row import BadRow
from nebius_cli.bulk.input.row_source import Input, RowSource
from nebius_cli.bulk.input.several_files import open_all
from nebius_cli.bulk.options import BulkOptions, BulkPlan
from nebius_cli.bulk.output.failed_rows_file import path_beside
from nebius_cli.bulk.output.find_answered_rows import AnsweredRows
from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.read_records import answered
from nebius_cli.bulk.output.refuse_to_pay_again import other_requests, rows_not_in_input
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.bulk.progress_display import TABLE_HEADER, table_rows
from nebius_cli.bulk.result_writer import open_output, open_summary
from nebius_cli.bulk.run import BulkRun
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import BadInputError, ExitCode, NbxError
from nebius_cli.core.prices_and_costs import PriceList
from nebius_cli.core.secret import Secret
from nebius_cli.request import request_body
from nebius_cli.system.check_output_paths import is_file


def run(options: BulkOptions, app: App, items: ItemRun | None = None) -> ExitCode:
    """Send every row that has no answer yet. Raises NbxError if the run stops early."""
    plan = bulk.read(options, app.read_text)
    if options.ray is None:  # a run on Ray writes a folder instead
        check_output_name(options.output, scores=items is not None)
    settings = app.settings(options.connection)
    reader = _reader(plan, settings, app, items)
    if options.ray is not None:
        return _run_on_ray(plan, settings, reader, app)
    with RowSource(lambda: _input(plan, reader, app), reader) as source:
        for line in _ignored(reader.ignored_columns):
            app.note(line)
        if options.dry_run:
            return _show_first(source, app)
        if options.estimate:
            return _estimate(plan, settings, source, app, items)
        if plan.shard.of > 1 and plan.limited:
            app.note(f"limits and caps are divided among the {plan.shard.of} shards")
        summary = open_summary(options, app.put_json)
        with row_server(plan, settings, reader.kind, app, items) as server:
            code = _send(plan, settings, source, server, summary, app, items)
    if items is not None:
        items.on_finished()
    return code


def _send(
    plan: BulkPlan,
    settings: RunSettings,
    source: RowSource,
    server: RowServer,
    summary: Callable[[bytes], None] | None,
    app: App,
    items: ItemRun | None,
) -> ExitCode:
    """Check the rows, send them and report the totals."""
    options, model = plan.options, source.reader.model
    _check_budget(plan, settings, source.reader, server.key, app)
    prices = _prices(plan, settings, source.reader, server.key, app, items)
    here = items.local_model if items is not None else None
    with checked_output(source, plan, prices, lambda: _output(options, app, items)) as (journal, total):
        if journal.unclaimed_answers and 0 in (source.left_out or ()):
            app.note(other_requests(journal.unclaimed_answers, source, options.output))
        plan = dataclasses.replace(plan, connections=connections(plan, app))
        bulk_run = BulkRun(plan, prices, source, journal, total, limits_of(settings), app.streams, app.note)
        bulk_run.server_error, bulk_run.generating = server.exit_error, server.generating
        sender, host = server.open_sender(plan.connections)
        recorder = app.batch_recorder(
            settings,
            prices,
            over=options.over_budget,
            host=None if options.runs_locally else host,
            local_model=model if options.runs_locally else here,
        )
        is_stored = isinstance(journal, Journal)

        def send() -> None:
            # Answers on stdout may appear on the same terminal as the progress.
            bulk_run.send(sender, recorder, display_of(app, alone=is_stored or not app.streams.stdout_tty))
            if journal.stray_answers:
                app.note(rows_not_in_input(journal.stray_answers, source, options.output))

        # Do not show the totals if the scores are on stdout, where the next program in the pipe reads them.
        shown = is_stored or source.reader.kind is None
        failed_file = str(path_beside(Path(options.output))) if is_stored else ""
        code = send_and_report(
            *(send, bulk_run, summary, app),
            resumable=is_stored,
            failed_file=failed_file,
            shown=shown,
            totals=partial(_totals, items, source, journal),
        )
        if not bulk_run.counts.seen:
            app.note(f"{source.name} has no rows{_in_shard(plan)}")
        return code


def _totals(items: ItemRun | None, source: RowSource, journal: Journal | StreamOutput) -> Mapping[str, Any]:
    """Return the totals of the records of the input rows, or of all records if the input is a pipe."""
    if items is None:
        return {}
    has_others = journal.stray_answers > 0 and source.seekable
    return items.totals(InputRows(source.ids()) if has_others else None)


def _run_on_ray(plan: BulkPlan, settings: RunSettings, reader: RowReader, app: App) -> ExitCode:
    """Send every row that has no result yet, from the nodes of a Ray cluster."""
    from nebius_cli.cluster import check_options, prepare_run, ray_session
    from nebius_cli.cluster.key_handover import Bundle

    options = plan.options
    check_options.check(options)
    ray_session.check_installed()
    endpoint = app.endpoint(settings, options.api_key, options.api_key_file)
    _check_budget(plan, settings, reader, endpoint.key, app)
    host = app.api(settings, endpoint).host
    prices = _prices(plan, settings, reader, endpoint.key, app)
    summary = open_summary(options, app.put_json)
    job = prepare_run.job_of(plan, reader, settings, prices, app.streams.environ, app.note)
    with prepare_run.opened_output(job) as spent, ray_session.session(options.ray):
        from nebius_cli.cluster.ray_driver import ClusterRun  # imports Ray

        bundle = Bundle(endpoint.base_url, endpoint.key, dict(settings.headers))
        cluster = ClusterRun(job, spent, bundle, app.streams.monotonic)
        recorder = app.batch_recorder(settings, prices, over=options.over_budget, host=host)
        return send_and_report(partial(cluster.send, recorder, display_of(app)), cluster, summary, app)


def _reader(plan: BulkPlan, settings: RunSettings, app: App, items: ItemRun | None) -> RowReader:
    """Return the reader of rows; print warnings about the fields that apply to all rows."""
    options = plan.options
    local_model, weights = None, ""
    if options.runs_locally:
        from nebius_cli.local import identify_weights, prepare_local_model

        weights = identify_weights.content_id(options.model_file)
        local_model = prepare_local_model.model_name(options.model_file, plan.given.get("model"), app)
    reader = plan.reader(settings, local_model, items.rows(settings) if items else None, weights=weights)
    local = options.runs_locally and items is None
    warnings = [list(request_body.warnings(one, local=local)) for one in reader.bare]
    for warning in dict.fromkeys(itertools.chain(*warnings)):
        app.warn(warning)
    return reader


def _input(plan: BulkPlan, reader: RowReader, app: App) -> Input:
    """Open the input: one file, or several as one."""
    options = plan.options

    def open_file(path: str) -> RowFile:
        stdin = app.streams.take_stdin() if path == "-" else None
        return open_rows(
            path,
            options.format,
            nul=options.null,
            reading=plan.reading,
            stdin=stdin,
            needs=reader.needs,
            plain_text=reader.plain_text,
        )

    return open_all(options.inputs, open_file, reader.check_columns)


def _in_shard(plan: BulkPlan) -> str:
    return f" in shard {plan.options.shard}" if plan.shard.of > 1 else ""


def _ignored(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one line for all tables that have the same ignored columns."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for name, ignored in columns.items():
        tables.setdefault(tuple(ignored), []).append(name)
    return [
        f"{join_names(names)}: ignored columns: {join_names(ignored)}" for ignored, names in tables.items()
    ]


def _show_first(source: RowSource, app: App) -> ExitCode:
    """Print the body of the first row, in each combination. Raises BadInputError if it is bad or missing."""
    rows = list(itertools.islice(source, source.reader.rows_per_input_row))
    if not rows:
        raise BadInputError(f"{source.name} has no rows", "", "--format sets the format")
    for row in rows:
        if isinstance(row, BadRow):
            raise source.bad_rows_error([row], 1)
        app.put_json(row.body + b"\n")
    return ExitCode.DONE


def _estimate(
    plan: BulkPlan, settings: RunSettings, source: RowSource, app: App, items: ItemRun | None
) -> ExitCode:
    """Estimate tokens, cost and time of the unanswered rows. Fetches at most the model list, for prices."""
    options, reader = plan.options, source.reader
    price_source = app.price_source(
        settings, lambda: app.key(settings, options.api_key, options.api_key_file).secret
    )
    for model in _priced_models(reader, items) if plan.prices is None else ():
        try:
            price_source.require(model)
        except NbxError as error:
            app.note(f"prices are unknown: {error.what}")
    prices = _with_free(plan.prices or price_source.prices, items)
    is_resumed = not options.restart and is_file(options.output)
    done = answered(Path(options.output)) if is_resumed else AnsweredRows()
    estimate, bad = estimate_rows(source, done, prices, skip_bad=options.on_bad_row == "skip")
    rpm, tpm = (None, None) if options.runs_locally else price_source.limits(reader.model)
    seconds = estimate.seconds(
        plan.rpm or bulk.shared_out(rpm, plan.shard.of),
        plan.tpm or bulk.shared_out(tpm, plan.shard.of),
        plan.group,
    )
    if estimate.max_completion_tokens is None and estimate.cost is None:
        app.note("the cost is unknown because some rows have no max_tokens; --max-tokens N sets it")
    if bad:
        app.note(f"bad rows left out: {bad:,}")
    if options.json:
        app.write_json(estimate.to_json(seconds))
    else:
        shown = estimate.to_rows(seconds, runs_locally=options.runs_locally)
        rows = table_rows(shown, estimate.to_json(seconds), drawn=app.draws_out)
        app.write_table(TABLE_HEADER, rows)
    return ExitCode.DONE


def _check_budget(plan: BulkPlan, settings: RunSettings, reader: RowReader, key: Secret, app: App) -> None:
    """Check the budgets before the first request. Raises CappedError if one is spent."""
    for model in () if plan.options.runs_locally else reader.models or ("",):
        price = None if plan.prices is None else plan.prices.of_model(model)
        app.check_budget(settings, model, key, price=price, over=plan.options.over_budget)


def _prices(
    plan: BulkPlan,
    settings: RunSettings,
    reader: RowReader,
    key: Secret,
    app: App,
    items: ItemRun | None = None,
) -> PriceList:
    """Return the prices to use; if a cap needs prices of the run's models that are not known, fetch them."""
    if plan.prices is not None:
        return _with_free(plan.prices, items)
    price_source = app.price_source(settings, lambda: key)
    for model in _priced_models(reader, items) if plan.max_cost is not None else ():
        price_source.require(model)
        bulk.check_price(model, price_source.prices)
    return _with_free(price_source.prices, items)


def _priced_models(reader: RowReader, items: ItemRun | None) -> list[str]:
    """Return the models whose requests cost something."""
    return [name for name in reader.all_models if items is None or name != items.local_model]


def _with_free(prices: PriceList, items: ItemRun | None) -> PriceList:
    """Return `prices`, with a price of 0 for the local model in a run that also uses the server."""
    here = items.local_model if items is not None else None
    return prices if here is None else prices.with_free(here)


def _output(options: BulkOptions, app: App, items: ItemRun | None) -> Journal | StreamOutput:
    if options.output == "-" and app.streams.stdout_tty:
        app.note("answers shown on a terminal are not saved; -o FILE saves them")
    write = items.write_to_stdout if items else app.put_json
    return open_output(options, write, app.note, items=items is not None)
