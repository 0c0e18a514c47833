"""`nbx score` and `nbx rank`: their flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, arguments, field_options, switch, text, texts
from nebius_cli.commands.shared_options import (
    CONNECTION_OPTIONS,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    REQUEST_SETTINGS,
)
from nebius_cli.request.field_table import BY_NAME

SCORE = """Score a text: log-likelihood, perplexity and more.

\b
Examples:
  nbx score --local "The capital of France is Paris."
  nbx score --context "Q: 2+2? A:" " 4" --tokens
  nbx score --file chapter.txt --json
  nbx score --jsonl questions.jsonl > scores.jsonl
  nbx score --jsonl texts.jsonl -m MODEL --against OTHER --logprobs 20

Logarithms are natural. The context does not count, nor does the first token of all, which nothing predicts.

A line of --jsonl is "a text" or {"id": 1, "context": "Q:", "text": " A"}, or a multiple-choice question
{"id": 1, "context": "Q:", "choices": [" A", " B"], "gold": 0}.

A line of the answer is {id, log_likelihood, tokens, tokens_scored, bytes_scored, per_token, per_byte,
perplexity, bits_per_byte, tokens_floored, spanning_token}; with --tokens also token_logprobs, a list of
{token, logprob, offset}. Without a score it is {id, error: {what, why, exit_code}}, and nbx exits 9.

For a question it is {id, choices, winners, gold, acc, acc_norm}; stderr has the accuracy at the end. With
--against it also has against, difference, difference_per_byte, and kl with --logprobs.
"""

RANK = """Order candidates by how likely they are after a context.

\b
Examples:
  nbx rank --local -c "The capital of France is" " Paris" " London" " a"
  nbx rank --context "Q: Is water wet? A:" " Yes" " No" --json

A candidate may win by three measures of its log-likelihood: in total, which favours short candidates; per
token, which depends on how the model cuts them; per byte, which compares candidates of any length.

Models cut before a blank: let the context end without one, and each candidate begin with it.
"""

SCORING = "Scoring"
SHARED_BY_BOTH = (
    text("context", "Text in front, which is read and not counted.", "TEXT", SCORING, "-c"),
    text("context_file", "A file with the context, whole; - is stdin.", "FILE", SCORING),
    switch("json", "One JSON object.", "Output"),
    text(
        "max_tokens", "Tokens to generate and drop. Default 1; 0 where the server takes it.", "0|1", SCORING
    ),
)
FIELDS = (BY_NAME["model"], BY_NAME["ai_project_id"])
ASKING = (
    *field_options(FIELDS),
    texts("param", "Any other top-level member of the request. Repeatable.", "KEY=JSON", "Any field"),
    switch("local", "Use the embedded model on this machine: no key, no network.", "Connection"),
    text("model_file", "Use this GGUF file instead; means --local.", "FILE", "Connection"),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
    *LEDGER_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the two commands."""
    source = (
        argument("text", "The text, whole. Without one, or with -, it is stdin.", "TEXT"),
        text("file", "A file with the text, whole; - is stdin.", "FILE", SCORING, "-f"),
        text("jsonl", "A file of texts, one a line, as JSON; - is stdin.", "FILE", SCORING),
        switch("strip_final_newline", "Drop the newline at the end of stdin or of the file.", SCORING),
    )
    candidates = arguments("candidates", "What may follow the context.", "CANDIDATE...")
    tokens = switch("tokens", "The log probability of each token.", "Output")
    against = (
        text("against", "Score with this model too, and show the differences.", "MODEL", SCORING),
        text("logprobs", "With --against: compare the N most likely tokens.", "N", SCORING),
    )
    own = (*source, *SHARED_BY_BOTH, *against, tokens, *ASKING)
    declare(root, "score", own, "score.run_score", help=SCORE, fields=FIELDS, connection=REQUEST_SETTINGS)
    tokens = switch("tokens", "With --json: the log probability of each token.", "Output")
    own = (candidates, *SHARED_BY_BOTH, tokens, *ASKING)
    declare(root, "rank", own, "score.run_rank", help=RANK, fields=FIELDS, connection=REQUEST_SETTINGS)
