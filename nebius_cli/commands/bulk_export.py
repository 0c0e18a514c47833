"""`nbx bulk export`: its flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, switch, text

HELP = """Export the texts of a run's answers.

\b
Examples:
  nbx bulk export answers.jsonl --text
  nbx bulk export answers.jsonl --text -0 | xargs -0 -n 1 ./check
  nbx bulk export answers.jsonl --csv -o answers.csv

The order is that of the file: nbx bulk --ordered and nbx bulk merge put it in the order of the rows.

--text ends each choice with a newline, or NUL; a row that failed is an empty text. --csv has the columns id,
index, choice, text, finish_reason, error, prompt_tokens, completion_tokens, cost; what a row used stands on
its first choice. Texts are exact in both. A spreadsheet takes a text that begins with = + - or @ for a
formula; --escape-formulas puts an apostrophe before such a text.

Exit 9 says that rows failed.
"""

OWN = (
    argument("answers", "Output of nbx bulk.", "ANSWERS"),
    switch("text", "The texts, nothing else."),
    switch("csv", "A table, with a header."),
    switch("escape_formulas", "With --csv: put ' before texts that a spreadsheet takes for formulas."),
    switch("null", "With --text: NUL instead of newline after each choice.", None, "-0"),
    text("output", "Write to FILE; default stdout.", "FILE", None, "-o"),
    switch("force", "Replace FILE if it exists."),
)


def add_to(group: typer.Typer) -> None:
    """Add the command."""
    declare(group, "export", OWN, "bulk_export.run", help=HELP)
