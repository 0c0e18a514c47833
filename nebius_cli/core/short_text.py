"""Formats counts, ages, durations and messages as short text for people."""

UNKNOWN = "-"
MINUTE_S = 60.0  # seconds
MAX_MESSAGE_CHARS = 400  # a longer server message is cut off
MAX_MESSAGE_INPUT_CHARS = 50 * MAX_MESSAGE_CHARS  # the rest of a server message is not even split into words


def compact(count: int | None) -> str:
    """Format a count in few characters: `999`, `1.2k`, `1.05M`."""
    if count is None:
        return UNKNOWN
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size * 0.9995:
            return f"{count / size:.3g}{unit}"
    return str(count)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: `1 model`, `2 models`. `plural` is needed unless it only adds an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message: libraries put tracebacks and advice below it."""
    return str(error).strip().partition("\n")[0]


def invalid_byte(error: UnicodeDecodeError) -> str:
    """Return the first byte that could not be decoded, and where it is: `byte 0xff at offset 3`."""
    return f"byte 0x{error.object[error.start]:02x} at offset {error.start}"


def age(seconds: float) -> str:
    """Format an age in its largest whole unit: `12 s`, `3 min`, `5 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def duration(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds: `1:02:03`, `2:03`, `3 s`."""
    rounded = round(seconds)
    if rounded < MINUTE_S:
        return f"{rounded} s"
    minutes, rest = divmod(rounded, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shorten(text: str, limit: int = MAX_MESSAGE_CHARS) -> str:
    """Return `text` on one line, cut to `limit` characters, at most MAX_MESSAGE_INPUT_CHARS."""
    line = " ".join(
        text[:MAX_MESSAGE_INPUT_CHARS].split()
    )  # splitting a long text makes an object for each word
    return line if len(line) <= limit else line[: limit - 1] + "…"
