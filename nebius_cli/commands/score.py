"""Declares the flags of `nbx score` and `nbx rank`."""

import typer

from nebius_cli.bulk.speed_and_cost_flags import LIMITS
from nebius_cli.commands.declare_command import declare
from nebius_cli.commands.shared_flags import (
    CONNECTION_OPTIONS,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    OUTPUT,
    REQUEST_SETTINGS,
    ROW_OPTIONS,
)
from nebius_cli.commands.typer_parameters import argument, arguments, field_options, switch, text, texts
from nebius_cli.request.field_table import BY_NAME

SCORE = """Compute log-likelihood and perplexity of a text.

\b
Examples:
  nbx score --local "The capital of France is Paris."
  nbx score --context "Q: 2+2? A:" " 4" --tokens
  nbx score --file chapter.txt --json
  nbx score --jsonl questions.jsonl -o scores.jsonl
  nbx score --jsonl texts.jsonl -m MODEL --against OTHER --logprobs 20

Logarithms are natural. Neither the context nor the very first token is scored.

A row of --jsonl is "a text", {"id": 1, "context": "Q:", "text": " A"} or a multiple-choice question
{"id": 1, "context": "Q:", "choices": [" A", " B"], "gold": 0}. nbx also reads CSV, TSV, text and Parquet.
--context is for rows without a context of their own; a row's context replaces it.

A text that is longer than the context of the model is not scored. With a model on this machine, --stride N
scores it in overlapping windows; docs/scoring.md describes this, and a way for models on a server.

With -o FILE, each score becomes a line of FILE as soon as it arrives. If a run stops early, repeat the
command to resume, as with nbx bulk: it sends only the rows that have no score yet. Without -o, the scores go
to stdout, in the order of the rows.

A line of output has id, index, body_hash, attempts, latency_s, usage and error, then log_likelihood, tokens,
tokens_scored, bytes_scored, per_token, per_byte, perplexity, bits_per_byte, tokens_floored, spanning_token
and model; with --tokens also token_logprobs, a list of {token, logprob, offset}. For a question it has
choices, winners, gold, acc, acc_norm and acc_bytes instead. At the end, stderr and --summary show the
accuracy for questions and the perplexity for texts. --against adds against, difference and
difference_per_byte, and kl with --logprobs. If some rows cannot be scored, the exit code is 9.

nbx bulk export scores.jsonl -o scores.csv makes a table of these lines.
"""

RANK = """Rank candidates by how likely they follow a context.

\b
Examples:
  nbx rank --local -c "The capital of France is" " Paris" " London" " a"
  nbx rank --context "Q: Is water wet? A:" " Yes" " No" --json

nbx names the best candidate by three measures of log-likelihood: total, which favours short candidates; per
token, which depends on the tokenizer; per byte, which compares candidates of any length.

Put the space between context and candidate at the beginning of the candidate, where tokenizers expect it.
"""

SCORING = "Scoring"
SHARED_BY_BOTH = (
    text("context", "Text in front of the scored text; not scored itself.", "TEXT", SCORING, "-c"),
    text("context_file", "Use a whole file as the context; - is stdin.", "FILE", SCORING),
    switch("json", "Print one JSON object.", "Output"),
    text(
        "max_tokens",
        "Tokens to generate and discard. Default 1; use 0 if the server accepts it.",
        "0|1",
        SCORING,
    ),
)
AGAINST = (
    text("against", "Score with this model too, and show the differences.", "MODEL", SCORING),
    switch("against_local", "Compare with a small model on this machine.", SCORING),
    text("against_file", "Compare with this GGUF file on this machine.", "FILE", SCORING),
)
FIELDS = (BY_NAME["model"], BY_NAME["ai_project_id"])
ASKING = (
    *field_options(FIELDS),
    texts("param", "Set any other member of the request body; repeatable.", "KEY=JSON", "Request"),
    switch("local", "Use a small model on this machine; needs no key.", "Connection"),
    text("model_file", "Use this GGUF file on this machine (implies --local).", "FILE", "Connection"),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
    *LEDGER_OPTIONS,
)

_HERE = {"group": "Number of prompts per request. Default 16."}
ROW_FLAGS = (
    *(ROW_OPTIONS[name] for name in ("format", "encoding", "invalid", "on_bad_row", "shard")),
    text("output", "Write the scores of --jsonl to FILE; needed to resume a run.", "FILE", OUTPUT, "-o"),
    *(ROW_OPTIONS[name] for name in ("restart", "ordered", "summary", "estimate", "dry_run")),
    *field_options(field._replace(help=_HERE.get(field.name, field.help)) for field in LIMITS),
    *(ROW_OPTIONS[name] for name in ("max_cost", "price")),
)
WINDOWS = (
    text(
        "stride",
        "With --local: score longer texts in windows that each begin N tokens later.",
        "N",
        SCORING,
    ),
    text("window", "With --stride: tokens of a window. Default: the context of the model.", "N", SCORING),
)
EVERYDAY = (
    "--context",
    "--file",
    "--jsonl",
    "--output",
    "--tokens",
    "--json",
    "--model",
    "--against",
    "--max-cost",
    "--local",
)


def add_to(root: typer.Typer) -> None:
    """Add the two commands."""
    source = (
        argument("text", "Text to score. Default: all of stdin.", "TEXT"),
        texts("file", "Score a whole file; - is stdin.", "FILE", SCORING, "-f"),
        texts("jsonl", "Score each row of a file; - is stdin; repeatable.", "FILE", SCORING),
        switch("strip_final_newline", "Drop the final newline of stdin or the file.", SCORING, "-s"),
    )
    candidates = arguments("candidates", "A text that may follow the context.", "CANDIDATE...")
    tokens = switch("tokens", "Show the log probability of each token.", "Output")
    logprobs = text("logprobs", "With --against: compare the N most likely tokens.", "N", SCORING)
    own = (*source, *SHARED_BY_BOTH, *AGAINST, *WINDOWS, logprobs, tokens, *ROW_FLAGS, *ASKING)
    declare(
        *(root, "score", own, "score.run_score"),
        help=SCORE,
        everyday=EVERYDAY,
        fields=FIELDS,
        connection=REQUEST_SETTINGS,
        limits=LIMITS,
    )
    tokens = switch("tokens", "With --json: include the log probability of each token.", "Output")
    own = (candidates, *SHARED_BY_BOTH, *AGAINST, tokens, *ASKING)
    declare(root, "rank", own, "score.run_rank", help=RANK, fields=FIELDS, connection=REQUEST_SETTINGS)
