"""THE table of a bulk run's limits: how fast it may go and how much it may use."""

from nebius_cli.request.fields import Field, Kind

PACE = "Speed"
MONEY = "Money"

LIMITS = (
    Field(
        "concurrency",
        Kind.INTEGER,
        "Requests at once. Default: as many as the server takes.",
        PACE,
        "N",
        low=1,
        high=512,
    ),
    Field("rpm", Kind.INTEGER, "Requests per minute, at most.", PACE, "N", low=1),
    Field("tpm", Kind.INTEGER, "Tokens per minute, at most.", PACE, "N", low=1),
    Field("group", Kind.INTEGER, "Rows that share one request. Default 1.", PACE, "K", low=1, high=1000),
    Field("max_total_tokens", Kind.INTEGER, "Stop before more tokens than this are used.", MONEY, "N", low=1),
)
