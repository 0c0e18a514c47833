"""Holds a secret value, such as the API key, so that it is not shown by accident."""

from typing import NoReturn

MIN_CHARS_FOR_TAIL = 16  # of a shorter key, four characters would reveal too much
TAIL_CHARS = 4


class Secret:
    """A key whose repr and format are `***`, and that cannot be pickled or copied.

    `reveal` is the only way to read it, so a search for that word finds every use.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key."""
        return self._value

    @property
    def tail(self) -> str:
        """`***` and the last characters of a long key, so that users can tell two keys apart."""
        return "***" + (self._value[-TAIL_CHARS:] if len(self._value) >= MIN_CHARS_FOR_TAIL else "")

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # compares in constant time

        mine, theirs = (secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    # Not hashable: equal keys have equal hashes, and a printed hash would reveal something about the key.
    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")
