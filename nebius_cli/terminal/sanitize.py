"""Text from outside, made safe to show: shown, never obeyed."""

import re

# C0 but tab and newline, DEL, C1; then the bidirectional controls, which can make text read as another
# (Unicode TR 36, section 2.5).
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return `text` with every character that could drive a terminal replaced by a picture of it."""
    return _ACTIVE.sub(_picture, text)


def visible_json(text: str) -> str:
    """Return JSON text that says the same and holds no character that could drive a terminal."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str) -> str:
    """Return `text` on one line, safe to show."""
    return visible(" ".join(text.split()))


def to_bytes(text: str) -> bytes:
    """Return UTF-8. Surrogate pairs that JSON escapes left apart are joined, lone ones become U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ␛ and its kin, Unicode's "Control Pictures"
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"
