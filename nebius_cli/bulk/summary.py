"""Where the figures of a bulk run are written when it ends: a file that is none of the run's own."""

import os
from pathlib import Path

from nebius_cli.bulk.options import BulkOptions
from nebius_cli.bulk.output.failed_rows import path_beside
from nebius_cli.bulk.output.journal import is_file
from nebius_cli.core.errors import UsageError
from nebius_cli.system.files import OutputFile


def open_summary(options: BulkOptions) -> OutputFile | None:
    """Return the target of `--summary`, None where there is none; nothing is written yet.

    Raises UsageError for a file that the run reads or writes, OutputError where it cannot be written.
    """
    path = options.summary
    if path is None:
        return None
    own = {"this is the input": options.input}
    if is_file(options.output):
        own["the answers go there"] = options.output
        own["failed rows are listed there"] = str(path_beside(Path(os.path.realpath(options.output))))
    for why, other in own.items():
        if other != "-" and is_file(path) and _same(Path(path), Path(other)):
            raise UsageError(f"--summary {path}", why, "choose another file for the figures")
    return OutputFile(path)


def _same(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)
