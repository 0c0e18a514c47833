"""Makes external text safe to show: none of its characters can control a terminal."""

import re

# C0 except tab and newline, DEL, C1; then the bidirectional controls, which can make text look like other
# text (Unicode TR 36, section 2.5).
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def visible(text: str) -> str:
    """Replace every character that could control a terminal by a visible one."""
    return re.sub(_CONTROLS, _picture, text)


def visible_json(text: str) -> str:
    """Return equivalent JSON text in which characters that could control a terminal are escaped."""
    return re.sub(_CONTROLS, lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str) -> str:
    """Return `text` on one line and safe to show, with single spaces for its white space."""
    return visible(" ".join(text.split()))


def to_bytes(text: str) -> bytes:
    """Return UTF-8. Surrogate pairs from JSON escapes are joined; lone surrogates become U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # such as ␛, from Unicode's "Control Pictures"
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"
