"""Defines the flags that several commands share, some of which are settings."""

from nebius_cli.bulk.speed_and_cost_flags import COST_FLAGS
from nebius_cli.commands.typer_parameters import field_options, negatable, switch, text, texts
from nebius_cli.config.settings_table import BY_NAME, SETTINGS, Setting
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import Field


def _with_default(setting: Setting) -> Field:
    """Return the field of a setting; its help ends with the default, if there is one."""
    default = f" Default {setting.default}." if setting.default else ""
    return setting.field._replace(help=setting.field.help + default)


CONNECTION = tuple(_with_default(s) for s in SETTINGS if s.field.panel == "Connection")
# The settings that are flags of commands that send requests.
REQUEST_SETTINGS = (*CONNECTION, BY_NAME["ledger"].field)

# Flags of every command.
SHARED = (
    switch("quiet", "Print nothing on stderr but errors.", "Messages", "-q"),
    switch("verbose", "Show the address, size and status of each request on stderr.", "Messages", "-v"),
    switch("debug", "Like --verbose, plus a traceback if nbx has a bug.", "Messages"),
    text("color", "When to use colour. Default auto.", "auto|always|never", "Messages"),
    text("profile", "Use a named set of settings; see nbx profile.", "PROFILE", "Connection"),
)

FIELD_OPTIONS = field_options(FIELDS)
CONNECTION_OPTIONS = field_options(CONNECTION)
KEY_OPTIONS = (
    text("api_key_file", "Read the API key from a file; - is stdin.", "FILE", "Connection"),
    text("api_key", "The API key itself; visible in ps and in the shell history.", "KEY", "Connection"),
)

# Flags of the commands that build requests.
ANY_FIELD_OPTIONS = (
    texts(
        "param",
        "Set any other member of the request body, such as top_k=40; repeatable.",
        "KEY=JSON",
        "Request",
    ),
    texts("unset", "Do not send a field that the configuration sets; repeatable.", "FIELD", "Request"),
    negatable(
        "validate",
        "--validate/--no-validate",
        "Check values against their documented bounds (default), or not.",
        "Request",
    ),
)

LOCAL_OPTIONS = (
    switch("local", "Run a small model on this machine; needs no key.", "Connection"),
    text("model_file", "Run this GGUF file on this machine (implies --local).", "FILE", "Connection"),
)

LEDGER_OPTIONS = (
    negatable(
        "ledger", "--ledger/--no-ledger", "Record this run in the usage ledger (default), or not.", "Ledger"
    ),
    switch("over_budget", "Send the request even if a budget is used up.", "Ledger"),
)

# Flags of the commands that send the rows of a file, by name.
INPUT, OUTPUT = "Input", "Output"
ROW_OPTIONS = {
    option.name: option
    for option in (
        text(
            "format",
            "Format of the input. Default: by file suffix; jsonl for stdin.",
            "jsonl|csv|tsv|text|parquet",
            INPUT,
        ),
        text("encoding", "Encoding of the input. Default utf-8.", "NAME", INPUT),
        text(
            "invalid",
            "What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).",
            "strict|replace",
            INPUT,
        ),
        text(
            "on_bad_row",
            "If a row is invalid, send nothing at all (fail, the default) or leave it out (skip).",
            "fail|skip",
            INPUT,
        ),
        text(
            "shard",
            "Send only every N-th row, starting with the I-th; limits and caps are divided by N.",
            "I/N",
            INPUT,
        ),
        switch("restart", "Start over; the existing output is kept as FILE.old.", OUTPUT),
        switch("ordered", "Write the answers in input order.", OUTPUT),
        text("summary", "Write a summary of the run to FILE, as JSON; - is stdout.", "FILE", OUTPUT),
        switch("estimate", "Print rows, tokens, cost and time; send nothing.", OUTPUT),
        switch("dry_run", "Print the first request body and send nothing.", OUTPUT),
        *field_options(COST_FLAGS),
    )
}
