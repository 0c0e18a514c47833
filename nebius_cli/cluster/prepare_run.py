"""Prepares a run on Ray: finds its input, creates and locks its output."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping

from nebius_cli.api.request_limits_from_settings import limits_of
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.limit_concurrency_and_rate import MAX_CONCURRENCY
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.cluster import check_output_folder, find_input
from nebius_cli.cluster.check_options import OUTPUT_FORMATS
from nebius_cli.cluster.job_for_actors import Job, Spent, without_secrets
from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.prices_and_costs import PriceList
from nebius_cli.core.short_text import counted
from nebius_cli.system.lock import try_lock
from nebius_cli.system.read_and_replace_files import output_errors


def job_of(
    plan: BulkPlan,
    reader: RowReader,
    settings: RunSettings,
    prices: PriceList,
    environ: Mapping[str, str],
    note: Callable[[str], None],
) -> Job:
    """Return the job of a plan. Raises UsageError for an input without files."""
    options = plan.options
    source, files, others = find_input.input_files(options.inputs, options.format)
    if others:
        note(f"left out {counted(others, 'file')} of unknown format")
    target, output = find_input.locate(options.output)
    connections = plan.concurrency or MAX_CONCURRENCY
    return Job(
        dataclasses.replace(plan, options=without_secrets(options), connections=connections),
        reader,
        prices,
        limits_of(settings),
        tuple(files),
        source,
        target,
        output.rstrip("/"),
        options.output_format or OUTPUT_FORMATS[0],
        settings.connect_timeout,
        settings.ca_file(environ) or "",
        settings.ledger,
    )


@contextlib.contextmanager
def opened_output(job: Job) -> Iterator[Spent]:
    """Create the folders of the output and lock them; yield what earlier runs have spent.

    Raises UsageError if another run writes there, or if the folder is not an output of a run.
    """
    check_output_folder.check_output(job)
    path = check_output_folder.lock_path(job)
    with contextlib.ExitStack() as held:
        if path is not None:
            with output_errors(path):
                lock = try_lock(path)
            if lock is None:
                raise check_output_folder.in_use(job)
            held.callback(lock.release)
        yield check_output_folder.earlier_runs(job)
