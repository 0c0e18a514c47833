"""THE table of request fields, in the order of help, man page and README.

Names, defaults and meanings come from the API reference (POST /v1/completions, "Create completion").
Bounds are those in the reference, or obvious ones, such as 0 or more for a count. `prompt` is not
in the table: it has four forms and its own flags (request/read_prompt.py).
"""

from nebius_cli.request.parse_and_check_values import Field, Kind

SAMPLING = "Sampling"
REQUEST = "Request"

FIELDS = (
    Field("model", Kind.TEXT, "ID of the model, as listed by nbx models.", REQUEST, "MODEL", short="-m"),
    Field("max_tokens", Kind.INTEGER, "Maximum number of tokens per answer.", SAMPLING, "N", low=0),
    Field(
        "temperature", Kind.NUMBER, "Sampling temperature (server default 1).", SAMPLING, "T", low=0, high=2
    ),
    Field(
        "top_p",
        Kind.NUMBER,
        "Nucleus sampling: probability mass of the tokens to use (server default 1).",
        SAMPLING,
        "P",
        low=0,
        high=1,
    ),
    Field("n", Kind.INTEGER, "Number of answers per prompt (default 1).", SAMPLING, "N", "-n", low=1),
    Field(
        "stop",
        Kind.TEXTS,
        "Stop before TEXT; up to 4 times. Newline: $'\\n'.",
        SAMPLING,
        "TEXT",
        warn_above=4,
    ),
    Field(
        "presence_penalty",
        Kind.NUMBER,
        "Penalty for tokens that have already occurred (server default 0).",
        SAMPLING,
        "X",
        low=-2,
        high=2,
    ),
    Field(
        "frequency_penalty",
        Kind.NUMBER,
        "Penalty for tokens in proportion to how often they have occurred (server default 0).",
        SAMPLING,
        "X",
        low=-2,
        high=2,
    ),
    Field(
        "logit_bias",
        Kind.BIASES,
        "Bias to add to a token ID (repeatable; or a JSON object, or @file).",
        SAMPLING,
        "TOKEN=BIAS",
        low=-100,
        high=100,
    ),
    Field(
        "logprobs",
        Kind.INTEGER,
        "Return log probabilities of the N most likely tokens at each position; see --view and --json.",
        REQUEST,
        "N",
        low=0,
        warn_above=5,
    ),
    Field("echo", Kind.BOOLEAN, "Return the prompt before the answer.", REQUEST),
    Field(
        "stream", Kind.BOOLEAN, "Stream tokens as they are generated (default, except with --json).", REQUEST
    ),
    Field(
        "stream_options",
        Kind.OBJECT,
        "Options for a streamed answer, as a JSON object or @file. nbx asks for usage by default.",
        REQUEST,
        "JSON",
    ),
    Field("user", Kind.TEXT, "Identifier of your end user.", REQUEST, "ID"),
    Field(
        "service_tier",
        Kind.CHOICE,
        "Service tier of the request (server default auto).",
        REQUEST,
        "TIER",
        choices=("auto", "default", "over-limit", "flex", "no-limit"),
    ),
    Field("ai_project_id", Kind.TEXT, "Project that the request belongs to.", REQUEST, "ID", in_query=True),
    Field(
        "extra_body",
        Kind.OBJECT,
        "The extra_body member of the request, sent unchanged. For engine parameters, use --param.",
        REQUEST,
        "JSON",
    ),
)

BY_NAME = {field.name: field for field in FIELDS}
