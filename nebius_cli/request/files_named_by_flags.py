"""Lists the files that the flags of a command read and write."""

from collections.abc import Iterator, Mapping
from typing import Any

from nebius_cli.request.field_table import FIELDS

WRITTEN = ("output", "export", "summary")
READ = (
    *("file", "prompts", "template_file", "suffix_file", "context_file"),
    *("api_key_file", "model_file", "against_file", "cacert"),
)
AT_FILE = ("tokens", *(field.name for field in FIELDS if field.takes_file))  # their value may be @FILE
SHORT = {"file": "-f", "output": "-o"}


def files_written(flags: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Return the flags that write a file, as pairs of flag and path."""
    return [(_shown(name), flags[name]) for name in WRITTEN if name in flags]


def files_read(flags: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the flags that read a file as a whole, as pairs of flag and path.

    Raises UsageError for an invalid --infill.
    """
    for name in READ:
        for path in _values(flags, name):
            yield _shown(name), path
    for name in AT_FILE:
        for text in _values(flags, name):
            if text.startswith("@"):
                yield _shown(name), text[1:]
    if "infill" in flags:
        from nebius_cli.request import split_file_at_cursor

        yield "--infill", split_file_at_cursor.parse(flags["infill"]).file


def _values(flags: Mapping[str, Any], name: str) -> list[str]:
    given = flags.get(name, [])
    if isinstance(given, bool):  # a switch with the same name, such as --tokens of nbx score
        return []
    return [given] if isinstance(given, str) else given


def _shown(name: str) -> str:
    return SHORT.get(name, "--" + name.replace("_", "-"))
