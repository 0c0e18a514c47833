"""Checks the rows of an input before the first request, and counts what the run has to send."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.input.row_source import RowSource
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.refuse_to_pay_again import SurveyedClaims
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.prices_and_costs import PriceList
from nebius_cli.core.similar_names import nearest
from nebius_cli.request import request_body
from nebius_cli.system.check_output_paths import exists_as_file

COMMANDS = ("run", "merge", "export")


def check_not_a_command(path: str) -> None:
    """Raise UsageError for a mistyped subcommand that was parsed as the first input file."""
    close = "" if path == "-" or Path(path).exists() else nearest(path, COMMANDS)
    if close:
        raise UsageError(f"cannot read {path}", os.strerror(errno.ENOENT), f"did you mean nbx bulk {close}?")


def survey_rows(
    source: RowSource, plan: BulkPlan, prices: PriceList, journal: Journal | StreamOutput | None
) -> int | None:
    """Check every row and return their number; rows answered in `journal` will be left out.

    Returns None if bad rows are allowed or if the input can be read only once; rows are then checked as they
    are sent. Raises BadInputError for a bad row, and UsageError for a row whose cost or length the caps
    cannot bound, and if the run would pay again for answers in the output.
    """
    if not source.seekable:
        return None
    resumed = journal if isinstance(journal, Journal) and journal.earlier.records else None
    total, claims = _survey(source, plan, prices, resumed)
    if claims is not None and claims.renumber():
        total, claims = _survey(source, plan, prices, resumed)
    if claims is not None:
        claims.check(runs_locally=plan.options.runs_locally)
    if resumed is not None and total is not None:
        resumed.forget_answers()
    elif resumed is not None:  # rows are checked as they are sent
        resumed.reset_claims()
        source.left_out = None
    return total


def _survey(
    source: RowSource, plan: BulkPlan, prices: PriceList, journal: Journal | None
) -> tuple[int | None, SurveyedClaims | None]:
    """Return the number of rows (None if bad rows are allowed) and their claims to answers in `journal`."""
    claims = SurveyedClaims(journal, plan.options.output, plan.shard) if journal is not None else None
    if plan.options.on_bad_row == "skip":
        if claims is not None:
            source.survey(claims.has_answer)
        return None, claims

    def is_answered(row: Row) -> bool:
        if plan.capped:
            plan.check(row, prices)
        return claims is not None and claims.has_answer(row)

    survey = source.survey(is_answered if claims or plan.capped else None)
    all_bad = survey.bad * source.reader.rows_per_input_row == survey.rows
    if all_bad and not source.reader.models:
        request_body.check_rules({}, {}, validate=True)  # reports that no model is set
    if survey.bad:
        raise source.bad_rows_error(survey.first_bad, survey.bad)
    return survey.rows, claims


@contextlib.contextmanager
def checked_output(
    source: RowSource, plan: BulkPlan, prices: PriceList, open_output: Callable[[], Journal | StreamOutput]
) -> Iterator[tuple[Journal | StreamOutput, int | None]]:
    """Yield the open output and the number of rows that `survey_rows` returns.

    An existing output is opened before the survey, which needs its answers. A new output is created, or an
    old one set aside, only after the survey, so that an input with bad rows changes and creates no file.
    """
    options = plan.options
    exists = exists_as_file(options.output) and not options.restart
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(contextlib.closing(open_output())) if exists else None
        total = survey_rows(source, plan, prices, journal)
        yield journal or stack.enter_context(contextlib.closing(open_output())), total
