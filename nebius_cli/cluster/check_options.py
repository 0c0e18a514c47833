"""Checks that a run on Ray supports the given flags of `nbx bulk`. Pure."""

from nebius_cli.bulk.options import BulkOptions
from nebius_cli.cluster.ray_address import ADDRESS, LOCAL
from nebius_cli.core.errors_and_exit_codes import UsageError

OUTPUT_FORMATS = ("parquet", "jsonl")


def check(options: BulkOptions) -> None:
    """Raise UsageError for flags that a run on Ray does not support."""
    address = options.ray or LOCAL
    if not ADDRESS.fullmatch(address):
        why = "must be auto, HOST:PORT or ray://HOST:PORT; without a value, nbx starts Ray on this machine"
        raise UsageError(f"--ray {address}", why, "for example --ray auto")
    if "-" in options.inputs:
        raise UsageError(
            "--ray cannot be used with input from stdin",
            "the nodes of the cluster cannot read it",
            "save it to a file first",
        )
    if options.output == "-":
        raise UsageError("--ray requires -o", "the answers are written to a folder", "add -o FOLDER")
    if options.output_format not in (None, *OUTPUT_FORMATS):
        what = f"--output-format {options.output_format}"
        raise UsageError(what, f"must be one of {', '.join(OUTPUT_FORMATS)}")
    for flag, given, why in (
        ("--local", options.runs_locally, "the model would run on this machine only"),
        ("--matrix", options.matrix, "run each combination separately"),
        ("--shard", options.shard != "1/1", "Ray distributes the rows itself"),
        ("--ordered", options.ordered, "a cluster writes the rows in no particular order"),
        ("--restart", options.restart, "choose another -o to start over"),
        ("--estimate", options.estimate, "--estimate works only without --ray"),
        ("--dry-run", options.dry_run, "--dry-run works only without --ray"),
    ):
        if given:
            raise UsageError(f"{flag} and --ray cannot be used together", why)
