"""THE table of request fields, in the order of help, man page and README.

Names, defaults and meanings come from the API reference (POST /v1/completions, "Create completion").
Bounds are those the reference documents, or the obvious ones, such as 0 or more for a count. `prompt` is not
in the table: it has four forms and flags of its own (request/prompt.py).
"""

from nebius_cli.request.fields import Field, Kind

SAMPLING = "Sampling"
OUTPUT = "What comes back"
ROUTING = "Model and routing"

FIELDS = (
    Field("model", Kind.TEXT, "ID of the model to use.", ROUTING, "MODEL", short="-m"),
    Field(
        "max_tokens",
        Kind.INTEGER,
        "Maximum number of tokens to generate for each choice.",
        SAMPLING,
        "N",
        low=0,
    ),
    Field(
        "temperature",
        Kind.NUMBER,
        "Sampling temperature; low is focused, 0 is greedy. Server default 1.",
        SAMPLING,
        "T",
        low=0,
        high=2,
    ),
    Field(
        "top_p",
        Kind.NUMBER,
        "Nucleus sampling: only the tokens that make up this probability mass. Server default 1.",
        SAMPLING,
        "P",
        low=0,
        high=1,
    ),
    Field("n", Kind.INTEGER, "Completions for each prompt. Server default 1.", SAMPLING, "N", "-n", low=1),
    Field(
        "stop",
        Kind.TEXTS,
        "Sequence that ends the answer and is left out of it; repeat for up to 4. A newline is $'\\n'.",
        SAMPLING,
        "TEXT",
        warn_above=4,
    ),
    Field(
        "presence_penalty",
        Kind.NUMBER,
        "Push towards new topics (positive) or away from them. Server default 0.",
        SAMPLING,
        "X",
        low=-2,
        high=2,
    ),
    Field(
        "frequency_penalty",
        Kind.NUMBER,
        "Push against repeating the same tokens (positive) or towards it. Server default 0.",
        SAMPLING,
        "X",
        low=-2,
        high=2,
    ),
    Field(
        "logit_bias",
        Kind.BIASES,
        "Bias added to a token id; repeat the flag, or give a JSON object or @file.",
        SAMPLING,
        "TOKEN=BIAS",
        low=-100,
        high=100,
    ),
    Field(
        "logprobs",
        Kind.INTEGER,
        "Log probabilities of the N most likely tokens at each position; see --view and --json.",
        OUTPUT,
        "N",
        low=0,
        warn_above=5,
    ),
    Field("echo", Kind.BOOLEAN, "Echo back the prompt in front of the completion.", OUTPUT),
    Field("stream", Kind.BOOLEAN, "Stream tokens as they are made (default, except with --json).", OUTPUT),
    Field(
        "stream_options",
        Kind.OBJECT,
        "Options of a streamed answer; nbx asks for usage unless this is given. JSON object or @file.",
        OUTPUT,
        "JSON",
    ),
    Field("user", Kind.TEXT, "Identifier of your end user.", ROUTING, "ID"),
    Field(
        "service_tier",
        Kind.CHOICE,
        "Service tier of the request. Server default auto.",
        ROUTING,
        "TIER",
        choices=("auto", "default", "over-limit", "flex", "no-limit"),
    ),
    Field("ai_project_id", Kind.TEXT, "Project the request belongs to.", ROUTING, "ID", in_query=True),
    Field(
        "extra_body",
        Kind.OBJECT,
        "The API's own extra_body member, sent as it is. Use --param for an engine's parameters.",
        ROUTING,
        "JSON",
    ),
)

BY_NAME = {field.name: field for field in FIELDS}
