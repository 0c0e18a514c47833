"""A value that must not be seen."""

from typing import NoReturn

MIN_CHARS_FOR_TAIL = 16  # characters; of a shorter key, four would be too many to show
TAIL_CHARS = 4


class Secret:
    """Holds a key; every accidental way to look at it shows `***` or raises TypeError.

    `reveal` is the only way out, so a search for that word finds every use.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    @property
    def tail(self) -> str:
        """What may be shown of it, so that two keys can be told apart: the end of a long one."""
        return "***" + (self._value[-TAIL_CHARS:] if len(self._value) >= MIN_CHARS_FOR_TAIL else "")

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # takes the same time whatever the difference

        mine, theirs = (secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    # A hash is the same for the same key: what is made from one, and printed, says something about it.
    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")
