"""Checks the name of a file of records: its suffix must not be that of another format."""

from pathlib import PurePath
from shlex import quote

from nebius_cli.bulk.export.format_names import format_of_suffix
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.check_output_paths import is_file

_COMPRESSED = (".gz", ".zst")


def check_not_compressed(path: str) -> None:
    """Raise UsageError for a name such as `answers.csv.gz`."""
    if is_file(path) and path.endswith(_COMPRESSED):
        raise UsageError(f"-o {path}", "nbx does not compress the output", "compress it afterwards")


def check_output_name(path: str, *, scores: bool = False) -> None:
    """Raise UsageError for a name such as `answers.csv` or `answers.jsonl.gz`, because records are JSONL.

    With `scores`, the records are scores, which `nbx bulk export` cannot export as an HTML page.
    """
    check_not_compressed(path)
    format_ = format_of_suffix(path)
    if not is_file(path) or format_ in ("", "text"):  # JSONL is text
        return
    records = quote(str(PurePath(path).with_suffix(".jsonl")))
    export = f", then nbx bulk export {records} -o {quote(path)}" if not scores or format_ != "html" else ""
    raise UsageError(
        f"-o {path}", "the output is JSONL, which a later run can resume", f"use -o {records}{export}"
    )
