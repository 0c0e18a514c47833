"""Runs the rows of many files on a Ray cluster, for `nbx bulk --ray`."""

from nebius_cli.actions.app import App
from nebius_cli.bulk import options as bulk
from nebius_cli.bulk import resume_command
from nebius_cli.bulk.input.row_to_request import RowReader
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.bulk.progress_display import BulkDisplay, reason, report
from nebius_cli.bulk.result_writer import open_summary
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors import ExitCode, NbxError
from nebius_cli.core.money import PriceList
from nebius_cli.core.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.cluster.run_on_ray import ClusterRun
    from nebius_cli.ledger.bulk_recorder import BatchRecorder
    from nebius_cli.system.output_file import OutputFile


def run(plan: BulkPlan, settings: RunSettings, reader: RowReader, app: App) -> ExitCode:
    """Send every row that has no result yet. Raises NbxError for whatever ends the run early."""
    from nebius_cli.cluster import check_options, prepare, ray_session
    from nebius_cli.cluster.key_handover import Bundle

    options = plan.options
    check_options.check(options)
    ray_session.check_installed()
    app.check_budget(settings, reader.model, over=options.over_budget)
    endpoint = app.endpoint(settings, options.api_key, options.api_key_file)
    host = app.api(settings, endpoint).host
    prices = _prices(plan, settings, reader, endpoint.key, app)
    summary = open_summary(options)
    job = prepare.job_of(plan, reader, settings, prices, app.streams.environ, app.note)
    with prepare.opened_output(job) as spent, ray_session.session(options.ray):
        from nebius_cli.cluster.run_on_ray import ClusterRun  # imports Ray

        bundle = Bundle(endpoint.base_url, endpoint.key, dict(settings.headers))
        cluster = ClusterRun(job, spent, bundle, app.streams.monotonic)
        recorder = app.batch_recorder(settings, prices, over=options.over_budget, host=host)
        return _reported(cluster, recorder, summary, app)


def _prices(plan: BulkPlan, settings: RunSettings, reader: RowReader, key: Secret, app: App) -> PriceList:
    """Return the prices that count; those of the run's model are known if a cap needs them."""
    if plan.prices is not None:
        return plan.prices
    source = app.price_source(settings, lambda: key)
    if plan.max_cost is not None and reader.model:
        source.require(reader.model)
        bulk.check_price(reader.model, source.prices)
    return source.prices


def _reported(
    cluster: "ClusterRun", recorder: "BatchRecorder", summary: "OutputFile | None", app: App
) -> ExitCode:
    """Send the rows and report the totals. Raises what ended the run early, with a hint how to resume it."""
    drawn = app.draws_err and not app.flags.verbose
    display = BulkDisplay(app.streams, drawn=drawn, color=app.color_err, quiet=app.flags.quiet)
    try:
        cluster.send(recorder, display)
    except BaseException as stop:
        try:
            report(cluster.summary(reason(stop)), summary, app)
        except NbxError as error:
            app.warn(error.line)
        resume_command.add_hint(stop, app.argv)
        raise
    report(cluster.summary(""), summary, app)
    if not cluster.counts.failed:
        return ExitCode.DONE
    app.report([cluster.counts.failure("")])
    return ExitCode.ROWS_FAILED
