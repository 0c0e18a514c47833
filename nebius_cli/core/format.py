"""Numbers, ages, durations and messages as short text for people."""

UNKNOWN = "-"


def compact(count: int | None) -> str:
    """Return a count in few characters, for a table that is read by a person."""
    if count is None:
        return UNKNOWN
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size * 0.9995:
            return f"{count / size:.3g}{unit}"
    return str(count)


def age(seconds: float) -> str:
    """Return an age in words."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


MINUTE = 60.0


def duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds: `1:02:03`, `2:03`, `3 s`."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


MAX_MESSAGE = 400  # characters of a server's message that are shown


MOST_READ = 50 * MAX_MESSAGE  # characters of one that are looked at


def shorten(text: str) -> str:
    """Return `text` on one line, cut to what a message can hold."""
    line = " ".join(text[:MOST_READ].split())  # each word of a long text would be an object
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"
