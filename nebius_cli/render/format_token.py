"""Formats tokens and probabilities as text for people and for programs."""


def percent(likely: float) -> str:
    """Return a probability in percent, with at most three digits; only exact values are shown as 0 or 100."""
    if 0 < likely < 0.001:
        return "<0.1%"
    if 0 < likely < 0.1:
        return f"{likely * 100:.1f}%"
    return ">99%" if 0.995 <= likely < 1 else f"{likely * 100:.0f}%"


def shown(text: str, raw: bytes | None) -> str:
    r"""Return a token with visible spaces and newlines: in quotes, with `\n` for a newline.

    Bytes that are only part of a character are shown as `\xe2\x80`.
    """
    return f'"{escaped(text, raw).replace(chr(34), chr(92) + chr(34))}"'


def escaped(text: str, raw: bytes | None) -> str:
    r"""Return a token on one line, reversibly: `\\`, `\t`, `\n`, `\r` stand for those characters.

    A byte that is not a character by itself is shown as `\xe2`.
    """
    for plain, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escape)
        raw = raw and raw.replace(plain.encode(), escape.encode())
    return text if raw is None else raw.decode("utf-8", "backslashreplace")
