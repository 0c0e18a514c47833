"""THE table of the limits of a bulk run: speed and money."""

from nebius_cli.request.fields import Field, Kind

SPEED = "Speed"
MONEY = "Money"

LIMITS = (
    Field(
        "concurrency",
        Kind.INTEGER,
        "Requests at once. Default: as many as the server takes.",
        SPEED,
        "N",
        low=1,
        high=512,
    ),
    Field("rpm", Kind.INTEGER, "Requests per minute, at most.", SPEED, "N", low=1),
    Field("tpm", Kind.INTEGER, "Tokens per minute, at most.", SPEED, "N", low=1),
    Field("group", Kind.INTEGER, "Rows that share one request. Default 1.", SPEED, "K", low=1, high=1000),
    Field(
        "max_total_tokens",
        Kind.INTEGER,
        "Stop before more tokens than this are used.",
        MONEY,
        "N",
        low=1,
    ),
)
