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

Answers are in the order of the rows. With --text, line N belongs to row N: a row that failed or has no answer
yet is an empty line, so paste prompts.txt <(nbx bulk export answers.jsonl --text) pairs each prompt with its
answer. Each choice ends with a newline, or with NUL after -0, which keeps texts with newlines apart.

--csv has the columns id, index, choice, text, finish_reason, error, prompt_tokens, completion_tokens, cost;
what a row used stands on its first choice. Texts are exact in both. A spreadsheet takes a text that begins
with = + - or @ for a formula; --escape-formulas puts an apostrophe before such a text.

Exit 9 says that rows failed or, with --text, have no answer yet.
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
