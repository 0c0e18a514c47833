"""Finds the format and compression of an input from its name and --format."""

from nebius_cli.core.errors_and_exit_codes import UsageError

FORMATS = ("jsonl", "csv", "tsv", "text", "parquet")
SUFFIXES = {  # of file names
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "txt": "text",
    "text": "text",
    "parquet": "parquet",
    "pq": "parquet",
}
COMPRESSIONS = ("gz", "zst")


def format_of(path: str, format_flag: str | None) -> tuple[str, str]:
    """Return the format of a file, one of FORMATS, and its compression, one of COMPRESSIONS or empty.

    `format_flag` is the value of --format, None to detect the format from the name; `-` then means JSONL.
    Raises UsageError.
    """
    suffix, compression = _suffixes(path)
    known = "jsonl" if path == "-" else SUFFIXES.get(suffix, "")
    name = format_flag or known
    if name not in FORMATS:
        what = f"--format {format_flag}" if format_flag else f"cannot tell the format of {path} from its name"
        raise UsageError(what, f"the formats are {', '.join(FORMATS)}", _format_hint(suffix, format_flag))
    if name == "parquet" and compression:
        raise UsageError(
            f"{path} is compressed twice", "Parquet files have their own compression", "decompress it first"
        )
    return name, compression


def named_format(path: str) -> str:
    """Return the format that the suffix of a file name means, empty for an unknown suffix."""
    return SUFFIXES.get(_suffixes(path)[0], "")


def wrong_format_flag(path: str, used: str) -> str:
    """Return a hint if the suffix of a file means another format than the one it was read as."""
    known = (used and named_format(path)) or used
    return "" if known == used else f"leave out --format: the suffix of {path} means {known}, not {used}"


def _suffixes(path: str) -> tuple[str, str]:
    """Return the format suffix of a file name, and its compression; each is empty if missing."""
    words = path.replace("\\", "/").rpartition("/")[2].lower().split(".")
    compression = words.pop() if len(words) > 1 and words[-1] in COMPRESSIONS else ""
    return words[-1], compression


def _format_hint(suffix: str, format_flag: str | None) -> str:
    if suffix == "json" and not format_flag:
        return "set --format jsonl if each line is a row; jq -c '.[]' converts an array to such lines"
    return "" if format_flag else "set --format NAME"
