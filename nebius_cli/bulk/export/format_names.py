"""Defines the export formats, and chooses one by a flag or by the suffix of the output file."""

from collections.abc import Collection

from nebius_cli.bulk.input.format_names import SUFFIXES
from nebius_cli.core.errors_and_exit_codes import UsageError

FORMATS = ("text", "csv", "tsv", "parquet", "html")
SEPARATORS = {"csv": ",", "tsv": "\t"}  # of the cells in a line
_SUFFIXES = {suffix: name for suffix, name in SUFFIXES.items() if name in FORMATS}
_SUFFIXES |= {"html": "html", "htm": "html"}


def format_of_suffix(path: str) -> str:
    """Return the format that the suffix of a file name selects, empty for an unknown suffix."""
    return _SUFFIXES.get(_suffix(path), "")


def _suffix(path: str) -> str:
    _, dot, suffix = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot else ""


def chosen_format(asked: Collection[str], output: str | None) -> str:
    """Return the format that flags ask for, else the one that the suffix of `output` selects.

    Raises UsageError if flags ask for several formats, if there is no format, and if it is unknown.
    """
    for name in asked:
        if name not in FORMATS:
            raise UsageError(f"--format {name}", f"must be one of {', '.join(FORMATS)}")
    found = set(asked) or {format_of_suffix(output or "")} - {""}
    if len(found) > 1:
        raise UsageError(f"several export formats: {', '.join(sorted(found))}", "", "keep one of them")
    if not found:
        suffix = _suffix(output or "")
        what = f"unknown export format {suffix}" if suffix else "no export format"
        hint = "set --format NAME, or choose a file name such as -o answers.csv"
        raise UsageError(what, f"the formats are {', '.join(FORMATS)}", hint)
    return found.pop()
