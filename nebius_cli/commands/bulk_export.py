"""Declares the flags of `nbx bulk export`."""

import typer

from nebius_cli.bulk.export.format_names import FORMATS
from nebius_cli.commands.declare_command import declare
from nebius_cli.commands.typer_parameters import argument, switch, text, texts

HELP = """Export answers as text, a table or a page, or scores as a table.

\b
Examples:
  nbx bulk export answers.jsonl -o answers.csv
  nbx bulk export answers.jsonl -o answers.parquet
  nbx bulk export answers.jsonl -o answers.html
  nbx bulk export answers.jsonl --input prompts.jsonl -o answers.csv
  nbx bulk export scores.jsonl -o scores.csv
  nbx bulk export answers.jsonl --text
  nbx bulk export answers.jsonl --text -0 | xargs -0 -n 1 ./check

The suffix of -o FILE (.txt .csv .tsv .parquet .html) chooses the format, unless a flag does.

Answers are in row order. --text prints only the texts, each with a newline at its end, and an empty line for
a row that failed or has no answer yet. So line N belongs to row N, as long as each row has one answer
without newlines: paste prompts.txt <(nbx bulk export answers.jsonl --text). For texts with newlines, use a
table, or -0, which ends each text with NUL instead.

--csv has the columns id, index, choice, text, finish_reason, error, prompt_tokens, completion_tokens, cost,
prompt; later versions may add columns at the end. The usage of a row is on its first choice. prompt is JSON
for token ids, and empty after nbx bulk --no-prompt. --format tsv is the same with tabs. Texts are unchanged,
in quotes if necessary. A spreadsheet runs texts that begin with = + - or @ as formulas; --escape-formulas
puts an apostrophe before such a text.

--format parquet (needs the package pyarrow) has a row for each choice, with the columns of --csv and the
model; error, usage and logprobs are nested. DuckDB, pandas and datasets read it; docs/bulk.md has examples.

The scores of nbx score -o become a table (--csv, --format tsv or parquet) with a row for each text and for
each choice of a question. The columns are named like the members of the records; docs/scoring.md lists them.

--format html writes one self-contained page with a table: a row for each row of the input, and a column for
each combination of nbx bulk --matrix. --side-by-side makes the same table with --csv and --format parquet.

--input FILE names the input of the run. Rows then have the order of the input, answers to rows that are no
longer in it are left out, and rows without an answer are counted, also at the end. If the suffix of the
input is not that of its format, run nbx bulk merge --input FILE --format NAME first.

The exit code is 9 if rows failed or a stopped run left them unfinished; with --input, --text or side by side,
also if rows have no answer yet; with --text, also if rows have the same index. Without --input, nbx cannot
notice rows missing at the end of ANSWERS, as after Ctrl-C or kill -9.
"""

OWN = (
    argument("answers", "Output file of nbx bulk or nbx score.", "ANSWERS"),
    switch("text", "Print only the texts."),
    switch("csv", "Print a CSV table with a header."),
    text("format", "Format of the export. Default: by the suffix of -o FILE.", "|".join(FORMATS)),
    switch("side_by_side", "One line per row, with a column per combination of --matrix."),
    switch("escape_formulas", "In CSV and TSV: put ' before texts that a spreadsheet would run as formulas."),
    switch("null", "With --text: end each answer with NUL instead of newline.", None, "-0"),
    texts("input", "Export exactly the rows of this input, and count missing ones; repeatable.", "FILE"),
    texts("matrix", "With --input: the --matrix of the run.", "NAME=VALUES"),
    text("output", "Write to FILE. Default stdout.", "FILE", None, "-o"),
    switch("force", "Replace FILE if it exists."),
)


def add_to(group: typer.Typer) -> None:
    """Add the command."""
    declare(group, "export", OWN, "bulk_export.run", help=HELP)
