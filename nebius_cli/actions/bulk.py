"""`nbx bulk`: completes every prompt of a file."""

from nebius_cli.actions import run_rows
from nebius_cli.actions.app import App
from nebius_cli.bulk.check_rows_before_sending import check_not_a_command
from nebius_cli.bulk.options import BulkOptions
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError

NO_FILE = (
    "no file given",
    "nbx bulk prompts.jsonl -o answers.jsonl --max-tokens 64",
    "nbx bulk run --help shows every flag",
)


def run(options: BulkOptions, app: App) -> ExitCode:
    """Complete every row that has no answer yet. Raises NbxError if the run stops early."""
    if options.inputs == ("-",) and app.streams.stdin_has_no_input:
        raise UsageError(*NO_FILE)
    check_not_a_command(options.inputs[0])
    return run_rows.run(options, app)
