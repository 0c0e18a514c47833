"""The flags that several commands have in common, and the settings among them."""

from nebius_cli.commands.parameters import field_options, negatable, switch, text, texts
from nebius_cli.config.settings import BY_NAME, SETTINGS
from nebius_cli.request.field_table import FIELDS

CONNECTION = tuple(s.field for s in SETTINGS if s.field.panel == "Connection")
# The settings among the flags of commands that make requests.
REQUEST_SETTINGS = (*CONNECTION, BY_NAME["ledger"].field)

# Flags of every command.
SHARED = (
    switch("quiet", "Nothing on stderr but errors.", "Messages", "-q"),
    switch("verbose", "Show what goes over the wire.", "Messages", "-v"),
    switch("debug", "Like --verbose, with a traceback for a bug.", "Messages"),
    text("color", "When to use colour. Default auto.", "auto|always|never", "Messages"),
    text("profile", "Profile of the config file to use.", "NAME", "Connection"),
)

FIELD_OPTIONS = field_options(FIELDS)
CONNECTION_OPTIONS = field_options(CONNECTION)
KEY_OPTIONS = (
    text("api_key_file", "Read the API key from a file; - is stdin.", "FILE", "Connection"),
    text("api_key", "The API key itself, which ps and the shell's history show.", "KEY", "Connection"),
)

# Flags of the commands that build requests.
ANY_FIELD_OPTIONS = (
    texts(
        "param", "Any other top-level member, for the engine: top_k=40. Repeatable.", "KEY=JSON", "Any field"
    ),
    texts("unset", "Leave out a field that the configuration sets.", "FIELD", "Any field"),
    negatable(
        "validate", "--validate/--no-validate", "Check values against their documented bounds.", "Any field"
    ),
)

LEDGER_OPTIONS = (
    negatable(
        "ledger", "--ledger/--no-ledger", "Keep this run in the usage ledger (default), or not.", "Ledger"
    ),
    switch("over_budget", "Continue even if a budget is spent.", "Ledger"),
)
